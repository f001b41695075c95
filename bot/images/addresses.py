"""Which hosts of links are addresses, and which addresses belong to the public internet.

Said by tables of our own, after IANA's registries for special purposes: what Python, aiohttp or
the system's resolver make of odd spellings differs from version to version.
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
            "100.64.0.0/10",  # providers' own
            "127.0.0.0/8",
            "168.63.129.16/32",  # what Azure's machines ask about themselves
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # once the way to 6to4
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
"""All that is given out to the public. Outside lie `::a.b.c.d`, SIIT, `64:ff9b:1::/48`, `fc00::/7`,
`fe80::/10`, `fec0::/10`, multicast and what is for nobody."""

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


def is_address(host: str) -> bool:
    """Whether a host is an IP address, in any spelling that something may take for one.

    A host is one if it has a colon, or if its last part is a number (as browsers decide, WHATWG's
    “ends in a number”): `127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1`, with full-width digits or
    dots at the end too. No name ends so.
    """
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".")
    last = plain.rpartition(".")[2]
    return ":" in plain or re.fullmatch(r"\d+|0[xX][0-9a-fA-F]*", last) is not None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and to nothing within another.

    Only the plain spelling is read: four decimal numbers, or IPv6 as RFC 4291 writes it.
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
