"""Migrates a database to the newest schema, with Alembic."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database.connection import create_engine
from storage.database.errors import translate_errors, unavailable
from storage.database.url import is_sqlite, parse_url

MIGRATIONS = Path(__file__).parent.parent / "migrations"
MIGRATION_LOCK = 0x6461726B726F6F6D
"""Postgres's advisory lock for migrating: "darkroom" in ASCII."""
LOCK_RETRY_INTERVAL_S = 0.1
"""Seconds between two tries to be the one that migrates."""

log = logging.getLogger(__name__)


async def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, creating SQLite's file and folder.

    One process at a time. A process that is killed in the middle leaves the database as it was, or
    as it was between two migrations. On Postgres, bots that use the database meanwhile go on.
    Raises `StorageUnavailable`.
    """
    parsed = parse_url(url)
    if is_sqlite(parsed):
        try:
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable(parsed, error.strerror or str(error)) from error
    engine = create_engine(parsed, [], migrating=True)
    try:
        with translate_errors(parsed, connecting=True):
            if is_sqlite(parsed):
                async with engine.begin() as connection:
                    await connection.run_sync(_upgrade)
            else:
                async with _alone(engine), engine.connect() as connection:
                    await connection.run_sync(_upgrade, beside_others=True)
    except CommandError as error:
        # Alembic raises it for a revision in the database that this code does not have.
        raise unavailable(parsed, "it was made by a newer version of Darkroom") from error
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Wait until no other process migrates the Postgres database, and keep others waiting.

    A process that waits asks again and again: one that waited within a statement would be waited
    for by the indexes that are made meanwhile.
    """
    async with engine.connect() as connection:
        # Of the transaction, which stays open and idle: poolers may share a session's lock.
        ask = text("SELECT pg_try_advisory_xact_lock(:lock)")
        while not await connection.scalar(ask, {"lock": MIGRATION_LOCK}):
            await connection.rollback()
            await asyncio.sleep(LOCK_RETRY_INTERVAL_S)
        # The server may end idle transactions. And this statement has no snapshot of the data, as
        # the one before does, for which making an index would wait.
        await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield


def _upgrade(connection: Connection, beside_others: bool = False) -> None:
    config = migration_config(connection)
    config.attributes["beside_others"] = beside_others
    before = _revision(connection)
    if beside_others:
        connection.commit()  # Alembic begins and ends its own transactions.
    begin = time.monotonic()
    command.upgrade(config, "head")
    if (after := _revision(connection)) != before:
        taken_s = time.monotonic() - begin
        log.info("The database's schema went from %s to %s in %.1f s.", before, after, taken_s)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def migration_config(connection: Connection | None) -> Config:
    """Alembic's configuration for our migrations, from any folder.

    Without an open connection it can only read them.
    """
    config = Config()
    # Alembic's configuration interpolates "%".
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
