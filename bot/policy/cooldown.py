"""How long a member waits before they may have something costly once more."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_MEMBERS = 10_000
"""The most members that are remembered; the one who waits longest is forgotten first."""


class Cooldown:
    """Counts once for each member within `interval_s` seconds. Forgotten by a restart."""

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._since: OrderedDict[int, float] = OrderedDict()

    def start(self, member_id: int) -> int:
        """Begin a member's wait and return 0; or the minutes left of one that has begun."""
        now = self._clock()
        while self._since and now - next(iter(self._since.values())) >= self._interval_s:
            self._since.popitem(last=False)
        if member_id in self._since:
            left_s = self._interval_s - (now - self._since[member_id])
            return max(1, math.ceil(left_s / 60))
        self._since[member_id] = now
        if len(self._since) > MAX_MEMBERS:
            self._since.popitem(last=False)
        return 0

    def give_back(self, member_id: int) -> None:
        """End a member's wait: they got nothing."""
        self._since.pop(member_id, None)
