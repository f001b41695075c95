"""SQLite's engine: transactions that take the write lock at once, and connections that end.

The driver's own connections keep their locks, or their threads, where ours must not.
"""

import asyncio
import sqlite3
import time
from contextlib import suppress
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
        connection = _StoppedOnce(lambda: _UnlockedOnClose(file, **options), iter_chunk_size=64)
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


class _StoppedOnce(aiosqlite.Connection):
    """Can be stopped again after its thread has ended; the driver's own would wait for ever."""

    _stopped = False

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopped:
            return None
        self._stopped = True
        return super().stop()


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
