"""Every storage test runs on SQLite and on Postgres: `database` is one of each, without rows."""

import shutil
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from storage.database import Database, migrate
from tests.support.postgres import create_database, execute, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


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
def ready() -> dict[str, str]:
    """Migrated databases by kind, made once: migrating anew for each test takes longer."""
    return {}


@pytest.fixture
async def migrated(
    kind: str,
    request: pytest.FixtureRequest,
    ready: dict[str, str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The address of a database with all tables and no rows."""
    if kind == "sqlite":
        if kind not in ready:
            ready[kind] = f"{tmp_path_factory.mktemp('migrated')}/darkroom.sqlite"
            await migrate(f"sqlite:///{ready[kind]}")
        shutil.copy(ready[kind], tmp_path)
        return f"sqlite:///{tmp_path}/darkroom.sqlite"
    if kind not in ready:
        ready[kind] = await create_database(request.getfixturevalue("postgres_server"))
        await migrate(ready[kind])
    # Faster than TRUNCATE for a few rows, which makes every table a new file.
    tables = (
        "picture_policies",
        "favourites",
        "pictures",
        "copies",
        "jobs",
        "drafts",
        "options",
        "members",
        "servers",
    )
    await execute(ready[kind], "; ".join(f"DELETE FROM {table}" for table in tables))
    return ready[kind]


@pytest.fixture
async def database(migrated: str) -> AsyncIterator[Database]:
    async with Database(migrated) as database:
        yield database


@pytest.fixture
def png() -> bytes:
    stream = BytesIO()
    Image.linear_gradient("L").resize((24, 16)).save(stream, "PNG")
    return stream.getvalue()
