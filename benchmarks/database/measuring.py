"""Times questions, claims, and how many jobs a second go through the queue."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import psutil
from sqlalchemy import text, update

from benchmarks.database.questions import Asking, Question
from benchmarks.database.rows import Rows
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import COPIED_KINDS, JobKind, JobRow

POSTED_AT_ONCE = 20
"""Jobs that get their messages in one statement, where that is not measured."""

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
    """How many jobs went through the queue in a second, and milliseconds of CPU for each: of the
    bots, and of Postgres's processes, 0 for SQLite, which works within the bot."""

    per_second: float
    cpu_ms: float
    server_cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Passing:
    """How jobs go through the queue: by how many bots, each with so many workers, and which part of
    their lives is measured."""

    bots: int
    workers: int
    whole: bool
    """Whether a job is posted and shown too, beside being queued, claimed and finished."""


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


async def jobs_per_second(url: str, rows: Rows, passing: Passing, seconds: float) -> Rate:
    """How many jobs pass in a second. Several bots are processes of their own, as in a fleet."""
    async with Database(url) as database:
        new = [await jobs.get(database, sample[0]) for sample in rows.samples[-200:]]
        before_s = await _server_cpu_s(database)
        work = partial(_pass_alone, url, [job for job in new if job], passing, seconds)
        # Also one bot is a process of its own: its loop is not disturbed by what measures.
        loop, spawn = asyncio.get_running_loop(), get_context("spawn")
        with ProcessPoolExecutor(passing.bots, mp_context=spawn) as bots:
            passed = await asyncio.gather(
                *(loop.run_in_executor(bots, work, number) for number in range(passing.bots))
            )
        server_cpu_s = await _server_cpu_s(database) - before_s
    many = sum(one.jobs for one in passed)
    return Rate(
        sum(one.jobs / one.taken_s for one in passed),
        1000 * sum(one.cpu_s for one in passed) / many,
        1000 * server_cpu_s / many,
    )


@dataclass(frozen=True, slots=True)
class _Passed:
    """What one bot did."""

    jobs: int
    taken_s: float
    cpu_s: float


def _pass_alone(
    url: str, new: Sequence[Job], passing: Passing, seconds: float, number: int
) -> _Passed:
    async def work() -> _Passed:
        async with Database(url) as database:
            bot = _Bot(database, new, passing, 5 * 10**18 + number * 10**15)
            await bot.work(min(1.0, seconds))  # statements are compiled, and connections made
            return await bot.work(seconds)

    return asyncio.run(work())


class _Bot:
    """Puts jobs through the queue, some at once."""

    def __init__(
        self, database: Database, new: Sequence[Job], passing: Passing, message_id: int
    ) -> None:
        self._database, self._new, self._passing = database, new, passing
        self._message_id, self._done = message_id, 0
        self._unposted: list[str] = []

    async def work(self, seconds: float) -> _Passed:
        self._done = 0
        begin, cpu = time.perf_counter(), time.process_time()
        once = self._live if self._passing.whole else self._queue_and_finish

        async def go_on() -> None:
            while not self._done or time.perf_counter() < begin + seconds:
                await once()
                self._done += 1

        await asyncio.gather(*(go_on() for _ in range(self._passing.workers)))
        taken_s, cpu_s = time.perf_counter() - begin, time.process_time() - cpu
        return _Passed(self._done, taken_s, cpu_s)

    async def _live(self) -> None:
        """A job's whole life. What is claimed is another job: one that waits for longer."""
        queued = await self._add()
        self._message_id += 1
        await jobs.attach_message(self._database, queued.id, queued.channel_id, self._message_id)
        claimed = await self._claim_and_finish()
        await jobs.mark_shown(self._database, claimed.id, claimed.message_id)

    async def _queue_and_finish(self) -> None:
        """The same without its messages: all that were queued get theirs in one statement."""
        self._unposted.append((await self._add()).id)
        if len(self._unposted) >= POSTED_AT_ONCE:
            posted, self._unposted = self._unposted, []
            async with self._database.transaction() as session:
                await session.execute(
                    update(JobRow)
                    .where(JobRow.id.in_(posted))
                    .values(message_id=self._message_id, leased_until=None)
                )
        await self._claim_and_finish()

    async def _add(self) -> Job:
        new = self._new[self._done % len(self._new)]
        (queued,) = await jobs.add(self._database, [new], limit=None)
        return queued

    async def _claim_and_finish(self) -> Job:
        claimed = await jobs.claim_next(self._database)
        assert claimed is not None, "jobs wait"
        finished = await jobs.finish(self._database, claimed.id, [], lease=claimed.lease)
        assert finished, "nobody else has it"
        return claimed


async def _server_cpu_s(database: Database) -> float:
    """The CPU that Postgres's processes have used, also those that have ended."""
    if not database.is_shared:
        return 0.0
    async with database.reading() as session:
        backend = psutil.Process(await session.scalar(text("SELECT pg_backend_pid()")))
    server = backend.parent()
    assert server is not None, "each connection has a process of the server"
    ended = server.cpu_times()
    alive = [process.cpu_times() for process in server.children()]
    of_ended: float = ended.children_user + ended.children_system
    return of_ended + sum(one.user + one.system for one in alive)
