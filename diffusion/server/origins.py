"""Where requests come from: which hosts and web pages may use the server, and who needs a key.

A web page that is open in a browser can send requests to this machine, and its owner can let a name
of theirs point here (DNS rebinding). The headers Origin and Host tell.
"""

import ipaddress
import socket
from urllib.parse import urlsplit


class OpenToAll(Exception):
    """Anybody who reaches the server could use it; the message says what to do."""


def check_open(host: str, api_key: str | None, open_to_all: bool) -> None:
    """Raises OpenToAll for an address that other machines reach, if there is no API key.

    `open_to_all` is whether the operator wants that.
    """
    if api_key or open_to_all or is_loopback(host):
        return
    raise OpenToAll(
        f"On {host or 'every address'} anybody who reaches this machine could draw: set "
        "INFERENCE_API_KEY, or say --no-key if that is what you want."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`; also true of names that cannot be looked up."""
    if not host:
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def is_known_host(header: str | None, listening: str) -> bool:
    """Whether a Host header has an address, localhost, or the host that the server listens on.

    Any other name may be one that somebody else lets point here.
    """
    if header is None:
        return True  # no browser leaves it out
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    if name in ("localhost", listening.lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_page(origin: str | None, host: str | None) -> bool:
    """Whether an Origin header names this server, or is absent, as it is without a web page."""
    return origin is None or origin in (f"http://{host}", f"https://{host}")
