"""Database errors: whether one means that the database is unavailable, and why."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import StorageUnavailable as StorageUnavailable

TIMEOUT_S = 30
"""How long a statement may wait for a lock or an answer before the database is unavailable."""
MAX_IDLE_S = 10.0
"""How long a bot may keep a transaction open without doing anything. Then Postgres ends it, with
its locks: a bot that stands still, or whose machine is gone, must not hold up the others."""
UNDEFINED_TABLE = "42P01"
"""Postgres's error code for a table that does not exist."""


@contextmanager
def translate_errors(url: URL, *, connecting: bool = False) -> Iterator[None]:
    """Turn errors that mean that the database is unavailable into `StorageUnavailable`.

    Other errors are our own mistakes and are raised unchanged. While `connecting`, the operating
    system's errors count too; later they can only be the caller's own.
    """
    try:
        yield
    except PoolTimeout as error:
        raise unavailable(url, "all connections to it are busy") from error
    except TimeoutError as error:
        raise unavailable(url, f"it gave no answer within {TIMEOUT_S} s") from error
    except DBAPIError as error:
        if not _is_unavailable(error):
            raise
        raise unavailable(url, _reason(error.orig)) from error
    except (OSError, TypeError) as error:
        # asyncpg raises TypeError for an option of the address that it does not know.
        if not connecting:
            raise
        raise unavailable(url, _reason(error)) from error


def unavailable(url: URL, reason: str) -> StorageUnavailable:
    """The error for this database and this reason, a clause without a full stop."""
    # Rendered without the password, and without the options, which may hold another.
    shown = url.set(drivername=url.drivername.partition("+")[0], query={}).render_as_string()
    return StorageUnavailable(f"The database {shown} cannot be used: {reason}.")


def _is_unavailable(error: DBAPIError) -> bool:
    """Whether the database itself is at fault, and not the statement."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return True
    if type(error.orig) is sqlite3.DatabaseError:  # a damaged file, or no database at all
        return True
    code = _code(error.orig)
    # Not of the server but of its driver: a connection ended in the middle of a question.
    if isinstance(error, InternalError) and not code:
        return True
    # Postgres's classes of errors: connection, authorisation, no such database, resources,
    # intervention by an operator, system.
    return code[:2] in ("08", "28", "3D", "53", "57", "58") or code == UNDEFINED_TABLE


def _reason(error: BaseException | None) -> str:
    message = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    if _code(error) == UNDEFINED_TABLE or message.startswith("no such table"):
        return "its tables are missing; `darkroom migrate` makes them"
    if message == "database is locked":
        return f"another program has kept it locked for {TIMEOUT_S} s"
    return message


def _code(error: BaseException | None) -> str:
    """Postgres's code of an error; empty for SQLite's."""
    return str(getattr(error, "sqlstate", None) or "")
