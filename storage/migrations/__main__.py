"""`python -m storage.migrations "what changes"`: write the next migration, for a person to read.

Compares the declared tables with those that the migrations so far make. Touches no database but
one of its own, which it throws away.
"""

import asyncio
import sys
import tempfile

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database, migrate, migration_config


async def write_next(message: str) -> None:
    """Write `versions/{number}_{message}.py`."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/compared.sqlite"
        await migrate(url)
        async with Database(url) as database, database.transaction() as session:
            connection = await session.connection()
            await connection.run_sync(_write_over, message)


def _write_over(connection: Connection, message: str) -> None:
    config = migration_config(connection)
    revisions = ScriptDirectory.from_config(config).walk_revisions()
    newest = max(int(one.revision) for one in revisions)
    command.revision(config, message, autogenerate=True, rev_id=f"{newest + 1:04}")


if __name__ == "__main__":
    asyncio.run(write_next(sys.argv[1]))
