"""One session in which several readings of a task take place, one after another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncSession

from storage.errors import StorageUnavailable

MAX_REST_S = 0.5
"""Seconds between two readings for which the session keeps its connection. The task may wait for a
thread meanwhile; if all threads are busy, those who wait must not have all connections."""


class SharedReading:
    """Begins its session with the first reading, and again with the first one after its end."""

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[AsyncSession]]) -> None:
        self._begin = begin
        self._ending = AsyncExitStack()
        self._session: AsyncSession | None = None
        self._readings = 0
        self._rest: asyncio.TimerHandle | None = None
        self._given_back: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """The session for one reading; an error in it ends the session."""
        self._wake()
        self._readings += 1
        try:
            if self._session is None:
                self._session = await self._ending.enter_async_context(self._begin())
            yield self._session
        except BaseException as error:
            await self.end(error)
            raise
        finally:
            self._readings -= 1
            if self._session is not None and not self._readings:
                self._rest = asyncio.get_running_loop().call_later(MAX_REST_S, self._give_back)

    async def end(self, error: BaseException | None = None) -> None:
        """End the session, if there is one.

        `error` is what went wrong in it; it is raised here if the session makes another of it.
        """
        self._wake()
        self._session, ending = None, self._ending.pop_all()
        await ending.__aexit__(type(error) if error else None, error, None)

    def _wake(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _give_back(self) -> None:
        self._session, ending = None, self._ending.pop_all()
        self._given_back = asyncio.create_task(_end(ending))


async def _end(ending: AsyncExitStack) -> None:
    # Nothing is lost if the connection broke while nobody used it.
    with suppress(StorageUnavailable):
        await ending.aclose()
