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

    def next_on_shard(self, number: int, count: int) -> int:
        """The id of a server whose events go to this shard of so many. Raises ValueError."""
        if not 0 <= number < count:
            raise ValueError(f"there is no shard {number} of {count}")
        millisecond = (self.next() >> 22) + 1
        self._last = millisecond + (number - millisecond) % count << 22
        return self._last


def shard_of(guild_id: int | None, count: int) -> int:
    """The shard that gets the events of a server; the first gets those without a server."""
    return 0 if guild_id is None else (guild_id >> 22) % count
