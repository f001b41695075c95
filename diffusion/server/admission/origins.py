"""Where requests come from: which hosts and web pages may use the server, and who needs a key.

A web page that is open in a browser can send requests to this machine, and its owner can let a name
of theirs point here (DNS rebinding). The headers Origin and Host tell. Pages of other sites may use
the server by setting (CORS): browsers ask before they send (a preflight), and show a page only
answers that name its origin.
"""

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from aiohttp import hdrs, web

ANY = "*"
METHODS = "GET, POST"

PREFLIGHT_LIFETIME_S = 600
"""How long a browser may remember the answer to a preflight."""

EXPOSED = "Retry-After"
"""The headers of answers that pages may read, beside those that they always may."""

_ORIGIN = re.compile(r"https?://[\w.-]+(:\d{1,5})?|https?://\[[0-9a-fA-F:.]+\](:\d{1,5})?")
_HEADERS = re.compile(r"[\w!#$%&'*+.^`|~, -]{0,1000}", re.ASCII)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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


class WrongOrigins(Exception):
    """DARKROOM_CORS_ORIGINS cannot be used; the message says what to do."""


def read_origins(setting: str, api_key: str | None, open_to_all: bool) -> frozenset[str]:
    """The origins in a setting such as `https://a.example, http://localhost:3000`, or `*`.

    `open_to_all` is whether the operator wants everybody to draw. Raises WrongOrigins.
    """
    origins = frozenset(filter(None, map(str.strip, setting.split(","))))
    for origin in sorted(origins - {ANY}):
        if not _ORIGIN.fullmatch(origin):
            raise WrongOrigins(
                f"DARKROOM_CORS_ORIGINS: “{origin}” must look like https://a.example or "
                "http://localhost:3000, with nothing after it."
            )
    if ANY in origins and not (api_key or open_to_all):
        raise WrongOrigins(
            "With DARKROOM_CORS_ORIGINS=* every page that is open in a browser here could draw: "
            "set INFERENCE_API_KEY, or say --no-key if that is what you want."
        )
    return frozenset(origin.lower() for origin in origins)


class Cors:
    """The pages that may use the server."""

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = frozenset(origins)

    def allows(self, origin: str | None) -> bool:
        """Whether an Origin header names a page that may use the server."""
        return origin is not None and (ANY in self._origins or origin in self._origins)

    @web.middleware
    async def preflight(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a browser that asks before it sends; it sends no key with that."""
        wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD)
        if (
            request.method != "OPTIONS"
            or not wanted
            or not self.allows(request.headers.get("Origin"))
        ):
            return await handler(request)
        named = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
        headers = {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
            # Named one by one: “*” would leave out Authorization.
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: named if _HEADERS.fullmatch(named) else "",
            hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_LIFETIME_S),
        }
        return web.Response(status=204, headers=headers)

    async def add_headers(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Let the page read the answer, refusals too. Called before each answer is sent."""
        if not self._origins:
            return
        answer.headers[hdrs.VARY] = hdrs.ORIGIN
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and self.allows(origin):
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            answer.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED
