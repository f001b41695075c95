"""A member's place for what they ask for, taken before anything is spent on it.

Between the asking and the queueing, pictures are fetched and prepared. What several requests of one
member ask for meanwhile counts too, or each of them would find the queue as empty as the others.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from bot.errors import TooManyOpenJobs
from storage import jobs
from storage.database import Database


class Admission:
    """Counts jobs that are open and jobs that are being prepared."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepared: Counter[int] = Counter()

    @contextlib.asynccontextmanager
    async def place(self, member_id: int, wanted: int, limit: int | None) -> AsyncIterator[None]:
        """Have a place for so many jobs while they are prepared. Raises TooManyOpenJobs.

        Ends before they are queued, where they are counted for good: so none counts twice.
        """
        self._prepared[member_id] += wanted
        try:
            if limit is not None:
                open_jobs = await jobs.count_open(self._database, member_id)
                taken = open_jobs + self._prepared[member_id] - wanted
                if taken + wanted > limit:
                    raise TooManyOpenJobs(taken, wanted, limit)
            yield
        finally:
            self._prepared[member_id] -= wanted
            if not self._prepared[member_id]:
                del self._prepared[member_id]
