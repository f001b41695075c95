"""Discord's ids: milliseconds since 2015 in the upper bits, so that they sort by time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000


def time_of(snowflake: int) -> datetime:
    """When an id was made."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, UTC)


class Snowflakes:
    """Generates ids that only grow, even within one millisecond."""

    def __init__(self) -> None:
        self._last = 0
        self.skew_s = 0.0
        """Seconds that the clock of the ids is ahead."""

    def next(self) -> int:
        candidate = (int((time.time() + self.skew_s) * 1000) - EPOCH_MS) << 22
        self._last = max(candidate, self._last + 1)
        return self._last
