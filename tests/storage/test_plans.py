"""What the bot asks is answered by indexes: of the large tables, only what is wanted is read.

Counted are the rows that are read and the tables that are read whole, in a small database with
statistics; how long it takes with a million jobs measures `python -m benchmarks.database`.
"""

import ast
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import storage
from benchmarks.database.changes import CHANGES
from benchmarks.database.filling import fill
from benchmarks.database.questions import QUESTIONS, WALKS, Asking
from benchmarks.database.rows import Rows
from storage.database import Database, files_of, migrate
from tests.support.plans import recorded_plans

ROOT = Path(storage.__file__).parent
JOBS, WAITING = 4_000, 300
MAX_READ_ROWS = 1_800
"""What is read for one answer at most: fewer than half of the jobs."""
OFTEN, MAX_READ_OFTEN = "every 5 s", 150
"""What each bot asks again and again reads fewer rows than there are jobs that wait."""


async def test_nothing_reads_a_large_table_whole(url: str) -> None:
    await migrate(url)
    rows = Rows(JOBS, members=200, servers=20, waiting=WAITING)
    await fill(url, rows)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(files_of(url)[0])) as connection:
            connection.execute("ANALYZE")
    asking, wrong = Asking(rows), list[str]()
    async with Database(url) as database:
        for question in (*QUESTIONS, *WALKS, *CHANGES):
            if not question.is_for(database):
                continue
            about = await asking.next(database, 1)
            with recorded_plans() as plans:
                await question.ask(database, about)
            wrong.extend(f"{question.name}: {scan}" for scan in plans.scans)
            if plans.read > (MAX_READ_OFTEN if OFTEN in question.name else MAX_READ_ROWS):
                wrong.append(f"{question.name} reads {plans.read} rows: {plans.longest}")
    assert not wrong, "\n\n".join(wrong)


def test_every_question_and_every_change_is_known_here() -> None:
    known = {f"{one.of.__module__}.{one.of.__name__}" for one in (*QUESTIONS, *WALKS, *CHANGES)}
    assert set(_of_databases()) == known


def _of_databases() -> Iterator[str]:
    """The public functions of `storage` that ask a database."""
    for file in sorted(ROOT.rglob("*.py")):
        module = ".".join(("storage", *file.relative_to(ROOT).with_suffix("").parts))
        if module.startswith(("storage.database", "storage.migrations")):
            continue
        for made in ast.parse(file.read_text()).body:
            is_public = isinstance(made, ast.AsyncFunctionDef) and not made.name.startswith("_")
            if is_public and any(one.arg == "database" for one in made.args.args):
                yield f"{module}.{made.name}"
