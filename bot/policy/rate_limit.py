"""How often a member may press, type or react: each costs database work, answers and edits."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bot.errors import TooFast

BURST = 15
"""Acts that a member has at once."""

PER_SECOND = 2.0
"""Acts that come back each second, up to a burst."""

MOST_MEMBERS = 10_000
"""Members that are remembered at most; whoever acted longest ago is forgotten first."""


class RateLimiter:
    """A token bucket for each member. Remembers only those whose bucket is not full again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()
        """Tokens and when they were counted, by member; who acted last is last."""

    def __len__(self) -> int:
        return len(self._buckets)

    def count(self, member_id: int) -> None:
        """Count one act of a member. Raises TooFast, which costs nothing, where it is one too many.

        Called before anything is spent on the act.
        """
        now = self._clock()
        self._forget_full(now)
        tokens, since = self._buckets.get(member_id, (float(BURST), now))
        tokens = min(BURST, tokens + (now - since) * PER_SECOND)
        if tokens < 1:
            raise TooFast(math.ceil((1 - tokens) / PER_SECOND))
        self._buckets[member_id] = tokens - 1, now
        self._buckets.move_to_end(member_id)
        if len(self._buckets) > MOST_MEMBERS:
            self._buckets.popitem(last=False)

    def _forget_full(self, now: float) -> None:
        while self._buckets:
            _, since = next(iter(self._buckets.values()))
            if now - since < BURST / PER_SECOND:
                return
            self._buckets.popitem(last=False)
