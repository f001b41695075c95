"""Which of its shards this process has, of the processes on one database.

Discord gives an event to every process that asks for its shard. So a shard is a duty of one process
at a time. Another that is started for it waits, and takes over when the first stops or dies.
"""

import asyncio
import fcntl
import hashlib
import logging
import socket
import time
from pathlib import Path
from typing import IO
from uuid import uuid4

from storage import duties
from storage.database import Database
from storage.duties import HOLD_S

MAX_NAME_CHARS = 64
"""How much is read of the file by whose name a process is known."""

log = logging.getLogger(__name__)


class ShardDuties:
    """The shards of this process. On a database of one process it has all of them.

    A process that starts again in the place of one that was killed has its shards at once: both are
    known by the same file, which one process at a time can lock.
    """

    def __init__(self, database: Database, file: Path) -> None:
        """`file` is locked as long as the process lives; it is made where it is missing."""
        self._database = database
        self._file = file
        self._locked: IO[str] | None = None
        self._holder = ""
        self._ends: dict[int, float] = {}
        self._refused: set[int] = set()

    @property
    def are_shared(self) -> bool:
        """Whether other processes may have some of the shards."""
        return self._database.is_shared

    @property
    def refused(self) -> frozenset[int]:
        """The shards that another process has, which this one waits for."""
        return frozenset(self._refused)

    def has(self, shard: int) -> bool:
        """Whether this process has a shard, as far as it knows."""
        return not self.are_shared or shard in self._ends

    def is_sure_of(self, shard: int) -> bool:
        """Whether no other process can have taken a shard meanwhile."""
        return not self.are_shared or time.monotonic() < self._ends.get(shard, 0.0)

    async def take(self, shard: int, count: int) -> bool:
        """Take a shard of so many on, or renew it; False if another process has it.

        Raises StorageUnavailable: then whoever had it has it still.
        """
        if not self.are_shared:
            return True
        self._holder = self._holder or await asyncio.to_thread(self._known_name)
        begun = time.monotonic()
        if await duties.take_on(self._database, _name(shard, count), self._holder):
            self._ends[shard] = begun + HOLD_S
            self._refused.discard(shard)
            return True
        if shard not in self._refused:
            log.warning(
                "Another running process has shard %d of %d. This one stands by, and takes it over "
                "when the other ends. If both are to work, give each its own shards "
                "(DARKROOM_SHARDS).",
                shard,
                count,
            )
        self._refused.add(shard)
        self._ends.pop(shard, None)
        return False

    async def lay_down(self, count: int) -> None:
        """Give all shards to whoever waits for them. Raises StorageUnavailable."""
        names = [_name(shard, count) for shard in self._ends]
        self._ends.clear()
        if names:
            await duties.lay_down(self._database, names, self._holder)

    def close(self) -> None:
        """Unlock the file."""
        if self._locked is not None:
            self._locked.close()

    def _known_name(self) -> str:
        """The name in the file; a new one where another process has the file, or nobody can."""
        try:
            file = self._file.open("a+", encoding="ascii")
        except OSError:
            return uuid4().hex
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.seek(0)
            known = file.read(MAX_NAME_CHARS).strip() or uuid4().hex
            file.truncate(0)
            file.write(known)
            file.flush()
        except (OSError, ValueError):
            file.close()
            return uuid4().hex
        self._locked = file
        # A copy of the folder on another machine is another process.
        return hashlib.sha256(f"{known} {socket.gethostname()}".encode()).hexdigest()[:32]


def _name(shard: int, count: int) -> str:
    return f"shard {shard} of {count}"
