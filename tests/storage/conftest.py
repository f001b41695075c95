"""Every storage test runs on SQLite and on Postgres: `database` is one of each, without rows."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from storage.database import Database, migrate
from storage.models import Base
from tests.support.migrated import migrated_file
from tests.support.postgres import create_database, execute, postgres_server, postgres_url

__all__ = ["migrated_file", "postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, without tables."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/folder/darkroom.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The address of a migrated database, made once: migrating for each test takes longer."""

    async def make() -> str:
        url = await create_database(postgres_server)
        await migrate(url)
        return url

    return asyncio.run(make())


@pytest.fixture
async def emptied_postgres(migrated_postgres: str) -> str:
    """The same database, without the rows of the test before."""
    # Faster than TRUNCATE for a few rows, which makes every table a new file.
    tables = reversed(Base.metadata.sorted_tables)
    await execute(migrated_postgres, "; ".join(f"DELETE FROM {table.name}" for table in tables))
    return migrated_postgres


@pytest.fixture
def migrated(kind: str, request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> str:
    """The address of a database with all tables and no rows."""
    if kind == "sqlite":
        return f"sqlite:///{shutil.copy(migrated_file, tmp_path)}"
    return str(request.getfixturevalue("emptied_postgres"))


@pytest.fixture
async def database(migrated: str) -> AsyncIterator[Database]:
    async with Database(migrated) as database:
        yield database


@pytest.fixture
def png() -> bytes:
    stream = BytesIO()
    Image.linear_gradient("L").resize((24, 16)).save(stream, "PNG")
    return stream.getvalue()
