"""Claims jobs from the queue and follows each to its end.

The database is the queue; what is in memory here can be lost at any instant. However a job ends,
this is stored first and shown afterwards, by `bot.delivery.job_publisher`.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.picture_gate import PictureGate
from bot.engines.places import MAX_INTERRUPTIONS, ClaimableModels, EnginePlaces, Place
from bot.i18n.texts import say
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
"""Seconds after which the queue is looked at without having been woken."""

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
    ) -> None:
        self._database = database
        self._engines = engines
        self._registry = registry
        self._publisher = publisher
        self._runner = JobRunner(
            database, picture_store, registry, places, words, start_pictures, complete, check, gate
        )
        self._news = {kinds: asyncio.Event() for kinds in (GENERATED_KINDS, COPIED_KINDS)}
        engines.on_change(self._news[GENERATED_KINDS].set)
        self._following: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There may be something new in the queue."""
        for news in self._news.values():
            news.set()

    def waits_for_engine(self, job: Job) -> bool:
        """Whether a queued job is not begun because the engines of its model are away or busy."""
        return self._engines.is_away(job.request["model"])

    async def run(self) -> None:
        """Take up what an earlier process left, then work until cancelled."""
        requeued = await until_stored(lambda: jobs.requeue_unfinished(self._database))
        if requeued:
            log.info("%d unfinished jobs go back to the queue.", requeued)
        await until_stored(lambda: self._publisher.take_up(self.wake))
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._claim_generated())
                loops.create_task(self._claim_copied())
                loops.create_task(self._engines.keep_recovering())
        finally:
            for task in self._following.values():
                task.cancel()
            await asyncio.gather(*self._following.values(), return_exceptions=True)
            await self._publisher.stop()

    async def cancel(self, job_id: str) -> bool:
        """Stop a queued or running job. False if it has ended already."""
        if not await jobs.cancel(self._database, job_id):
            return False
        await self.drop([job_id])
        self._end(job_id)
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
        claimed = await jobs.claim_unposted(self._database, job.id)
        if claimed is None:
            return None
        try:
            await self._runner.copy(claimed)
        except Exception as error:
            # Whatever it is, it happens again in the queue, which says so in the job's message.
            log.info("Job %s is not copied at once: %s", job.id, error)
            await until_stored(lambda: jobs.requeue(self._database, job.id))
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
        return await jobs.claim_next(
            self._database,
            kinds,
            resolved_only=not self._registry.is_fresh,
            only_models=models.only,
            except_models=models.but,
        )

    def _start(self, job: Job, work: Coroutine[Any, Any, None], place: Place) -> None:
        task = asyncio.create_task(work)
        self._following[job.id] = task
        task.add_done_callback(functools.partial(self._forget, job.id))
        task.add_done_callback(lambda _: place.release())

    def _forget(self, job_id: str, task: asyncio.Task[None]) -> None:
        # A job that was put back may have been claimed again by now.
        if self._following.get(job_id) is task:
            del self._following[job_id]

    # Following.

    async def _copy(self, job: Job, place: Place) -> None:
        try:
            await until_stored(lambda: self._runner.read_parent_picture(job))
        except PictureMissing:
            await self._engines.wait_until_there(job.request["model"])
        await self._follow(job, place)

    async def _follow(self, claimed: Job, place: Place) -> None:
        bind_job(claimed.id)
        job = await until_stored(lambda: jobs.get(self._database, claimed.id))
        if job is None or job.state is not JobState.RUNNING:
            return  # Cancelled between the claim and now.
        try:
            async with self._publisher.progress(job) as progress:
                await self._runner.run(job, progress, place)
        except InferenceUnavailable as error:
            await self._put_back(job, place, error)
        except StorageUnavailable:
            # Nothing says that the job itself is at fault.
            await until_stored(lambda: jobs.requeue(self._database, job.id))
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
            cause = FailureCause.BROKE_OFF
            await until_stored(lambda: jobs.fail(self._database, job.id, reason, cause))
            self._end(job.id)
            return
        place.pause(error)
        await self._publisher.show_waiting(job)
        # Last of all: from here on it can be claimed again.
        await until_stored(lambda: jobs.requeue(self._database, job.id))
