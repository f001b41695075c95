"""Claims jobs from the queue and follows each to its end.

The database is the queue; what is in memory here can be lost at any instant. However a job ends,
this is stored first and shown afterwards, by `bot.delivery.job_publisher`.
"""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.picture_gate import PictureGate
from bot.engines.places import MAX_INTERRUPTIONS, ClaimableModels, EnginePlaces, Place
from bot.i18n.texts import say
from bot.leases import Lease, Leases
from bot.models.registry import ModelRegistry
from bot.policy.places import Places
from bot.retry import until_stored
from bot.services.job_runner import Complete, JobRunner
from bot.services.moderation.words import WordFilter
from diffusion.protocol.client import InferenceUnavailable
from diffusion.telemetry.job_context import bind_job
from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause, Job
from storage.models import COPIED_KINDS, JobKind, JobState
from storage.pictures import PictureMissing, PictureStore
from storage.start_pictures import StartPictures

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
"""Seconds after which the queue is looked at without having been woken, also for what other bots
have left behind."""

QUEUE, LOST = "queue", "lost"
"""What bots tell each other: that there may be something in the queue; that the job with the id
that follows may be lost to whoever draws it."""

GENERATED_KINDS = frozenset(JobKind) - COPIED_KINDS
"""The kinds of jobs that always need inference."""


async def wait_for_event(news: asyncio.Event, seconds: float) -> None:
    """Wait until there is news, or until the time is over."""
    # `wait_for` would do, but until Python 3.12 it swallows a cancellation that comes with the
    # news. The code that waits for the cancelled task would then wait for ever.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


