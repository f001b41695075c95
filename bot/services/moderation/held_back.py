"""Jobs whose pictures could not be checked: checks them again, and shows them then."""

import asyncio

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.picture_gate import PictureGate
from bot.retry import until_stored
from storage import jobs
from storage.database import Database

RECHECK_INTERVAL_S = 30.0
"""Seconds between two looks for jobs that were held back."""

MAX_JOBS_AT_ONCE = 50
"""Jobs that are read at a time."""


class HeldBackJobs:
    """Jobs are held back while the filter is away."""

    def __init__(self, database: Database, gate: PictureGate, publisher: JobPublisher) -> None:
        self._database = database
        self._gate = gate
        self._publisher = publisher

    async def keep_checking(self) -> None:
        """Check and show jobs until cancelled."""
        while True:
            await until_stored(self.check_all)
            await asyncio.sleep(RECHECK_INTERVAL_S)

    async def check_all(self) -> None:
        """Check jobs as long as the filter answers. Raises StorageUnavailable."""
        for job in await jobs.held_back(self._database, MAX_JOBS_AT_ONCE):
            if not await self._gate.check_again(job):
                return
            self._publisher.show_end(job.id)
