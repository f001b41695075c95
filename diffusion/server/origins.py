"""Where requests come from: which hosts and pages may ask, and who may be let in without a key.

A web page that somebody has open can send requests to this machine, and a name of its own can
point here. Both show in Origin and Host. Pure, but for looking a name up.
"""

import ipaddress
import socket
from urllib.parse import urlsplit


class OpenToAll(Exception):
    """Anybody could use the server; the message says what to do."""


def check_open(host: str, api_key: str | None, open_to_all: bool) -> None:
    """Refuse to listen beyond this machine without a key. Raises OpenToAll.

    `open_to_all` is whether the operator wants just that.
    """
    if api_key or open_to_all or is_loopback(host):
        return
    raise OpenToAll(
        f"On {host or 'every address'} anybody who reaches this machine could draw: set "
        "INFERENCE_API_KEY, or say --no-key if that is what you want."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there; a name that is none counts so."""
    if not host:
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def is_known_host(header: str | None, listening: str) -> bool:
    """Whether a Host header names this server by its address, as localhost or as it was told to
    listen. Any other name may be one that somebody else has pointed here."""
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
    """Whether an Origin header is absent, as in all that is no web page, or names this server."""
    return origin is None or origin in (f"http://{host}", f"https://{host}")
