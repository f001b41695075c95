"""Limits how often a member may press, type or react: each costs queries and calls to Discord."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bot.errors import TooFast

BURST_ACTIONS = 15
"""Actions that a member may do at once."""

ACTIONS_PER_S = 2.0
"""Actions that a member gets back each second, up to BURST_ACTIONS."""

AUTOCOMPLETE_COST = 0.2
"""What suggestions for one key count as a share of an action. Nobody types so fast that they use up
more than they get back, but a modified client asks as often as it likes."""

MAX_MEMBERS = 10_000
"""The most members that are remembered; the least recent is forgotten first."""


class RateLimiter:
    """A token bucket for each member; full buckets are not kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()
        """Tokens and the time of the last action, by member; the most recent member is last."""

    def __len__(self) -> int:
        return len(self._buckets)

    def count(self, member_id: int, cost: float = 1.0) -> None:
        """Count one action of a member, or a share of one. Raises TooFast if they have none left.

        Call it before any work is done for the action.
        """
        now = self._clock()
        self._forget_full(now)
        tokens, since = self._buckets.get(member_id, (float(BURST_ACTIONS), now))
        tokens = min(BURST_ACTIONS, tokens + (now - since) * ACTIONS_PER_S)
        if tokens < cost:
            raise TooFast(math.ceil((cost - tokens) / ACTIONS_PER_S))
        self._buckets[member_id] = tokens - cost, now
        self._buckets.move_to_end(member_id)
        if len(self._buckets) > MAX_MEMBERS:
            self._buckets.popitem(last=False)

    def _forget_full(self, now: float) -> None:
        while self._buckets:
            _, since = next(iter(self._buckets.values()))
            if now - since < BURST_ACTIONS / ACTIONS_PER_S:
                return
            self._buckets.popitem(last=False)
