"""Words by which the bots on one Postgres wake each other, by LISTEN and NOTIFY.

A word only says that it is worth looking at the database now. It may be lost, as where a proxy
shares out connections by transaction: so everybody also looks from time to time without one. It has
a connection of its own, which is made again when it breaks.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy import URL, NullPool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import errors
from storage.database.pooler import NO_STATEMENTS_KEPT

CHANNEL = "darkroom"

RECONNECT_INTERVAL_S = 5.0
"""Seconds between two tries to connect."""

CHECK_INTERVAL_S = 30.0
"""Seconds after which a silent connection is asked whether it is still there."""

MAX_PENDING = 1000
"""Different words that wait to be sent."""

BROKEN = (
    *(SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError),
    # A connection that ends in the middle of a question can leave the driver in confusion.
    asyncpg.InternalClientError,
)
"""What is raised where the connection breaks, or cannot be made."""

log = logging.getLogger(__name__)

Hear = Callable[[str], None]


class Notifications:
    """Tells and hears words. Without `keep_listening` nothing is told."""

    def __init__(self, url: URL) -> None:
        """The address of a Postgres, as SQLAlchemy has it."""
        self._url = url
        self._pending: dict[str, None] = {}
        self._news = asyncio.Event()

    def tell(self, word: str) -> None:
        """Tell all other bots on the database a word, soon; the same twice may arrive once."""
        if len(self._pending) < MAX_PENDING:
            self._pending[word] = None
            self._news.set()

    async def keep_listening(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Call `hear` with each word of another bot, until cancelled.

        `connected` is called after each break, in which words may have been missed.
        """
        # As the pool's connections are made, but outside of the pool, where it would be missed.
        engine = create_async_engine(
            self._url,
            poolclass=NullPool,
            connect_args={"timeout": errors.TIMEOUT_S, **NO_STATEMENTS_KEPT},
        )
        while True:
            try:
                async with engine.connect() as connection:
                    raw = await connection.get_raw_connection()
                    driver: Any = raw.driver_connection
                    try:
                        await self._talk(driver, hear, connected)
                    finally:
                        # Without a farewell: a server that is silent would be waited for.
                        driver.terminate()
            except BROKEN:
                # Polling goes on. The database's own errors are told where it is used.
                log.info("There is no connection for news of other bots; trying again.")
            await asyncio.sleep(RECONNECT_INTERVAL_S)

    async def _talk(self, connection: Any, hear: Hear, connected: Callable[[], None]) -> None:
        """Hear and tell, until the connection breaks, which raises an error of the driver."""
        own = connection.get_server_pid()

        def hear_others(_: object, pid: int, __: str, word: str) -> None:
            if pid != own:
                hear(word)

        await connection.add_listener(CHANNEL, hear_others)
        # A break that the driver sees is seen at once, one that it does not at the next check.
        connection.add_termination_listener(lambda _: self._news.set())
        connected()
        # What the connection before could not send goes first.
        self._news.set()
        while True:
            try:
                async with asyncio.timeout(CHECK_INTERVAL_S):
                    await self._news.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=errors.TIMEOUT_S)
            self._news.clear()
            if connection.is_closed():
                raise asyncpg.InterfaceError("the connection was closed")
            while self._pending:
                word = next(iter(self._pending))
                notify = "SELECT pg_notify($1, $2)"
                # A pooler may give what is in no transaction a connection for each part of it.
                async with connection.transaction():
                    await connection.execute(notify, CHANNEL, word, timeout=errors.TIMEOUT_S)
                self._pending.pop(word, None)
