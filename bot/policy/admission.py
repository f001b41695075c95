"""The limit of jobs for each member, checked before any work is done for a request.

Between a request and its place in the queue, pictures are fetched and prepared. Jobs in preparation
count too; otherwise many requests at once would each find the queue empty.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable

from bot.errors import TooManyOpenJobs
from storage import jobs
from storage.database import Database


class Admission:
    """Counts the open jobs and the jobs in preparation of each member."""

    def __init__(self, database: Database, check_room: Callable[[], None]) -> None:
        """`check_room` raises StorageFull while there is no room for new pictures."""
        self._database = database
        self.check_room = check_room
        self._prepared: Counter[int] = Counter()

    @contextlib.asynccontextmanager
    async def place(self, member_id: int, wanted: int, limit: int | None) -> AsyncIterator[None]:
        """Reserve places for `wanted` jobs during preparation. Raises TooManyOpenJobs,
        StorageFull.

        Leave it before the jobs are queued: the queue counts them itself, under the same limit.
        """
        self.check_room()
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
