"""Connections to Postgres: how long they wait, how they are set up, and when one that rested is
asked whether it still is one."""

import time
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.database import errors
from storage.database.pooler import fit_to_pooler

RANDOM_PAGE_COST = 1.1
"""What Postgres takes reading at another place for, on SSDs or in memory: reading on is 1."""

MAX_UNASKED_S = 1.0
"""A connection that rested for longer is asked whether it still is one, before it is used."""

RESTS_SINCE = "rests_since"
"""The key in a connection's `info` of when it was given back, by the monotonic clock."""


def create_postgres_engine(url: URL, *, migrating: bool) -> AsyncEngine:
    """The engine for a server."""
    timeouts: dict[str, Any] = {"timeout": errors.TIMEOUT_S}
    if not migrating:  # rebuilding a large table, or waiting for another migration, takes longer
        timeouts["command_timeout"] = errors.TIMEOUT_S
    # Parameters are prompts and names of people: they do not belong in a log.
    engine = create_async_engine(url, hide_parameters=True, connect_args=timeouts)
    fit_to_pooler(engine)
    event.listen(engine.sync_engine, "checkin", _note_rest)
    event.listen(engine.sync_engine, "checkout", _check_rested)
    if not migrating:
        event.listen(engine.sync_engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    """Have Postgres end what is left open too long, and look rows up where few are wanted.

    Not among the options with which a connection begins: PgBouncer refuses those it does not know.
    """
    idle_ms = int(errors.MAX_IDLE_S * 1000)
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {idle_ms}")
    # By default it takes a row that is looked up for four times as dear as one that is read in
    # passing, as on a disk with heads. It would read all members for some that wait.
    cursor.execute(
        f"SELECT set_config(name, '{RANDOM_PAGE_COST}', false) FROM pg_settings"
        " WHERE name = 'random_page_cost' AND source = 'default'"
    )
    cursor.close()
    connection.commit()


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[RESTS_SINCE] = time.monotonic()


def _check_rested(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    """Have the pool connect anew where a connection broke while it rested.

    It may break without a sign: so it is asked, if it rested for long. Asking takes three round
    trips, as many as a whole transaction with one statement.
    """
    since = record.info.get(RESTS_SINCE)
    if since is None:
        return  # a new one
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    if time.monotonic() - since > MAX_UNASKED_S:
        try:
            connection.ping()
        except connection.dbapi.Error as error:
            raise InvalidatePoolError from error
