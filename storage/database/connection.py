"""An open database: transactions, reading sessions, and closing without losing either."""

import asyncio
import logging
import sqlite3
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Coroutine,
    Iterator,
    Mapping,
)
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from threading import Thread
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, ColumnElement, Double, Table, cast, func, inspect
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.dml import ReturningInsert

from storage.database import errors
from storage.database.errors import StorageUnavailable, translate_errors, unavailable
from storage.database.notifications import Hear, Notifications
from storage.database.postgres import create_postgres_engine
from storage.database.shared_reading import SharedReading
from storage.database.sqlite import BEGIN_OPTION, create_sqlite_engine
from storage.database.url import is_sqlite, parse_url
from storage.database.write_turns import WriteTurns

log = logging.getLogger(__name__)

Listener = Callable[[object], None]
"""Told of what was announced, and of each `StorageUnavailable` that is raised."""

MAX_UPSERTS = 128
"""Statements that are kept: each for a table and the columns that are set."""

ANNOUNCED = "announced"
"""The key in a session's `info` of what is told once it is committed."""


class Database:
    """One open database: begins transactions until it is closed."""

    def __init__(self, url: str) -> None:
        """Take the address as people write it: `sqlite:///path` or `postgresql://…`.

        Opens nothing yet. Raises `StorageUnavailable` for an address that cannot be one.
        """
        self._url = parse_url(url)
        self._threads: list[Thread] = []
        self._engine = create_engine(self._url, self._threads)
        # A deferred transaction reads beside a writer; an immediate one would wait for it.
        self._reading = self._engine.execution_options(**{BEGIN_OPTION: "BEGIN DEFERRED"})
        self._sessions = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._listeners: list[Listener] = []
        self._write_turns = WriteTurns()
        self._shared: dict[asyncio.Task[Any] | None, SharedReading] = {}
        self._notifications = Notifications(self._url)

    @property
    def is_shared(self) -> bool:
        """Whether several bots may work on it at once: Postgres, but not a SQLite file."""
        return not is_sqlite(self._url)

    def tell_bots(self, word: str) -> None:
        """Tell the other bots on this database that it is worth looking at something now.

        It may be lost: they also look without it, from time to time.
        """
        if self.is_shared:
            self._notifications.tell(word)

    async def hear_bots(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Call `hear` with what bots tell, until cancelled; see `Notifications.keep_listening`.

        Ends at once where there is only one bot.
        """
        if self.is_shared:
            await self._notifications.keep_listening(hear, connected)

    def listen(self, listener: Listener) -> None:
        """Tell this listener from now on; once, however often it is given."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session for reading and writing: committed at the end, rolled back on any error.

        On SQLite it holds the one write lock from its first moment, so that what it reads stays
        true until it writes. Raises `StorageUnavailable`.
        """
        if shared := self._shared.get(asyncio.current_task()):
            # Who writes needs a connection too, and what is read after that has to show it.
            await shared.end()
        with self._telling_errors():
            async with self._turn_to_write(), self._session(self._engine) as session:
                yield session

    @asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[None]:
        """Wait for SQLite's one lock here. Raises `StorageUnavailable` if that takes too long."""
        async with AsyncExitStack() as turn:
            if not (self.is_shared or self._closed):
                with translate_errors(self._url):
                    async with asyncio.timeout(errors.TIMEOUT_S):
                        await turn.enter_async_context(self._write_turns.turn())
            yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only, which waits for no writer. Raises `StorageUnavailable`."""
        shared = self._shared.get(asyncio.current_task())
        with self._telling_errors():
            reading = shared.reading() if shared else self._session(self._reading)
            async with reading as session:
                yield session

    @asynccontextmanager
    async def reading_at_once(self) -> AsyncIterator[None]:
        """Have all that this task reads within the block share one session.

        To begin and end one costs more than most of what is asked in it. What is written has a
        session of its own, and ends the shared one before; so have other tasks. It keeps a
        connection for a moment after each reading: do not wait within the block for other machines,
        nor for tasks that want one. Raises `StorageUnavailable`.
        """
        task = asyncio.current_task()
        if task in self._shared:
            yield
            return
        shared = self._shared[task] = SharedReading(lambda: self._session(self._reading))
        try:
            yield
        finally:
            del self._shared[task]
            with self._telling_errors():
                await shared.end()

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if self._closed:
            raise unavailable(self._url, "this process has closed it")
        session, began_at = _begin(engine), datetime.now(UTC)
        self._sessions += 1
        self._idle.clear()
        try:
            with translate_errors(self._url, connecting=True):
                await session.connection()
            with translate_errors(self._url):
                yield session
        except BaseException:
            await self._end(session.close())
            raise
        with translate_errors(self._url):
            await self._end(self._commit(session, began_at))

    async def _commit(self, session: AsyncSession, began_at: datetime) -> None:
        try:
            await session.commit()
            for made in session.info.get(ANNOUNCED, ()):
                self._tell(made(began_at))
        finally:
            await session.close()

    @contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except StorageUnavailable as error:
            self._tell(error)
            raise

    def _tell(self, event: object) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                # What was committed stays so, whatever becomes of the news.
                log.exception("A listener of the database failed.")

    async def _end(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a session's last step to its end, even if the caller is cancelled.

        A connection whose commit, or whose way back into the pool, was cut off would be thrown
        away, with an error in the log.
        """
        ending = asyncio.create_task(work)
        ending.add_done_callback(self._forget)
        await asyncio.shield(ending)

    def _forget(self, _: asyncio.Task[None]) -> None:
        self._sessions -= 1
        if self._sessions == 0:
            self._idle.set()

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in SQLite's files: not in free space, nor in the log.

        Postgres frees such space itself, with the time. Raises `StorageUnavailable`.
        """
        if not is_sqlite(self._url):
            return
        with translate_errors(self._url):
            async with self._engine.connect() as connection:
                # As the driver gives it: neither statement works inside a transaction.
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None, "the connection is open"
                try:
                    # Older versions did not overwrite what they deleted.
                    await driver.execute("VACUUM")
                    await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                except sqlite3.Error as error:
                    raise unavailable(self._url, str(error)) from error

    async def close(self) -> None:
        """Close every connection once the open transactions have ended; no new ones begin.

        A late caller, like the answer to a member while the bot stops, must not open a
        connection that nobody would close.
        """
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(errors.TIMEOUT_S):
                await self._idle.wait()
        await self._engine.dispose()
        # A thread that was told to stop may still be at work, and report to a loop that is gone.
        for thread in self._threads:
            await asyncio.to_thread(thread.join, errors.TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _begin(engine: AsyncEngine) -> AsyncSession:
    # Nothing looks at rows again that a statement changed behind the session's back. Otherwise it
    # works out, with each statement, which of the rows that it knows were changed.
    unsynchronized = {"synchronize_session": False}
    return AsyncSession(engine, expire_on_commit=False, execution_options=unsynchronized)


def create_engine(url: URL, threads: list[Thread], *, migrating: bool = False) -> AsyncEngine:
    """The engine; `threads` collects those that SQLite's connections work in."""
    if is_sqlite(url):
        return create_sqlite_engine(url, threads, migrating=migrating)
    return create_postgres_engine(url, migrating=migrating)


def is_shared(session: AsyncSession) -> bool:
    """Whether several bots may work on the session's database at once."""
    return session.get_bind().dialect.name != "sqlite"


async def upsert(
    session: AsyncSession,
    table: type[DeclarativeBase],
    values: Mapping[str, Any],
    *,
    update: Collection[str],
    where: ColumnElement[bool] | None = None,
) -> bool:
    """Insert a row, or set the columns `update` where a row with its primary key is there, and
    only where it is so if `where` is given. Returns whether it was inserted or set.

    In all cases the row is locked until the end of the transaction.
    """
    if where is None:
        written = await session.execute(
            _upsert(is_shared(session), table, frozenset(update)), values
        )
    else:
        conditional = _make_upsert(is_shared(session), table, update, where)
        written = await session.execute(conditional.values(values))
    return written.first() is not None


def _make_upsert(
    shared: bool,
    table: type[DeclarativeBase],
    update: Collection[str],
    where: ColumnElement[bool] | None = None,
) -> ReturningInsert[Any]:
    made = inspect(table)
    assert isinstance(made.local_table, Table)
    # Of the table, not of its class: nothing of what the session knows changes with it.
    statement = (postgresql_insert if shared else sqlite_insert)(made.local_table)
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in made.primary_key],
        set_={name: statement.excluded[name] for name in update},
        where=where,
    ).returning(*made.primary_key)


_upsert = lru_cache(MAX_UPSERTS)(_make_upsert)
"""Kept, because making one takes longer than the statement."""


def clock_s(session: AsyncSession) -> ColumnElement[float]:
    """The time in seconds since 1970 by the database's clock, when a statement runs: the clocks of
    the machines that share it may differ."""
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday("now", type_=Double) - 2440587.5) * 86400.0
    return cast(func.extract("epoch", func.clock_timestamp()), Double)


def announce(session: AsyncSession, event: Callable[[datetime], object]) -> None:
    """Have the database's listeners told of an event once the session is committed.

    `event` makes it of when the transaction began.
    """
    session.info.setdefault(ANNOUNCED, []).append(event)
