"""Whose turn it is where few can be served at once: one at a time for each member, some in all."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from bot.errors import PicturesBusy


class MemberTurns:
    """At most `concurrency` are served, each member's one after another.

    Beyond `most_waiting` in all, and `most_of_one` of one member, nobody is let in.
    """

    def __init__(self, *, concurrency: int, most_waiting: int, most_of_one: int) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._most_waiting = most_waiting
        self._most_of_one = most_of_one
        self._here: Counter[int] = Counter()
        self._locks: dict[int, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def turn(self, member_id: int) -> AsyncIterator[None]:
        """Wait for one's turn, and have it. Raises PicturesBusy."""
        if self._here.total() >= self._most_waiting or self._here[member_id] >= self._most_of_one:
            raise PicturesBusy
        self._here[member_id] += 1
        lock = self._locks.setdefault(member_id, asyncio.Lock())
        try:
            # One's own turn first: whoever waits for that takes no place from others.
            async with lock, self._places:
                yield
        finally:
            self._here[member_id] -= 1
            if not self._here[member_id]:
                del self._here[member_id], self._locks[member_id]
