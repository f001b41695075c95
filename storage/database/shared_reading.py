"""One session in which several readings of a task take place, one after another."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from sqlalchemy.ext.asyncio import AsyncSession


class SharedReading:
    """Begins its session with the first reading, and again with the first one after `end`."""

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[AsyncSession]]) -> None:
        self._begin = begin
        self._ending = AsyncExitStack()
        self._session: AsyncSession | None = None

    async def session(self) -> AsyncSession:
        if self._session is None:
            self._session = await self._ending.enter_async_context(self._begin())
        return self._session

    async def end(self, error: BaseException | None = None) -> None:
        """End the session, if there is one.

        `error` is what went wrong in it; it is raised here if the session makes another of it.
        """
        self._session, ending = None, self._ending.pop_all()
        await ending.__aexit__(type(error) if error else None, error, None)
