"""Watches how full the data folder is: warns in the log, and stops new jobs before it is full."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.errors import StorageFull
from bot.policy.room import Room, room
from storage.pictures import PictureStore
from storage.pictures.disk import free_bytes, used_bytes

MEASURE_INTERVAL_S = 60.0
"""Seconds between two measurements; in between, what is written is counted."""

log = logging.getLogger(__name__)


class DiskBudget:
    """Knows how much room there is; `check` is asked before a job is queued."""

    def __init__(
        self, folders: Sequence[Path], picture_store: PictureStore, budget_bytes: int | None
    ) -> None:
        """`folders` are the data folder, and that of the pictures if it lies elsewhere.

        Pictures in an object store take no room here, and count as none.
        """
        self._folders = folders
        self._picture_store = picture_store
        self._budget_bytes = budget_bytes
        self._used_bytes = 0
        self._free_bytes = 2**63
        self._written_before = 0
        self._said = Room.ENOUGH

    def check(self) -> None:
        """Raise StorageFull if there is no room for new pictures."""
        if self.room is Room.FULL:
            raise StorageFull

    @property
    def room(self) -> Room:
        written = self._picture_store.written_bytes - self._written_before
        return room(self._used_bytes + written, self._free_bytes - written, self._budget_bytes)

    async def measure(self) -> None:
        """Measure the folders and their disks. Raises OSError."""
        written = self._picture_store.written_bytes
        self._used_bytes = await asyncio.to_thread(lambda: sum(map(used_bytes, self._folders)))
        # The disk that is filled up first.
        self._free_bytes = await asyncio.to_thread(lambda: min(map(free_bytes, self._folders)))
        self._written_before = written
        self._say()

    async def keep_measured(self) -> None:
        """Measure every MEASURE_INTERVAL_S, until cancelled."""
        while True:
            try:
                await self.measure()
            except OSError as error:
                log.warning("The data folder cannot be measured: %s", error)
            await asyncio.sleep(MEASURE_INTERVAL_S)

    def _say(self) -> None:
        """Log a change, once."""
        now, before = self.room, self._said
        self._said = now
        if now is before:
            return
        figures = f"it has {_shown(self._used_bytes)}, and its disk {_shown(self._free_bytes)} left"
        if self._budget_bytes is not None:
            figures = f"{figures}; DARKROOM_DATA_BUDGET is {_shown(self._budget_bytes)}"
        match now:
            case Room.LOW:
                log.warning("The data folder is almost full: %s. See `darkroom prune`.", figures)
            case Room.FULL:
                log.error("The data folder is full, no new jobs are taken: %s.", figures)
            case Room.ENOUGH:
                log.info("The data folder has room again: %s.", figures)


def _shown(count: int) -> str:
    return f"{count / 10**9:.2f} GB"
