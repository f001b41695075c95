"""How often a member may press, type or react: each costs database work, answers and edits."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bot.errors import TooFast

BURST_ACTIONS = 15
"""Acts that a member has at once."""

ACTIONS_PER_S = 2.0
"""Acts that come back each second, up to a burst."""

MAX_MEMBERS = 10_000
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
        tokens, since = self._buckets.get(member_id, (float(BURST_ACTIONS), now))
        tokens = min(BURST_ACTIONS, tokens + (now - since) * ACTIONS_PER_S)
        if tokens < 1:
            raise TooFast(math.ceil((1 - tokens) / ACTIONS_PER_S))
        self._buckets[member_id] = tokens - 1, now
        self._buckets.move_to_end(member_id)
        if len(self._buckets) > MAX_MEMBERS:
            self._buckets.popitem(last=False)

    def _forget_full(self, now: float) -> None:
        while self._buckets:
            _, since = next(iter(self._buckets.values()))
            if now - since < BURST_ACTIONS / ACTIONS_PER_S:
                return
            self._buckets.popitem(last=False)
