"""`python -m benchmarks.database`: measure what the bot asks a database with many jobs.

Fills a SQLite file and a Postgres in a temporary folder, each with a few jobs and with many, asks
everything that a command, button, reaction, autocomplete or background work asks, claims, and puts
jobs through the queue. With `--write` the tables are written to docs/performance.md.
"""

import argparse
import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.database.filling import fill
from benchmarks.database.measuring import (
    Passing,
    Rate,
    Times,
    jobs_per_second,
    time_claims,
    time_question,
)
from benchmarks.database.postgres import running_postgres
from benchmarks.database.questions import QUESTIONS
from benchmarks.database.rows import MEMBERS, Rows
from benchmarks.report import table, write
from storage.database import Database, migrate

DOCUMENT, PLACE = Path("docs/performance.md"), "database"
KINDS = ("SQLite", "Postgres")
FEW_JOBS = 10_000
PASSINGS = tuple(
    Passing(bots, workers, whole)
    for whole in (False, True)
    for bots, workers in ((1, 1), (1, 4), (1, 16), (2, 8))
)
MEDIAN_GOAL_MS, P99_GOAL_MS = 10, 30
CLAIM_GOAL_MS = 5


@dataclass
class Measured:
    """One database: how each question was answered, and jobs a second."""

    name: str
    fill_s: float
    questions: dict[str, Times] = field(default_factory=dict)
    rates: dict[Passing, Rate] = field(default_factory=dict)


async def measure(kind: str, url: str, jobs: int, asked: int, seconds: float) -> Measured:
    """Fill an empty database with so many jobs, and measure."""
    begin = time.perf_counter()
    rows = Rows(jobs, members=min(MEMBERS, 2 * jobs))
    await migrate(url)
    await fill(url, rows)
    found = Measured(f"{kind}, {jobs:,} jobs", time.perf_counter() - begin)
    print(f"{found.name}: filled in {found.fill_s:.0f} s", flush=True)
    with _only_own_garbage():
        async with Database(url) as database:
            for question in QUESTIONS:
                if question.is_for(database):
                    taken = await time_question(database, question, rows, asked)
                    found.questions[question.name] = taken
            found.questions["claim"] = await time_claims(database, asked)
            passings = [one for one in PASSINGS if one.bots == 1 or database.is_shared]
        for passing in passings:
            found.rates[passing] = await jobs_per_second(url, rows, passing, seconds)
    print(f"{found.name}: measured", flush=True)
    return found


@contextmanager
def _only_own_garbage() -> Iterator[None]:
    """Leave what was there before, which is none of the bot's, out of the collector's way."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measure_all(
    kinds: Sequence[str], sizes: Sequence[int], *, asked: int, seconds: float
) -> list[Measured]:
    """Fill and measure a database of each kind with each number of jobs, one after the other."""
    measured = []
    for kind in kinds:
        for jobs in sizes:
            with databases(kind) as url:
                measured.append(asyncio.run(measure(kind, url, jobs, asked, seconds)))
    return measured


@contextmanager
def databases(kind: str) -> Iterator[str]:
    """The address of an empty database of this kind, as long as the block lasts."""
    if kind == "Postgres":
        with running_postgres() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
            yield f"sqlite:///{folder}/darkroom.sqlite"


def report(all_measured: Sequence[Measured]) -> str:
    """The tables: milliseconds of each question, and jobs a second."""
    names = [one.name for one in all_measured]
    asked = dict.fromkeys(name for one in all_measured for name in one.questions)
    rows = [
        [name, *(_cell(one.questions.get(name), name) for one in all_measured)] for name in asked
    ]
    rates = [
        [_what(passing), *(_rate(one.rates.get(passing)) for one in all_measured)]
        for passing in PASSINGS
    ]
    return "\n\n".join(
        [
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end. Milliseconds: "
            "median, 99th percentile, and in brackets the bot's CPU, with SQLite's and without "
            "Postgres's; bold is what misses its goal.",
            table(["asked", *names], rows),
            "A job's whole life has five transactions: it is posted and shown too. In brackets is "
            "the CPU that a job costs, in milliseconds: of the bots, and of Postgres.",
            table(["jobs a second", *names], rates),
        ]
    )


def _cell(times: Times | None, name: str) -> str:
    if times is None:
        return "-"
    goal = CLAIM_GOAL_MS if name == "claim" else MEDIAN_GOAL_MS
    text = f"{times.median_ms:.1f}, {times.p99_ms:.1f} ({times.cpu_ms:.1f})"
    return f"**{text}**" if times.median_ms > goal or times.p99_ms > P99_GOAL_MS else text


def _what(passing: Passing) -> str:
    steps = "its whole life" if passing.whole else "queued, claimed, finished"
    bots = "one bot" if passing.bots == 1 else f"{passing.bots} bots"
    return f"{steps}: {bots}, {passing.workers} at once"


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "-"
    server = f" + {rate.server_cpu_ms:.1f}" if rate.server_cpu_ms else ""
    return f"{rate.per_second:.0f} ({rate.cpu_ms:.1f}{server})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.database", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="of the large databases")
    parser.add_argument("--only", choices=KINDS, help="one kind of database")
    parser.add_argument("--asked", type=int, default=100, help="how often each question is asked")
    parser.add_argument("--seconds", type=float, default=10.0, help="for jobs a second")
    parser.add_argument("--write", action="store_true", help=f"the tables to {DOCUMENT}")
    arguments = parser.parse_args()
    kinds = [kind for kind in KINDS if arguments.only in (None, kind)]
    sizes = sorted({min(FEW_JOBS, arguments.jobs), arguments.jobs})
    measured = measure_all(kinds, sizes, asked=arguments.asked, seconds=arguments.seconds)
    text = report(measured)
    print(text)
    if arguments.write:
        write(DOCUMENT, PLACE, text)


if __name__ == "__main__":
    main()
