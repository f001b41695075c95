"""Duties of this bot, of the bots on one database: what one of them at a time does.

A duty is held while it is done, and renewed. If its bot dies, another may take it on after a while.
On a database with one bot, that one does all of them at once.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from bot.retry import until_stored
from storage import duties
from storage.database import Database, StorageUnavailable
from storage.duties import HOLD_S

RENEW_INTERVAL_S = 5.0
"""Seconds between two renewals of all duties."""

ASK_INTERVAL_S = 2.0
"""Seconds between two looks whether a duty has become free."""

STOP_TIMEOUT_S = 5.0
"""Seconds that the database has to take back duties when the bot stops."""

SHARED_WORK = "housekeeping"
"""The duty of all work that is done once for the whole database. Bots of other versions know it by
this name."""

log = logging.getLogger(__name__)

Loop = Callable[[], Coroutine[Any, Any, None]]


class Duties:
    """The duties of one bot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid4().hex
        self._uses: Counter[str] = Counter()
        self._ends: dict[str, float] = {}
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def are_shared(self) -> bool:
        """Whether other bots may have some of the duties."""
        return self._database.is_shared

    @contextlib.asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait until no other bot has this duty, and have it within the block."""
        if not self.are_shared:
            yield
            return
        # One that is laid down is not taken on meanwhile: the row that goes would be the new one.
        changing = self._changing.setdefault(name, asyncio.Lock())
        async with changing:
            await self._take_on(name)
            self._uses[name] += 1
        try:
            yield
        finally:
            self._uses[name] -= 1
            if not self._uses[name]:
                del self._uses[name], self._ends[name]
                await self._lay_down(name, changing)

    async def abandoned(self, prefix: str) -> tuple[str, ...]:
        """What follows the prefix in the names of duties in the middle of which a bot died."""
        if not self.are_shared:
            return ()
        names = await duties.abandoned(self._database, prefix)
        return tuple(name.removeprefix(prefix) for name in names)

    async def do_shared_work(self, loops: Sequence[Loop]) -> None:
        """Run all loops at once while no other bot does, until cancelled.

        They are cancelled when another bot may have taken them on.
        """
        while True:
            async with self.turn(SHARED_WORK):
                if self.are_shared:
                    log.info("This bot does the background work for all.")
                await self._run(loops)

    async def keep_renewing(self) -> None:
        """Renew the duties, until cancelled."""
        while self.are_shared:
            await asyncio.sleep(RENEW_INTERVAL_S)
            if not self._ends:
                continue
            begun, names = time.monotonic(), list(self._ends)
            try:
                kept = await duties.renew(self._database, names, self._holder)
            except StorageUnavailable as error:
                log.warning("Duties are not renewed: %s", error)
                continue
            for name in names:
                if name in self._ends:
                    self._ends[name] = begun + HOLD_S if name in kept else 0.0

    async def _lay_down(self, name: str, changing: asyncio.Lock) -> None:
        """Give a duty back, unless this bot has taken it on again."""
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S), changing:
                if name not in self._ends:
                    await duties.lay_down(self._database, [name], self._holder)

    async def _take_on(self, name: str) -> None:
        while not self._has(name):
            begun = time.monotonic()
            if await until_stored(lambda: duties.take_on(self._database, name, self._holder)):
                self._ends[name] = begun + HOLD_S
                return
            await asyncio.sleep(ASK_INTERVAL_S)

    async def _run(self, loops: Sequence[Loop]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop()) for loop in loops]
            if not self.are_shared:
                await asyncio.Event().wait()
            while self._has(SHARED_WORK):  # noqa: ASYNC110 (time alone may end it)
                await asyncio.sleep(ASK_INTERVAL_S)
            for task in tasks:
                task.cancel()

    def _has(self, name: str) -> bool:
        return time.monotonic() < self._ends.get(name, 0.0)
