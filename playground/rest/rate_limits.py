"""Discord's rate limits: a bucket per route and major parameter, and a global one.

Windows are fixed and start with their first request, as Discord's do. The clock is passed in, so
that tests need not wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, time

from playground.state.limits import Limits

EXEMPT_ROUTE = "POST /interactions/{interaction_id}/{interaction_token}/callback"
MAJOR_PARAMETERS = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and the headers about its bucket."""

    passes: bool
    bucket: str
    limit: int
    remaining: int
    reset_after: float
    is_global: bool = False

    def headers(self) -> dict[str, str]:
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{time() + self.reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{self.reset_after:.3f}",
            "X-RateLimit-Bucket": self.bucket,
        }
        if self.passes:
            return headers
        # discord.py takes a 429 without Via for a ban by the proxy in front, and gives up.
        refusal = {"Via": "1.1 playground", "Retry-After": f"{self.reset_after:.3f}"}
        if self.is_global:
            return {**refusal, "X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
        return {**headers, **refusal, "X-RateLimit-Scope": "user"}


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


class RateLimits:
    """Counts requests. `clock` gives seconds that only grow."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, route: str, parameters: dict[str, str]) -> Verdict | None:
        """Count one request; None for the route that has no limit."""
        if route == EXEMPT_ROUTE:
            return None
        everything = self._count("global", self._limits.global_per_second, 1.0)
        if not everything.passes:
            return everything
        rule = self._limits.buckets.get(route, self._limits.default_bucket)
        major = ":".join(parameters[name] for name in MAJOR_PARAMETERS if name in parameters)
        return self._count(f"{route}:{major}", rule.requests, rule.window)

    def _count(self, key: str, most: int, seconds: float) -> Verdict:
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            self._forget(now)
            window = self._windows[key] = _Window(now + seconds)
        passes = window.used < most
        window.used += passes
        return Verdict(
            passes=passes,
            # The same route has the same bucket whatever its major parameter.
            bucket=hashlib.md5(key.rsplit(":", 1)[0].encode()).hexdigest(),
            limit=most,
            remaining=most - window.used,
            reset_after=window.ends - now,
            is_global=key == "global",
        )

    def _forget(self, now: float) -> None:
        for key in [key for key, window in self._windows.items() if window.ends <= now]:
            del self._windows[key]
