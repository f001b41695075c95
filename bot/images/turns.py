"""Turns for members where only a few can be served at once."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from bot.errors import PicturesBusy


class MemberTurns:
    """Serves at most `concurrency` members at once, and each member one request at a time.

    At most `most_waiting` requests in all, and `most_of_one` of one member, are accepted; these
    numbers include those that are being served.
    """

    def __init__(self, *, concurrency: int, most_waiting: int, most_of_one: int) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._most_waiting = most_waiting
        self._most_of_one = most_of_one
        self._here: Counter[int] = Counter()
        self._locks: dict[int, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def turn(self, member_id: int) -> AsyncIterator[None]:
        """Wait for the member's turn and hold it. Raises PicturesBusy."""
        if self._here.total() >= self._most_waiting or self._here[member_id] >= self._most_of_one:
            raise PicturesBusy
        self._here[member_id] += 1
        lock = self._locks.setdefault(member_id, asyncio.Lock())
        try:
            # The member's own lock first: a request that waits for it uses up no shared place.
            async with lock, self._places:
                yield
        finally:
            self._here[member_id] -= 1
            if not self._here[member_id]:
                del self._here[member_id], self._locks[member_id]
