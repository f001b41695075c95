"""Links to finished pictures: signed, good for an hour, and served from memory.

    /v1/images/files/NAME.png?expires=1796000000&signature=…

Whoever has a link may fetch its picture without the API key, as an `<img>` does. The memory is
bounded. When it is full, the oldest picture of the address that holds the most bytes goes first.
"""

import hashlib
import hmac
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from diffusion.engine.shares import Caller
from diffusion.server.admission.refusals import refusal

LINK_LIFETIME_S = 3600
"""How long a link is good for; OpenAI's are too."""

MAX_KEPT_BYTES = 1 << 28
"""Bytes of all pictures that are kept; sixteen of 2048² stay below."""

MAX_KEPT_PICTURES = 4096

FILES_PATH = "/v1/images/files/"


@dataclass(frozen=True, slots=True)
class _Kept:
    file: bytes
    form: str
    caller: Caller
    expires: int


class PictureLinks:
    """The pictures of one process that have links.

    `now` gives the time in seconds since 1970. Links are signed with `secret`, by default one that
    nobody else has; who has it too can tell which links are good.
    """

    def __init__(
        self,
        most_bytes: int = MAX_KEPT_BYTES,
        now: Callable[[], float] = time.time,
        secret: bytes | None = None,
    ) -> None:
        self._most_bytes = most_bytes
        self._now = now
        self._secret = secrets.token_bytes(32) if secret is None else secret
        # In the order in which they were made, which is that in which they expire.
        self._kept: dict[str, _Kept] = {}
        self._held: Counter[Caller] = Counter()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held.total()

    def keep(self, address: str | None, file: bytes, form: str) -> str:
        """Keep a picture in the format `form`; returns its link's path and query.

        `address` is the IP address of whom it is for.
        """
        name = f"{secrets.token_urlsafe(16)}.{form}"
        kept = _Kept(file, form, Caller.at(address), int(self._now()) + LINK_LIFETIME_S)
        self._kept[name] = kept
        self._held[kept.caller] += len(file)
        self._make_room(name)
        signature = self._signature(name, kept.expires)
        return f"{FILES_PATH}{name}?expires={kept.expires}&signature={signature}"

    def is_signed(self, http: web.Request) -> bool:
        """Whether a request is for a picture, with a signature of ours that is still good."""
        if not http.path.startswith(FILES_PATH) or http.method not in ("GET", "HEAD"):
            return False
        expires, given = http.query.get("expires", ""), http.query.get("signature", "")
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 12):
            return False
        wanted = self._signature(http.path.removeprefix(FILES_PATH), int(expires))
        known = hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
        return known and int(expires) > self._now()

    async def serve(self, http: web.Request) -> web.Response:
        """Answer with the picture, or say that it is gone."""
        if not self.is_signed(http):
            return bad_link()
        self._drop_expired()
        kept = self._kept.get(http.match_info["name"])
        if kept is None:
            reason = "This picture is gone: newer ones needed its place. Draw it again."
            return refusal(404, reason, code="picture_gone")
        rest = max(0, kept.expires - int(self._now()))
        headers = {
            "Cache-Control": f"private, max-age={rest}",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=kept.file, content_type=f"image/{kept.form}", headers=headers)

    def _signature(self, name: str, expires: int) -> str:
        return hmac.new(self._secret, f"{name}?{expires}".encode(), hashlib.sha256).hexdigest()

    def _drop_expired(self) -> None:
        now = self._now()
        while self._kept and next(iter(self._kept.values())).expires <= now:
            self._drop(next(iter(self._kept)))

    def _make_room(self, newest: str) -> None:
        """Drop pictures until the rest is within the bounds; the newest one stays."""
        self._drop_expired()
        while len(self._kept) > MAX_KEPT_PICTURES or self.held > self._most_bytes:
            others = {name: one.caller for name, one in self._kept.items() if name != newest}
            if not others:
                return
            most = max(others.values(), key=self._held.__getitem__)
            self._drop(next(name for name, caller in others.items() if caller == most))

    def _drop(self, name: str) -> None:
        kept = self._kept.pop(name)
        self._held[kept.caller] -= len(kept.file)
        if not self._held[kept.caller]:
            del self._held[kept.caller]


def bad_link() -> web.Response:
    return refusal(403, "This link is wrong, or its hour is over.", code="bad_link")


def link_base(http: web.Request) -> str:
    """The server's address as the caller knows it: `https` too if a proxy before it says so."""
    forwarded = http.headers.get("X-Forwarded-Proto", "")
    return f"{'https' if forwarded == 'https' else http.scheme}://{http.host}"
