"""The connection to the database: addresses, transactions, migration, and what its failures mean.

Knows SQLite's and Postgres's ways (drivers, locks, pragmas) so that nothing else has to.
Knows no table and no query.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

MIGRATIONS = Path(__file__).parent.parent / "migrations"
PATIENCE_S = 30
"""How long a statement may wait for a lock or an answer before the database counts as away."""
MIGRATION_LOCK = 0x6461726B726F6F6D
"""Postgres's advisory lock for migrating: "darkroom" in ASCII."""
NO_SUCH_TABLE = "42P01"


class StorageUnavailable(Exception):
    """The database cannot be opened, reached or written; the message is one sentence for a person.

    It never contains the password.
    """


class Database:
    """One database, open: hands out transactions until it is closed."""

    def __init__(self, url: str) -> None:
        """Take the address as people write it: `sqlite:///path` or `postgresql://…`.

        Opens nothing yet. Raises `StorageUnavailable` for an address that cannot be one.
        """
        self._url = _parse(url)
        self._threads: list[Thread] = []
        self._engine = _create_engine(self._url, self._threads)
        # A deferred transaction reads beside a writer; an immediate one would wait for it.
        self._reading = self._engine.execution_options(sqlite_begin="BEGIN DEFERRED")
        self._sessions = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session for reading and writing: committed at the end, rolled back on any error.

        On SQLite it holds the one write lock from its first moment, so that what it reads stays
        true until it writes. Raises `StorageUnavailable`.
        """
        async with self._session(self._engine) as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only, which waits for no writer. Raises `StorageUnavailable`."""
        async with self._session(self._reading) as session:
            yield session

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if self._closed:
            raise StorageUnavailable(_sentence(self._url, "this process has closed it"))
        session = AsyncSession(engine, expire_on_commit=False)
        self._sessions += 1
        self._idle.clear()
        try:
            with _explain(self._url, connecting=True):
                await session.connection()
            with _explain(self._url):
                yield session
        except BaseException:
            await self._end(session.close())
            raise
        with _explain(self._url):
            await self._end(_commit(session))

    async def _end(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the last that a session does run to its end, even if whoever waits for it leaves.

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

    async def close(self) -> None:
        """Close every connection, once the transactions under way have ended; no more begin.

        Whoever comes too late, like the answer to a member while the bot stops, must not open a
        connection that nobody would close.
        """
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._idle.wait()
        await self._engine.dispose()
        # A thread that was told to stop may still be at work, and report to a loop that is gone.
        for thread in self._threads:
            await asyncio.to_thread(thread.join, PATIENCE_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


async def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, creating SQLite's file and folder.

    All of it in one transaction, and one process at a time: a process that is killed in the
    middle leaves the database as it was. Raises `StorageUnavailable`.
    """
    parsed = _parse(url)
    if _is_sqlite(parsed):
        try:
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(_sentence(parsed, error.strerror or str(error))) from error
    engine = _create_engine(parsed, [], migrating=True)
    try:
        with _explain(parsed, connecting=True):
            async with engine.begin() as connection:
                if not _is_sqlite(parsed):
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
                    )
                await connection.run_sync(
                    lambda connection: command.upgrade(migration_config(connection), "head")
                )
    except CommandError as error:
        # Alembic's word for a revision in the database that this code does not have.
        reason = "it was made by a newer version of Darkroom"
        raise StorageUnavailable(_sentence(parsed, reason)) from error
    finally:
        await engine.dispose()


def files_of(url: str) -> tuple[Path, ...]:
    """The files that a database is in, there or not; none for Postgres.

    Raises `StorageUnavailable` for an address that cannot be one.
    """
    parsed = _parse(url)
    if not _is_sqlite(parsed):
        return ()
    return tuple(Path(f"{parsed.database}{end}") for end in ("", "-wal", "-shm", "-journal"))


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations over an open connection, from any folder."""
    config = Config()
    # Alembic's configuration interpolates "%".
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def _commit(session: AsyncSession) -> None:
    try:
        await session.commit()
    finally:
        await session.close()


def _parse(url: str) -> URL:
    """Turn an address as people write it into one that names the async driver."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise StorageUnavailable(
            "The database's address cannot be read; it looks like sqlite:///path/to/file "
            "or postgresql://user:password@host/name."
        ) from error
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StorageUnavailable(
                "The database's address names no file, and a database in memory would lose "
                "everything at the next start; write sqlite:///path/to/file."
            )
        return parsed.set(drivername="sqlite+aiosqlite")
    if kind in ("postgresql", "postgres"):
        query = dict(parsed.query)
        if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
            query["ssl"] = query.pop("sslmode")
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise StorageUnavailable(
        f"A database of the kind {kind!r} is not supported; "
        "the address must begin with sqlite:/// or postgresql://."
    )


def _is_sqlite(url: URL) -> bool:
    return url.drivername.startswith("sqlite")


def _create_engine(url: URL, threads: list[Thread], *, migrating: bool = False) -> AsyncEngine:
    """The engine; `threads` gathers those that SQLite's connections work in."""
    # Parameters are prompts and names of people: they have no place in a log.
    if not _is_sqlite(url):
        waits: dict[str, Any] = {"timeout": PATIENCE_S}
        if not migrating:  # rebuilding a large table, or waiting for who does, takes its time
            waits["command_timeout"] = PATIENCE_S
        return create_async_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args=waits
        )

    def connect(file: str, **options: Any) -> aiosqlite.Connection:
        connection = _StoppedOnce(lambda: _Unlocking(file, **options), iter_chunk_size=64)
        # A process may end without waiting for it, as with those that SQLAlchemy makes.
        connection._thread.daemon = True
        threads[:] = [thread for thread in threads if thread.is_alive()]
        threads.append(connection._thread)
        return connection

    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": PATIENCE_S, "async_creator_fn": connect},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # The driver must not begin transactions on its own: in its default mode it begins them
        # late, as deferred ones, which fail at once where an immediate one would wait.
        connection.isolation_level = None
        cursor = connection.cursor()
        if migrating:
            # Stays in the file. Tables are rebuilt by dropping the old one, which must not
            # delete what refers to it: foreign keys stay off, as they are by default.
            cursor.execute("PRAGMA journal_mode = WAL")
        else:
            cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN IMMEDIATE"))

    return engine


class _StoppedOnce(aiosqlite.Connection):
    """Can be stopped again after its thread has ended; the driver's own would wait for ever."""

    _stopped = False

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopped:
            return None
        self._stopped = True
        return super().stop()


class _Unlocking(sqlite3.Connection):
    """Gives the write lock back when it is closed.

    Whoever is cancelled in the middle of a statement leaves it unfinished, and SQLite keeps a
    closed connection open, lock and all, until its last statement has been thrown away.
    """

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # closed before, which is no mistake
            self.rollback()
        super().close()


@contextmanager
def _explain(url: URL, *, connecting: bool = False) -> Iterator[None]:
    """Turn errors that say that the database is away into `StorageUnavailable`.

    Other errors are our own mistakes and stay what they are. While `connecting`, the operating
    system's errors count too; later they can only be the caller's own.
    """
    try:
        yield
    except PoolTimeout as error:
        reason = "all connections to it are busy"
        raise StorageUnavailable(_sentence(url, reason)) from error
    except TimeoutError as error:
        reason = f"it gave no answer within {PATIENCE_S} s"
        raise StorageUnavailable(_sentence(url, reason)) from error
    except DBAPIError as error:
        if not _is_away(error):
            raise
        raise StorageUnavailable(_sentence(url, _reason(error.orig))) from error
    except (OSError, TypeError) as error:
        # asyncpg reports an option of the address that it does not know as a TypeError.
        if not connecting:
            raise
        raise StorageUnavailable(_sentence(url, _reason(error))) from error


def _is_away(error: DBAPIError) -> bool:
    """Whether the database itself is at fault, and not the statement."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return True
    if type(error.orig) is sqlite3.DatabaseError:  # a damaged file, or no database at all
        return True
    code = _code(error.orig)
    # Postgres's classes of errors: connection, authorisation, no such database, resources,
    # intervention by an operator, system.
    return code[:2] in ("08", "28", "3D", "53", "57", "58") or code == NO_SUCH_TABLE


def _reason(error: BaseException | None) -> str:
    message = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    if _code(error) == NO_SUCH_TABLE or message.startswith("no such table"):
        return "its tables are missing; `darkroom migrate` makes them"
    if message == "database is locked":
        return f"another program has kept it locked for {PATIENCE_S} s"
    return message


def _code(error: BaseException | None) -> str:
    """Postgres's code of an error; empty for SQLite's."""
    return str(getattr(error, "sqlstate", None) or "")


def _sentence(url: URL, reason: str) -> str:
    # Rendered without the password, and without the options, which may hold another.
    shown = url.set(drivername=url.drivername.partition("+")[0], query={}).render_as_string()
    return f"The database {shown} cannot be used: {reason}."


async def upsert(
    session: AsyncSession,
    table: type[DeclarativeBase],
    values: Mapping[str, Any],
    *,
    update: Collection[str],
) -> None:
    """Insert a row, or set the columns `update` where a row with its primary key is there.

    Either way the row is locked until the end of the transaction.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = (sqlite_insert if sqlite else postgresql_insert)(table).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[column.name for column in inspect(table).primary_key],
            set_={name: statement.excluded[name] for name in update},
        )
    )
