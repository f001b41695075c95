"""Who writes next to a SQLite file, of the writers of one process.

SQLite would let them try for its one lock again and again, and by chance; each would keep a
connection from those who only read.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar

someone_waits: ContextVar[bool] = ContextVar("someone_waits", default=False)
"""Whether a member waits for what this task does, or one that it starts."""


class WriteTurns:
    """One writer at a time, as they came; those for whom a member waits go first."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._background = asyncio.Lock()
        """Of all who write while nobody waits, one at most is in line for the other lock."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            if not someone_waits.get():
                await held.enter_async_context(self._background)
            await held.enter_async_context(self._lock)
            yield
