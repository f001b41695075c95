"""A migrated SQLite file: made once and copied, as migrating takes longer than most tests.

`from tests.support.migrated import migrated_file` in a conftest makes the fixture known.
"""

import asyncio
from pathlib import Path

import pytest

from storage.database import migrate


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "darkroom.db"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file
