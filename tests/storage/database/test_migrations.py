"""The schema that migrations make is the schema that is declared, forwards and backwards."""

import asyncio
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import history, servers
from storage.database import (
    MIGRATIONS,
    Database,
    StorageUnavailable,
    migrate,
    migration,
    migration_config,
)
from storage.migrations.__main__ import write_next
from storage.models import Base
from storage.servers import ServerSettings

AT_ONCE = 500
"""As in the migration that folds prompts."""

T = TypeVar("T")
TABLES = {"servers", "members", "options", "jobs", "copies", "drafts", "pictures", "favourites"}
TABLES |= {"quotas", "quota_usage", "queue_shares"}
TABLES |= {"word_rules"}
TABLES |= {"defaults"}
TABLES |= {"unwanted_messages", "erasures"}
TABLES |= {"reviews", "reports", "moderation_log"}
TABLES |= {"access_rules", "blocks"}
TABLES |= {"picture_policies"}
TABLES |= {"duties"}


async def on(url: str, do: Callable[[Connection], T]) -> T:
    """Do something to the database without our own code for opening it."""
    driver = "sqlite+aiosqlite" if url.startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(make_url(url).set(drivername=driver))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(do)
    finally:
        await engine.dispose()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def checks(connection: Connection) -> dict[str | None, str]:
    found = inspect(connection).get_check_constraints("jobs")
    return {check["name"]: check["sqltext"] for check in found}


async def test_migrated_is_declared(url: str) -> None:
    await migrate(url)
    assert await on(url, differences) == []
    migrated = await on(url, checks)

    def make_declared(connection: Connection) -> None:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)

    await on(url, make_declared)  # Alembic compares no checks
    assert migrated == await on(url, checks)
    assert set(migrated) == {"ck_jobs_kind", "ck_jobs_mode", "ck_jobs_state"}


async def test_there_and_back_and_there(url: str) -> None:
    for _ in range(2):
        await migrate(url)
        assert await on(url, tables) == TABLES
        await on(url, lambda it: command.downgrade(migration_config(it), "base"))
        assert await on(url, tables) == set()
    await migrate(url)
    assert await on(url, differences) == []


async def test_migrating_again_keeps_everything(url: str) -> None:
    await migrate(url)
    async with Database(url) as database:
        await servers.save_settings(database, ServerSettings(1, style="raw"))
        await migrate(url)  # while it is open
        assert (await servers.get_settings(database, 1)).style == "raw"


async def test_prompts_of_before_are_found_in_capital_letters_and_in_small(url: str) -> None:
    def begin(connection: Connection) -> None:
        command.downgrade(migration_config(connection), "0001")
        connection.execute(
            text("INSERT INTO members (id, name, first_seen) VALUES (1, 'Ada', '2026-01-01')")
        )
        for number in range(AT_ONCE + 1):
            connection.execute(
                text(
                    "INSERT INTO jobs (id, kind, state, prompt, request, member_id, member_name,"
                    " channel_id, attachment_limit, attempts, created_at) VALUES"
                    " (:id, 'imagine', 'done', :prompt, '{}', 1, 'Ada', 1, 1, 1, '2026-01-01')"
                ),
                {"id": f"{number:032x}", "prompt": f"ÉTÉ nº {number}"},
            )

    await migrate(url)
    await on(url, begin)
    await migrate(url)
    async with Database(url) as database:
        found = await history.search(database, 1, ["été"], offset=0, limit=1)
        assert found.total == AT_ONCE + 1
        assert found.jobs[0].prompt.startswith("ÉTÉ")


async def test_migrating_at_once_migrates_once(url: str) -> None:
    await asyncio.gather(*(migrate(url) for _ in range(5)))
    assert await on(url, differences) == []


async def test_migrating_waits_for_a_program_that_writes_to_an_old_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 1")  # a file that does not write ahead yet
        other.execute("BEGIN IMMEDIATE")
        migrating = asyncio.create_task(migrate(f"sqlite:///{tmp_path}/x.sqlite"))
        done, _ = await asyncio.wait({migrating}, timeout=1)
        other.execute("ROLLBACK")
    await migrating
    assert not done


async def test_migrates_from_any_folder(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await migrate("sqlite:///made/on/the way/100%.sqlite" if url.startswith("sqlite") else url)
    assert not url.startswith("sqlite") or (tmp_path / "made/on/the way/100%.sqlite").exists()


async def test_a_newer_database_is_refused(url: str) -> None:
    await migrate(url)
    await on(url, lambda it: it.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StorageUnavailable, match="newer version of Darkroom"):
        await migrate(url)


async def test_sqlite_writes_ahead(tmp_path: Path) -> None:
    await migrate(f"sqlite:///{tmp_path}/x.sqlite")
    with sqlite3.connect(tmp_path / "x.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_killed_while_migrating_leaves_it_as_it_was(url: str) -> None:
    stop = (
        "import asyncio, os, signal, sys\n"
        "from alembic import op\n"
        "from storage.database import migrate\n"
        "make = op.create_index\n"
        "def die(*given, **named):\n"
        "    make(*given, **named)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "op.create_index = die\n"
        "asyncio.run(migrate(sys.argv[1]))\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", stop, url)
    assert await process.wait() == -signal.SIGKILL
    assert await on(url, tables) == set()
    await migrate(url)
    assert await on(url, differences) == []


async def test_the_next_migration_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written from what is declared and not yet made; here into a copy."""
    shutil.copytree(MIGRATIONS, tmp_path / "copy")
    monkeypatch.setattr(migration, "MIGRATIONS", tmp_path / "copy")
    newest = max(int(one.name[:4]) for one in (MIGRATIONS / "versions").glob("0*.py"))
    number = f"{newest + 1:04}"
    await write_next("nothing new")
    (written,) = (tmp_path / "copy" / "versions").glob(f"{number}_*.py")
    assert written.name == f"{number}_nothing_new.py"
    assert written.read_text().count("pass") == 2  # nothing to do, in either direction
    first = tmp_path / "copy" / "versions" / "0001_first_tables.py"
    first.write_text(
        first.read_text().replace('sa.Column("served_at", sa.DateTime(timezone=True)),', "")
    )
    written.unlink()
    await write_next("service")
    (written,) = (tmp_path / "copy" / "versions").glob(f"{number}_*.py")
    assert (
        "sa.Column('served_at', sa.DateTime(timezone=True), nullable=True)" in written.read_text()
    )


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
