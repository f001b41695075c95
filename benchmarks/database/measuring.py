"""Times questions, claims, and how many jobs a second go through the queue."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.database.questions import Asking, Question
from benchmarks.database.rows import Rows
from storage import jobs
from storage.database import Database
from storage.models import COPIED_KINDS, JobKind

MAX_SECONDS = 10.0
"""A question is asked no longer than so; a slow one is asked less often."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that one question took: the median, the 99th percentile, and of CPU.

    CPU is that of this process, which is the bot's; SQLite works within it, and Postgres does not.
    """

    median_ms: float
    p99_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How many jobs went through the queue in a second, and this process's CPU for each."""

    per_second: float
    cpu_ms: float


class _Clock:
    """Takes the times of what is done again and again."""

    def __init__(self) -> None:
        self._taken = list[float]()
        self._cpu_s = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        begin, cpu = time.perf_counter(), time.process_time()
        yield
        self._taken.append(time.perf_counter() - begin)
        self._cpu_s += time.process_time() - cpu

    def times(self) -> Times:
        ordered = sorted(1000 * one for one in self._taken)
        last = len(ordered) - 1
        cpu_ms = 1000 * self._cpu_s / len(ordered)
        return Times(ordered[last // 2], ordered[round(0.99 * last)], cpu_ms)


async def time_question(database: Database, question: Question, rows: Rows, count: int) -> Times:
    """Ask `count` times, each about somebody else, after a few times that do not count."""
    asking, clock, warm_up = Asking(rows), _Clock(), min(5, count // 4)
    for number in range(warm_up):
        await question.ask(database, await asking.next(database, number))
    end = time.perf_counter() + MAX_SECONDS
    for number in range(warm_up, warm_up + count):
        about = await asking.next(database, number)
        with clock.timed():
            await question.ask(database, about)
        if time.perf_counter() > end:
            break
    return clock.times()


async def time_claims(database: Database, count: int) -> Times:
    """Claim, and requeue again what was claimed: so many wait as before."""
    clock = _Clock()
    for _ in range(count):
        with clock.timed():
            job = await jobs.claim_next(
                database, [*set(JobKind) - COPIED_KINDS], except_models=["none"]
            )
        assert job is not None, "jobs wait"
        await jobs.requeue(database, job.id)
    return clock.times()


async def jobs_per_second(database: Database, rows: Rows, workers: int, seconds: float) -> Rate:
    """Jobs that are queued, posted, claimed, finished and shown in a second, by some workers."""
    done, message = 0, 5 * 10**18
    new = await _some_new(database, rows)

    async def work(worker: int) -> None:
        nonlocal done, message
        number = worker
        while time.perf_counter() < begin + seconds:
            number += workers
            (queued,) = await jobs.add(database, [new[number % len(new)]], limit=None)
            message += 1
            await jobs.attach_message(database, queued.id, queued.channel_id, message)
            claimed = await jobs.claim_next(database)
            assert claimed is not None, "one was just queued"
            await jobs.finish(database, claimed.id, [])
            await jobs.mark_shown(database, claimed.id, claimed.message_id)
            done += 1

    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work(one) for one in range(workers)))
    taken, cpu_s = time.perf_counter() - begin, time.process_time() - cpu
    return Rate(done / taken, 1000 * cpu_s / done)


async def _some_new(database: Database, rows: Rows) -> list[jobs.Job]:
    found = [await jobs.get(database, sample[0]) for sample in rows.samples[-200:]]
    return [job for job in found if job is not None]