class QueueWorker:
    """Runs as many jobs at a time as engines have places; the queue decides fairly which.

    Jobs that only copy a stored picture are not counted, and also run while engines are away.
    """

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        engines: EnginePlaces,
        registry: ModelRegistry,
        publisher: JobPublisher,
        places: Places,
        words: WordFilter,
        start_pictures: StartPictures,
        complete: Complete,
        check: Callable[[Job], Awaitable[None]],
        gate: PictureGate,
        leases: Leases,
    ) -> None:
        self._leases = leases
        leases.on_loss(self._lose)
        self._database = database
        self._engines = engines
        self._registry = registry
        self._publisher = publisher
        self._runner = JobRunner(
            database,
            picture_store,
            registry,
            places,
            words,
            start_pictures,
            complete,
            check,
            gate,
            publisher.prepare_end,
        )
        self._news = {kinds: asyncio.Event() for kinds in (GENERATED_KINDS, COPIED_KINDS)}
        engines.on_change(self._news[GENERATED_KINDS].set)
        self._following: dict[str, asyncio.Task[None]] = {}
        self._claimed: dict[str, Job] = {}
        """The jobs that are followed, as they were claimed."""
        self._losing: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something new in the queue, for this bot and for others."""
        self._wake_here()
        self._database.tell_bots(QUEUE)

    def _wake_here(self) -> None:
        for news in self._news.values():
            news.set()

    def waits_for_engine(self, job: Job) -> bool:
        """Whether a queued job is not begun because the engines of its model are away or busy."""
        return self._engines.is_away(job.request["model"])

    async def run(self) -> None:
        """Take up what an earlier process left, then work until cancelled.

        Where bots share the database, what any of them leaves is taken up all the time.
        """
        if not self._database.is_shared:
            await until_stored(lambda: self._take_up(jobs.requeue_unfinished))
        try:
            async with asyncio.TaskGroup() as loops:
                if self._database.is_shared:
                    loops.create_task(self._leases.keep_renewing())
                    loops.create_task(self._keep_taking_up())
                    loops.create_task(self._database.hear_bots(self._hear, self._wake_here))
                loops.create_task(self._claim_generated())
                loops.create_task(self._claim_copied())
                loops.create_task(self._engines.keep_recovering())
        finally:
            async with self._leases.letting_go():
                working = [*self._following.values(), *self._losing]
                for task in working:
                    task.cancel()
                await asyncio.gather(*working, return_exceptions=True)
                await self._publisher.stop()

    async def cancel(self, job_id: str) -> bool:
        """Stop a queued or running job. False if it has ended already."""
        if not await jobs.cancel(self._database, job_id):
            return False
        if job_id not in self._claimed:
            self._database.tell_bots(f"{LOST} {job_id}")
        await self.drop([job_id])
        self._end(job_id)
        # They may have been saved already, also by a process that was killed then.
        await until_stored(lambda: self._runner.clear_up(job_id))
        return True

    async def drop(self, job_ids: Collection[str]) -> None:
        """Stop following jobs that the database no longer has as running."""
        tasks = [task for job_id in job_ids if (task := self._following.get(job_id))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def copy_at_once(self, job: Job) -> Job | None:
        """Finish a new job that only copies a stored picture, before it has a message.

        None for a job that is left to the queue: one of another kind, or whose copy failed.
        """
        if job.kind not in COPIED_KINDS:
            return None
        claimed = await jobs.claim_unposted(self._database, job.id, job.lease)
        if claimed is None:
            return None
        try:
            await self._runner.copy(claimed)
        except Exception as error:
            # Whatever it is, it happens again in the queue, which says so in the job's message.
            log.info("Job %s is not copied at once: %s", job.id, error)
            await until_stored(lambda: jobs.requeue(self._database, job.id, lease=job.lease))
            return None
        return await jobs.get(self._database, job.id)

    # Claiming.

    async def _claim_generated(self) -> None:
        while True:
            job = await self._claim(GENERATED_KINDS)
            # Taken before anything is awaited, so that the next claim counts it.
            place = self._engines.take(job.request.get("model", ""))
            self._start(job, self._follow(job, place), place)

    async def _claim_copied(self) -> None:
        while True:
            job = await self._claim(COPIED_KINDS)
            # If it has to be generated again, that is rare, and needs no place among the others.
            place = Place(self._engines, limited=False)
            self._start(job, self._copy(job, place), place)

    async def _claim(self, kinds: frozenset[JobKind]) -> Job:
        """Claim the next job of these kinds, as soon as there is one."""
        while True:
            if kinds is GENERATED_KINDS:
                await self._engines.wait_until_free()
            self._news[kinds].clear()
            if job := await until_stored(functools.partial(self._claim_next, kinds)):
                return job
            await wait_for_event(self._news[kinds], POLL_INTERVAL_S)

    async def _claim_next(self, kinds: frozenset[JobKind]) -> Job | None:
        models = ClaimableModels() if kinds is COPIED_KINDS else self._engines.claimable()
        since = time.monotonic()
        job = await jobs.claim_next(
            self._database,
            kinds,
            resolved_only=not self._registry.is_fresh,
            only_models=models.only,
            except_models=models.but,
        )
        if job is not None:
            self._leases.hold(job, since)
        return job

    def _start(self, job: Job, work: Coroutine[Any, Any, None], place: Place) -> None:
        task = asyncio.create_task(work)
        self._following[job.id], self._claimed[job.id] = task, job
        task.add_done_callback(functools.partial(self._forget, job))
        task.add_done_callback(lambda _: place.release())

    def _forget(self, job: Job, task: asyncio.Task[None]) -> None:
        self._leases.release(job)
        # A job that was put back may have been claimed again by now.
        if self._following.get(job.id) is task:
            del self._following[job.id], self._claimed[job.id]

    # Other bots.

    async def _keep_taking_up(self) -> None:
        """Take up what dead bots left, and what was left before there were leases."""
        while True:
            await until_stored(lambda: self._take_up(jobs.requeue_expired))
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _take_up(self, requeue: Callable[[Database], Awaitable[int]]) -> None:
        if requeued := await requeue(self._database):
            log.info("%d unfinished jobs go back to the queue.", requeued)
            self.wake()
        await self._publisher.take_up(self.wake)

    def _hear(self, word: str) -> None:
        """Another bot said that there is something new."""
        what, _, job_id = word.partition(" ")
        if what == QUEUE:
            self._wake_here()
        elif what == LOST and job_id in self._claimed:
            self._leases.renew_soon()

    def _lose(self, leases: Collection[Lease]) -> None:
        """Stop drawing what was cancelled or taken by another bot."""
        for job_id, number in leases:
            claimed = self._claimed.get(job_id)
            if claimed is not None and claimed.lease == number:
                log.info("Job %s is no longer ours.", job_id)
                task = asyncio.create_task(self._drop_lost(claimed))
                self._losing.add(task)
                task.add_done_callback(self._losing.discard)

    async def _drop_lost(self, claimed: Job) -> None:
        await self.drop([claimed.id])
        self._engines.forget(claimed.id)
        await until_stored(lambda: self._runner.clear_up(claimed.id, claimed.attempts))
        self._publisher.show_again(claimed)

    # Following.

    async def _copy(self, job: Job, place: Place) -> None:
        try:
            await until_stored(
                lambda: self._runner.read_parent_picture(job),
                lambda: self._publisher.show_pictures_away(job),
            )
        except PictureMissing:
            await self._engines.wait_until_there(job.request["model"])
        await self._follow(job, place)

    async def _follow(self, claimed: Job, place: Place) -> None:
        bind_job(claimed.id)
        job = await until_stored(lambda: jobs.get(self._database, claimed.id))
        if job is None or job.state is not JobState.RUNNING or job.lease != claimed.lease:
            return  # Cancelled, or lost, between the claim and now.
        try:
            async with self._publisher.progress(job) as progress:
                await self._runner.run(job, progress, place)
        except InferenceUnavailable as error:
            await self._put_back(job, place, error)
        except StorageUnavailable:
            # Nothing says that the job itself is at fault.
            await until_stored(lambda: jobs.requeue(self._database, job.id, lease=job.lease))
        else:
            self._end(job.id)

    def _end(self, job_id: str) -> None:
        # Begun before the next jobs are claimed: the member waits for it.
        self._publisher.show_end(job_id)
        self._engines.forget(job_id)

    async def _put_back(self, job: Job, place: Place, error: InferenceUnavailable) -> None:
        """Queue a job again; one during which inference breaks off again and again fails."""
        if place.is_to_blame(job.id, error):
            reason = say("job-failed.broke-off", job.locale, times=MAX_INTERRUPTIONS)
            await until_stored(
                lambda: jobs.fail(
                    self._database, job.id, reason, FailureCause.BROKE_OFF, lease=job.lease
                )
            )
            self._end(job.id)
            await until_stored(lambda: self._runner.clear_up(job.id, job.attempts))
            return
        place.pause(error)
        await self._publisher.show_waiting(job)
        # Last of all: from here on it can be claimed again.
        await until_stored(lambda: jobs.requeue(self._database, job.id, lease=job.lease))
        self._database.tell_bots(QUEUE)
