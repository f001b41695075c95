"""Which HTTP proxy a connection goes through. Pure.

HTTPS_PROXY, HTTP_PROXY and NO_PROXY mean what they mean elsewhere. DISCORD_PROXY is for Discord
alone, and counts more there. Nothing on this machine is asked through a proxy.
"""

import ipaddress
from dataclasses import dataclass, field

from yarl import URL

DISCORD_DOMAINS = ("discord.com", "discord.gg", "discord.media", "discordapp.com", "discordapp.net")
"""The domains of Discord's API, its gateways and its files."""

SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies that are set. Their addresses may hold a login: never show them.

    `exceptions` is NO_PROXY: names, domains and networks with commas between them, or `*`.
    `discord_url` is the address of a stand-in for Discord.
    """

    https: str | None = field(default=None, repr=False)
    http: str | None = field(default=None, repr=False)
    discord: str | None = field(default=None, repr=False)
    exceptions: str = ""
    discord_url: str | None = None

    def of(self, address: str | URL) -> str | None:
        """The proxy for a connection to an address; None to connect directly."""
        try:
            url = URL(address)
        except ValueError:
            return None  # asking there fails, and says why
        host = url.host or ""
        if is_loopback(host):
            return None
        if self.discord and self._is_discord(host):
            return self.discord
        if any(_covers(entry, host, url.port) for entry in self.exceptions.lower().split(",")):
            return None
        return self.https if url.scheme in ("https", "wss") else self.http

    def of_discord(self) -> str | None:
        """The proxy for Discord's API and its gateway, or for what stands in for them."""
        return self.of(self.discord_url or "https://discord.com")

    def _is_discord(self, host: str) -> bool:
        stand_in = URL(self.discord_url).host if self.discord_url else None
        domains = (*DISCORD_DOMAINS, *((stand_in,) if stand_in else ()))
        return any(host == domain or host.endswith(f".{domain}") for domain in domains)


DIRECT = Proxies()
"""No proxies at all."""


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this machine itself."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _covers(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY holds for a host: `*`, a name, its domain, a network."""
    entry = entry.strip().removeprefix("*.").lstrip(".")
    if not entry or entry == "*":
        return entry == "*"
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    return any(
        name == entry or name.endswith(f".{entry}") for name in (host.lower(), f"{host}:{port}")
    )


def read_proxy(typed: str) -> str:
    """The address of a proxy as it was typed, with `http://` where it names no scheme.

    Raises ValueError. What was typed is not repeated in it: it may hold a password.
    """
    address = typed.strip() if "://" in typed else f"http://{typed.strip()}"
    try:
        url = URL(address)
    except ValueError:
        url = URL()
    if url.scheme not in SCHEMES or not url.host:
        raise ValueError(
            "the address of a proxy must look like http://10.0.0.2:3128; other kinds, such as "
            "socks5, are not known"
        )
    return address
