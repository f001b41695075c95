"""Times questions, claims, and how many jobs a second go through the queue."""

import asyncio
import time
from collections.abc import Sequence
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
    """Milliseconds that one question took: the median and the 99th percentile."""

    median_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        ordered = sorted(1000 * one for one in seconds)
        last = len(ordered) - 1
        return cls(ordered[last // 2], ordered[round(0.99 * last)])


async def time_question(database: Database, question: Question, rows: Rows, count: int) -> Times:
    """Ask `count` times, each about somebody else, after a few times that do not count."""
    asking, taken, warm_up = Asking(rows), [], min(5, count // 4)
    end = time.perf_counter() + MAX_SECONDS
    for number in range(-warm_up, count):
        about = await asking.next(database, number + warm_up)
        begin = time.perf_counter()
        await question.ask(database, about)
        if number >= 0:
            taken.append(time.perf_counter() - begin)
        if begin > end and taken:
            break
    return Times.of(taken)


async def time_claims(database: Database, count: int) -> Times:
    """Claim, and requeue again what was claimed: so many wait as before."""
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        job = await jobs.claim_next(
            database, [*set(JobKind) - COPIED_KINDS], except_models=["none"]
        )
        taken.append(time.perf_counter() - begin)
        assert job is not None, "jobs wait"
        await jobs.requeue(database, job.id)
    return Times.of(taken)


async def jobs_per_second(database: Database, rows: Rows, workers: int, seconds: float) -> float:
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

    begin = time.perf_counter()
    await asyncio.gather(*(work(one) for one in range(workers)))
    return done / (time.perf_counter() - begin)


async def _some_new(database: Database, rows: Rows) -> list[jobs.Job]:
    found = [await jobs.get(database, sample[0]) for sample in rows.samples[-200:]]
    return [job for job in found if job is not None]
