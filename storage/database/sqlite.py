"""SQLite's engine: transactions that take the write lock at once, and connections that end.

The driver's own connections keep their locks, or their threads, where ours must not.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Thread
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from storage.database import errors

BEGIN_OPTION = "sqlite_begin"
"""The execution option that says how a transaction begins; `BEGIN IMMEDIATE` without it."""

SWITCH_RETRY_INTERVAL_S = 0.05
"""Seconds between two tries to switch a file to write-ahead logging."""


def create_sqlite_engine(url: URL, threads: list[Thread], *, migrating: bool) -> AsyncEngine:
    """The engine for a file; `threads` collects those that its connections work in."""

    def connect(file: str, **options: Any) -> aiosqlite.Connection:
        connection = _Connection(lambda: _UnlockedOnClose(file, **options), iter_chunk_size=64)
        # A process may end without waiting for it, as with those that SQLAlchemy makes.
        connection._thread.daemon = True
        threads[:] = [thread for thread in threads if thread.is_alive()]
        threads.append(connection._thread)
        return connection

    engine = create_async_engine(
        url,
        # Parameters are prompts and names of people: they do not belong in a log.
        hide_parameters=True,
        connect_args={"timeout": errors.TIMEOUT_S, "async_creator_fn": connect},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # The driver must not begin transactions on its own: in its default mode it begins them
        # late, as deferred ones, which fail at once where an immediate one would wait.
        connection.isolation_level = None
        # Migrations rebuild a table by dropping the old one, which must not delete the rows that
        # refer to it: there, foreign keys stay off, as they are by default.
        cursor = connection.cursor()
        # What is deleted is overwritten: a deleted prompt must not be found in the file.
        cursor.execute("PRAGMA secure_delete = ON")
        if migrating:
            _write_ahead(cursor)
        else:
            cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get(BEGIN_OPTION, "BEGIN IMMEDIATE"))

    return engine


class _Connection(aiosqlite.Connection):
    """Goes to its thread once for a statement, and can be stopped again after its thread has ended.

    The driver's own goes there four times: to make a cursor, to execute, to fetch, and to close.
    That took the bot longer than SQLite took for the statement. And it would wait for ever for a
    thread that was stopped before.
    """

    _stopped = False
    _is_at_rest = True

    def cursor(self) -> "_Cursor":  # type: ignore[override]
        return _Cursor(self)

    async def visit(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Have the thread do something with SQLite's connection."""
        self._is_at_rest = False
        try:
            await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        except sqlite3.Error:
            self._is_at_rest = True
            raise
        self._is_at_rest = True

    async def rollback(self) -> None:
        # The pool asks for it whenever a connection comes back. What is left of a caller who was
        # cancelled may still be at work.
        if self.in_transaction or not self._is_at_rest:
            await super().rollback()

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopped:
            return None
        self._stopped = True
        return super().stop()


class _Cursor:
    """One statement and all of its rows; SQLAlchemy fetches all of them anyway."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        await self._run(lambda cursor: cursor.execute(statement, parameters))

    async def executemany(self, statement: str, parameters: Any) -> None:
        await self._run(lambda cursor: cursor.executemany(statement, parameters))

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def fetchmany(self, size: int) -> list[Any]:
        some, self._rows = self._rows[:size], self._rows[size:]
        return some

    async def fetchone(self) -> Any:
        return next(iter(await self.fetchmany(1)), None)

    async def close(self) -> None:
        self._rows = []

    async def _run(self, begin: Callable[[sqlite3.Cursor], object]) -> None:
        def run(connection: sqlite3.Connection) -> None:
            with closing(connection.cursor()) as cursor:
                begin(cursor)
                self._rows = cursor.fetchall()
                self.description = cursor.description
                self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid

        await self._connection.visit(run)


class _UnlockedOnClose(sqlite3.Connection):
    """Gives the write lock back when it is closed.

    A caller that is cancelled in the middle of a statement leaves it unfinished. SQLite keeps a
    closed connection open, with its lock, until its last statement has been thrown away.
    """

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # already closed, which is fine
            self.rollback()
        super().close()


def _write_ahead(cursor: Any) -> None:
    """Switch the file to write-ahead logging, which is stored in the file.

    SQLite's own timeout does not cover the switch: it fails at once while somebody writes.
    """
    deadline = time.monotonic() + errors.TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
        else:
            return
        # SQLAlchemy calls this within its greenlet, from which the event loop can be waited for.
        await_only(asyncio.sleep(SWITCH_RETRY_INTERVAL_S))
