"""The shards of a process, as `--shards 0-3/16` says them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?/([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ShardRange:
    """The shards `first` to `last` of `count`."""

    first: int
    last: int
    count: int

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Read `0-3/16`, or `0/16` for one shard. Raises ValueError, with what to change."""
        match = _RANGE.fullmatch(typed.strip())
        if match is None:
            raise ValueError(f"“{typed}” must look like 0-3/16: the shards 0 to 3 of 16")
        first, last, count = int(match[1]), int(match[2] or match[1]), int(match[3])
        if count == 0:
            raise ValueError(f"“{typed}” is of 0 shards: there is at least 1")
        if first > last:
            raise ValueError(f"“{typed}” begins after its end: write {last}-{first}/{count}")
        if last >= count:
            raise ValueError(
                f"“{typed}” has no shard {last}: {count} shards are numbered from 0 to {count - 1}"
            )
        return cls(first, last, count)

    @property
    def ids(self) -> Sequence[int]:
        return range(self.first, self.last + 1)

    @property
    def is_all(self) -> bool:
        """Whether no shard is left for another process."""
        return len(self.ids) == self.count
