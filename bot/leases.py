"""Which jobs this bot has, of the bots on one database; renews their leases until it is done.

A job is held while something is done about it, by the number of its lease. What was not renewed in
time counts as lost at once, also after the process stood still for a while. On a database with one
bot everything is held, and nothing is written.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from weakref import WeakValueDictionary

from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import LEASE_S, Job

RENEW_INTERVAL_S = 5.0
"""Seconds between two renewals of all leases."""

STOP_TIMEOUT_S = 5.0
"""Seconds that the database has to take back leases when the bot stops."""

log = logging.getLogger(__name__)

Lease = tuple[str, int]
"""The id of a job, and the number of the lease."""


class Leases:
    """The leases of one bot. Times are those of its own clock that only goes forward."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: Counter[Lease] = Counter()
        self._ends: dict[Lease, float] = {}
        self._taking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._soon = asyncio.Event()
        self._listeners: list[Callable[[Collection[Lease]], None]] = []

    def on_loss(self, listener: Callable[[Collection[Lease]], None]) -> None:
        """Call this with the leases that were held and that are over."""
        self._listeners.append(listener)

    def hold(self, job: Job, since: float | None = None) -> None:
        """Hold a job that was taken just now, or at `since`, until it is released."""
        lease = (job.id, job.lease)
        self._uses[lease] += 1
        self._ends.setdefault(lease, (since or time.monotonic()) + LEASE_S)

    def release(self, job: Job) -> None:
        """End what `hold` began. Whoever else holds the job here goes on."""
        self._release((job.id, job.lease))

    @contextlib.contextmanager
    def holding(self, *some: Job) -> Iterator[None]:
        """Hold jobs within the block."""
        for job in some:
            self.hold(job)
        try:
            yield
        finally:
            for job in some:
                self.release(job)

    def hold_on(self, job_id: str) -> Callable[[], None]:
        """Go on holding a job that is held, if it is; returns what releases it again."""
        lease = self._held(job_id)
        if lease is None:
            return lambda: None
        self._uses[lease] += 1
        return lambda: self._release(lease)

    def holds(self, job: Job) -> bool:
        """Whether this bot surely has the job, by the lease that it had when it was read."""
        return not self._database.is_shared or self._is_held((job.id, job.lease))

    @contextlib.asynccontextmanager
    async def taking(self, job_id: str) -> AsyncIterator[bool]:
        """Take a job whose messages have to change, unless it is held. False if another bot has it,
        or if nothing has to be done about it.

        Once nothing here holds it any more, the job is free again, whether the block failed or not.
        Raises StorageUnavailable.
        """
        if not self._database.is_shared:
            yield True
            return
        async with self._taking.setdefault(job_id, asyncio.Lock()):
            lease = await self._take(job_id)
        if lease is None:
            yield False
            return
        try:
            yield True
        except Exception:
            await self._free(lease)
            raise
        else:
            # Nobody could take it for as long as it is leased, this bot included.
            await self._free(lease)
        finally:
            self._release(lease)

    async def keep_renewing(self) -> None:
        """Renew what is held, until cancelled."""
        while self._database.is_shared:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_INTERVAL_S):
                    await self._soon.wait()
            self._soon.clear()
            try:
                await self.renew()
            except StorageUnavailable as error:
                log.warning("Leases are not renewed: %s", error)

    def renew_soon(self) -> None:
        """Renew now what is held: some of it may be lost."""
        self._soon.set()

    async def renew(self) -> None:
        """Renew what is held, and tell the listeners what is lost. Raises StorageUnavailable."""
        begun, held = time.monotonic(), list(self._ends)
        newest = dict(held)
        ids = await jobs.renew(self._database, newest)
        kept = {(job_id, newest[job_id]) for job_id in ids}
        # Some may have been released meanwhile.
        lost = [lease for lease in held if lease not in kept and lease in self._ends]
        self._ends.update({one: begun + LEASE_S for one in kept if one in self._ends})
        for lease in lost:
            del self._ends[lease]
        if lost:
            for listener in self._listeners:
                listener(lost)

    @contextlib.asynccontextmanager
    async def letting_go(self) -> AsyncIterator[None]:
        """Stop all work within the block; what was held before is free for other bots then."""
        held = dict(list(self._ends))
        yield
        if self._database.is_shared:
            with contextlib.suppress(StorageUnavailable, TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await jobs.let_go(self._database, held)

    async def _take(self, job_id: str) -> Lease | None:
        lease = self._held(job_id)
        if lease is None:
            since = time.monotonic()
            job = await jobs.take(self._database, job_id)
            if job is None:
                return None
            self.hold(job, since)
            return job.id, job.lease
        self._uses[lease] += 1
        return lease

    async def _free(self, lease: Lease) -> None:
        """Let a job go, unless it is held here by others."""
        if self._uses[lease] == 1:
            with contextlib.suppress(StorageUnavailable):
                await jobs.let_go(self._database, dict([lease]))

    def _held(self, job_id: str) -> Lease | None:
        held = (lease for lease in self._ends if lease[0] == job_id and self._is_held(lease))
        return next(held, None)

    def _is_held(self, lease: Lease) -> bool:
        return time.monotonic() < self._ends.get(lease, 0.0)

    def _release(self, lease: Lease) -> None:
        self._uses[lease] -= 1
        if self._uses[lease] <= 0:
            del self._uses[lease]
            self._ends.pop(lease, None)
