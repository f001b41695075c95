"""Tells which hosts of links are IP addresses, and which addresses are public.

The tables follow IANA's special-purpose registries. They are our own because Python, aiohttp and
the system's resolver read unusual spellings differently from version to version.
"""

import ipaddress
import re
import unicodedata

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NOT_PUBLIC_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's platform service for its machines
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays, deprecated
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)

GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""All of global unicast. Outside are `::a.b.c.d`, SIIT, `64:ff9b:1::/48`, `fc00::/7`, `fe80::/10`,
`fec0::/10`, multicast and unassigned blocks."""

NOT_PUBLIC_IPV6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols, among them Teredo and ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4: within is an IPv4 address, beyond a relay that anybody may be
            "3ffe::/16",  # the former 6bone
            "3fff::/20",
        ),
    )
)

WITH_IPV4_WITHIN = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""Other ways to write an IPv4 address that lead to it: the mapped ones, and NAT64's."""


INTERNAL_DOMAINS = (
    *(".localhost", ".local", ".localdomain", ".internal", ".intranet", ".private"),
    *(".corp", ".home", ".lan", ".home.arpa"),
)
"""Domains for private networks: reserved by RFC 6761, 6762 and 8375 and by ICANN, or in use so."""


def is_address(host: str) -> bool:
    """Whether a host is an IP address, in any spelling that some software reads as one.

    It is one if it has a colon, or if its last part is a number (WHATWG's “ends in a number”):
    `127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1`, also with full-width digits or trailing dots. No
    host name ends like that.
    """
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".")
    last = plain.rpartition(".")[2]
    return ":" in plain or re.fullmatch(r"\d+|0[xX][0-9a-fA-F]*", last) is not None


def is_internal_name(host: str) -> bool:
    """Whether a name can only be of a host in a private network: a name of one part, or one under
    a domain that the internet does not have.
    """
    name = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".").lower()
    return not is_address(host) and ("." not in name or name.endswith(INTERNAL_DOMAINS))


def is_public(address: str) -> bool:
    """Whether an IP address is public; false for text that is no address.

    Reads only the standard spelling: four decimal numbers, or IPv6 as in RFC 4291. An IPv4 address
    inside an IPv6 address is checked as IPv4.
    """
    try:
        ip: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and _is_in(ip, WITH_IPV4_WITHIN):
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in GLOBAL_IPV6 and not _is_in(ip, NOT_PUBLIC_IPV6) and ip.is_global
    return not _is_in(ip, NOT_PUBLIC_IPV4) and ip.is_global


def _is_in(
    ip: _Address,
    networks: tuple[ipaddress.IPv4Network, ...] | tuple[ipaddress.IPv6Network, ...],
) -> bool:
    return any(ip in network for network in networks)
