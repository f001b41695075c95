"""How a database stands: its schema, its size, whether it can be written. Changes nothing."""

from dataclasses import dataclass
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.connection import Database
from storage.database.migration import migration_config
from storage.database.url import files_of

LOCK_TIMEOUT_S = 3
"""How long to wait for the lock of another program before the database counts as not writable."""


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """`exists` is whether there is anything yet; without it, the rest is unknown.

    `schema` is the number of the last migration that ran, None if none has. `newest` is the last
    one that this code has, `schema_title` what the other was for, None if this code lacks it.
    `not_writable` is why nothing can be written, None where it can.
    """

    kind: str
    exists: bool
    newest: str
    schema: str | None = None
    schema_title: str | None = None
    size_bytes: int = 0
    not_writable: str | None = None


async def inspect_database(url: str) -> DatabaseState:
    """Look at the database at `url`, without making or migrating it. Raises StorageUnavailable."""
    scripts = ScriptDirectory.from_config(migration_config(None))
    newest = scripts.get_current_head()
    assert newest is not None, "there is at least one migration"
    files = files_of(url)
    kind = "SQLite" if files else "Postgres"
    # Opening a missing file would make it.
    if files and not files[0].exists():
        return DatabaseState(kind, False, newest)
    async with Database(url) as database:
        async with database.reading() as session:
            connection = await session.connection()
            schema = await connection.run_sync(_schema_of)
            size_bytes = _size_of(files) if files else await _postgres_size(session)
        if schema is None:
            return DatabaseState(kind, False, newest, size_bytes=size_bytes)
        not_writable = await _try_to_write(database, kind)
    known = {script.revision: script for script in scripts.walk_revisions()}
    title = known[schema].doc if schema in known else None
    return DatabaseState(kind, True, newest, schema, title, size_bytes, not_writable)


def _schema_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _size_of(files: tuple[Path, ...]) -> int:
    return sum(file.stat().st_size for file in files if file.exists())


async def _postgres_size(session: AsyncSession) -> int:
    size = await session.scalar(text("SELECT pg_database_size(current_database())"))
    return int(size or 0)


async def _try_to_write(database: Database, kind: str) -> str | None:
    """Write what is there already, and take it back. Returns why that is not possible."""
    timeout = (
        f"PRAGMA busy_timeout = {1000 * LOCK_TIMEOUT_S}"
        if kind == "SQLite"
        else f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"
    )
    async with database.reading() as session:
        try:
            await session.execute(text(timeout))
            await session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        except DBAPIError as error:
            return str(error.orig).partition("\n")[0]
        finally:
            await session.rollback()
    return None
