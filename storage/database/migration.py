"""Migrates a database to the newest schema, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from storage.database.connection import create_engine
from storage.database.errors import translate_errors, unavailable
from storage.database.url import is_sqlite, parse_url

MIGRATIONS = Path(__file__).parent.parent / "migrations"
MIGRATION_LOCK = 0x6461726B726F6F6D
"""Postgres's advisory lock for migrating: "darkroom" in ASCII."""


async def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, creating SQLite's file and folder.

    All of it in one transaction, and one process at a time: a process that is killed in the
    middle leaves the database as it was. Raises `StorageUnavailable`.
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
            async with engine.begin() as connection:
                if not is_sqlite(parsed):
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
                    )
                await connection.run_sync(
                    lambda connection: command.upgrade(migration_config(connection), "head")
                )
    except CommandError as error:
        # Alembic raises it for a revision in the database that this code does not have.
        raise unavailable(parsed, "it was made by a newer version of Darkroom") from error
    finally:
        await engine.dispose()


def migration_config(connection: Connection | None) -> Config:
    """Alembic's configuration for our migrations, from any folder.

    Without an open connection it can only read them.
    """
    config = Config()
    # Alembic's configuration interpolates "%".
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
