"""The schema that migrations make is the schema that is declared, forwards and backwards."""

import asyncio
import shutil
import signal
import sqlite3
import sys
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import asyncpg
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
from storage.models import EXPRESSION_INDEXES, Base
from storage.servers import ServerSettings
from tests.support.postgres import execute

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
TABLES |= {"duties", "session_starts", "member_totals"}


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
    """All but the indexes of expressions, of which SQLAlchemy cannot read SQLite's."""
    options = {
        "include_object": lambda _, name, kind, *rest: (
            not (kind == "index" and name in EXPRESSION_INDEXES)
        )
    }
    context = MigrationContext.configure(connection, opts=options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection")
        return list(compare_metadata(context, Base.metadata))


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


async def test_waiting_jobs_of_before_name_their_models(url: str) -> None:
    models = {
        '{"model": "sdxl"}': "sdxl",
        "{}": "",
        '{"model": "", "unresolved": true}': None,
        # Halves of characters, and the character 0: Postgres stores them and cannot read them.
        r'{"model": "sdxl", "prompt": "\ud83d", "negative_prompt": "a\u0000b"}': "sdxl",
        r'{"model": "\ud83d\u0000"}': "?\ufffd",
        "[]": "",
    }

    def begin(connection: Connection) -> None:
        command.downgrade(migration_config(connection), "0016")
        connection.execute(
            text("INSERT INTO members (id, name, first_seen) VALUES (1, 'Ada', '2026-01-01')")
        )
        job = (
            "INSERT INTO jobs (id, kind, state, prompt, request, member_id, member_name,"
            " channel_id, attachment_limit, attempts, created_at) VALUES"
            " (:id, 'imagine', :state, :prompt, :request, 1, 'Ada', 1, 1, 1, '2026-01-01')"
        )
        for number, request in enumerate(models):
            for state in ("queued", "running", "done"):
                values = {"id": f"{state}{number}", "state": state, "request": request}
                connection.execute(text(job), values | {"prompt": request})

    await migrate(url)
    await on(url, begin)
    await migrate(url)
    rows = await on(url, lambda it: it.execute(text("SELECT state, prompt, model FROM jobs")).all())
    for state in ("queued", "running"):
        assert {prompt: model for one, prompt, model in rows if one == state} == models
    assert {model for state, _, model in rows if state == "done"} == {None}


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


def indexes(connection: Connection) -> dict[str, bool]:
    """The indexes of Postgres, and whether each is valid."""
    rows = connection.execute(
        text("SELECT relname, indisvalid FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid")
    )
    return {str(name): bool(is_valid) for name, is_valid in rows}


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_an_index_that_a_killed_process_left_unfinished_is_made_anew(url: str) -> None:
    await migrate(url)
    await on(url, lambda it: command.downgrade(migration_config(it), "0017"))
    unfinished = "ix_jobs_message_id"
    await execute(url, f"CREATE INDEX {unfinished} ON jobs (message_id)")
    await execute(
        url, f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{unfinished}'::regclass"
    )
    await execute(url, "CREATE INDEX ix_jobs_finished_at_id ON jobs (finished_at, id)")
    await migrate(url)
    assert all((await on(url, indexes)).values())
    assert await on(url, differences) == []


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_postgres_is_migrated_beside_a_bot_that_goes_on(url: str) -> None:
    """A bot that reads and writes is not waited for, nor does it wait."""
    await migrate(url)
    await on(url, lambda it: command.downgrade(migration_config(it), "0017"))
    connection = await asyncpg.connect(url)
    try:
        migrating = asyncio.create_task(migrate(url))
        written = 0
        while not migrating.done():
            await connection.execute(
                "INSERT INTO members (id, name, first_seen) VALUES ($1, 'Ada', now())", written
            )
            await connection.execute("UPDATE jobs SET attempts = 1 WHERE id = 'none'")
            written += 1
        await migrating
    finally:
        await connection.close()
    assert written > 10
    assert await on(url, differences) == []
