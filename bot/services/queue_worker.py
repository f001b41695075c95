"""The one loop between the queue and inference: claims jobs and follows them.

The database is the queue; what is in memory here can be lost at any instant. Whatever a job's
end is, it is stored first and shown afterwards, by `bot.delivery.job_publisher`.
"""

import asyncio
import contextlib
import functools
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import LiveMessage
from bot.i18n.texts import Text, say, say_unmarked
from bot.images.grid import compose_preview, copy_label
from bot.messages import job_messages
from bot.messages.specs import AttachmentSpec
from bot.models.registry import ModelRegistry
from bot.policy.places import Places
from bot.prompts.seeds import own_seed
from bot.retry import until_stored
from diffusion.protocol.client import InferenceClient, InferenceRefused, InferenceUnavailable
from diffusion.protocol.events import Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest
from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import Job
from storage.models import COPIED_KINDS, JobKind, JobState, RemovedBy
from storage.pictures import PictureFolder, PictureMissing, PictureNotSaved, of_job

log = logging.getLogger(__name__)

PREVIEW_COUNT = 8
"""Previews asked for: about one for each edit that Discord allows while a job runs."""

POLL_INTERVAL_S = 5.0
"""Seconds after which the queue is looked at without having been woken."""

INFERENCE_RETRY_INTERVAL_S = 1.0
"""Seconds to leave inference alone after it was away."""

MAX_INFERENCE_PAUSE_S = 30.0
"""Seconds that a server may ask to be left alone."""

MAX_UPSCALED_SIDE_PX = 4096
"""Pixels that the longer side of an enlarged picture has at most."""

MAX_INTERRUPTIONS = 3
"""How often a job may lose inference in the middle before it is held to be the cause."""


class _JobFailed(Exception):
    """The job cannot succeed; the message is the reason."""


async def wait_for_event(news: asyncio.Event, seconds: float) -> None:
    """Wait until there is news, or until the time is over."""
    # `wait_for` would do, but until Python 3.12 it swallows a cancellation that comes with the
    # news, and whoever waits for the cancelled task then waits for ever.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


DRAWN = frozenset(JobKind) - COPIED_KINDS


class QueueWorker:
    """Has at most `concurrency` jobs drawn at a time; the queue decides fairly which.

    Pictures that are there already are handed out beside that, even while inference is away.
    """

    def __init__(
        self,
        database: Database,
        folder: PictureFolder,
        inference: InferenceClient,
        registry: ModelRegistry,
        publisher: JobPublisher,
        places: Places,
        concurrency: int,
    ) -> None:
        self._database = database
        self._folder = folder
        self._inference = inference
        self._registry = registry
        self._publisher = publisher
        self._members = places
        self._places = asyncio.Semaphore(concurrency)
        self._news = {kinds: asyncio.Event() for kinds in (DRAWN, COPIED_KINDS)}
        self._pause = 0.0
        self._drawing: set[asyncio.Task[None]] = set()
        self._breaks: Counter[str] = Counter()
        self._following: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There may be something new in the queue."""
        for news in self._news.values():
            news.set()

    @property
    def waits_for_inference(self) -> bool:
        """Whether nothing is begun because inference is away or busy."""
        return self._pause > 0

    async def run(self) -> None:
        """Take up what an earlier process left, then work until cancelled."""
        requeued = await until_stored(lambda: jobs.requeue_unfinished(self._database))
        if requeued:
            log.info("%d unfinished jobs go back to the queue.", requeued)
        await until_stored(lambda: self._publisher.take_up(self.wake))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._have_drawn())
                both.create_task(self._hand_out())
        finally:
            for task in self._following.values():
                task.cancel()
            await asyncio.gather(*self._following.values(), return_exceptions=True)
            await self._publisher.stop()

    async def cancel(self, job_id: str) -> bool:
        """Stop a queued or running job. False if it has ended already."""
        if not await jobs.cancel(self._database, job_id):
            return False
        if task := self._following.get(job_id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._end(job_id)
        return True

    # Between the queue and inference.

    async def _have_drawn(self) -> None:
        while True:
            await self._places.acquire()
            await self._alone_if_something_breaks()
            job = await self._next(DRAWN)
            task = self._begin(job, self._follow(job))
            self._drawing.add(task)
            task.add_done_callback(self._free_place)

    async def _hand_out(self) -> None:
        while True:
            job = await self._next(COPIED_KINDS)
            self._begin(job, self._hand_over(job))

    async def _hand_over(self, job: Job) -> None:
        try:
            await until_stored(lambda: self._stored_picture(job))
        except PictureMissing:
            # It has to be drawn again. That is rare, and needs no place among the others.
            await self._wait_for_inference()
        await self._follow(job)

    async def _alone_if_something_breaks(self) -> None:
        """After inference broke off, run jobs one by one, so that the cause is found out."""
        if self._breaks and self._drawing:
            await asyncio.wait(self._drawing)

    async def _next(self, kinds: frozenset[JobKind]) -> Job:
        while True:
            if kinds is DRAWN:
                await self._wait_for_inference()
            self._news[kinds].clear()
            job = await until_stored(lambda: jobs.claim_next(self._database, kinds))
            if job:
                return job
            await wait_for_event(self._news[kinds], POLL_INTERVAL_S)

    def _begin(self, job: Job, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._following[job.id] = task
        task.add_done_callback(functools.partial(self._forget, job.id))
        return task

    async def _wait_for_inference(self) -> None:
        while self._pause:
            await asyncio.sleep(self._pause)
            self._pause = 0.0 if await self._registry.refresh() else INFERENCE_RETRY_INTERVAL_S

    def _forget(self, job_id: str, task: asyncio.Task[None]) -> None:
        # A job that was put back may have been claimed again by now.
        if self._following.get(job_id) is task:
            del self._following[job_id]

    def _free_place(self, task: asyncio.Task[None]) -> None:
        self._drawing.discard(task)
        self._places.release()

    def _end(self, job_id: str) -> None:
        self._breaks.pop(job_id, None)
        self._publisher.show_end(job_id)

    async def _follow(self, claimed: Job) -> None:
        job = await until_stored(lambda: jobs.get(self._database, claimed.id))
        if job is None or job.state is not JobState.RUNNING:
            return  # Cancelled between the claim and now.
        live = self._publisher.follow(job)
        try:
            await self._work(job, live)
        except InferenceUnavailable as error:
            await self._put_back(job, live, error)
            return
        except StorageUnavailable:
            # Nothing says that the job itself is at fault.
            await until_stored(lambda: jobs.requeue(self._database, job.id))
            return
        except _JobFailed as error:
            await self._fail(job, str(error))
        except PictureMissing as error:
            await self._fail(job, str(error))
        except PictureNotSaved as error:
            # Only what shows the reason makes Markdown of it.
            reason = Text("job-failed.not-kept", {"reason": str(error)})
            await self._fail(job, say_unmarked(reason, job.locale))
        except Exception:
            log.exception("Job %s failed by a mistake of ours.", job.id)
            await self._fail(job, say("job-failed.our-mistake", job.locale))
        finally:
            await live.stop()
        self._end(job.id)

    async def _fail(self, job: Job, reason: str) -> None:
        await until_stored(lambda: jobs.fail(self._database, job.id, reason))

    async def _work(self, job: Job, live: LiveMessage) -> None:
        server_id = job.server_id
        if server_id is not None and not await self._members.is_member(server_id, job.member_id):
            raise _JobFailed(say("job-failed.not-a-member", job.locale))
        request = ImageRequest.from_json(job.request)
        pictures = await self._pictures_of(job, request, live)
        saved = [
            await self._folder.save(job.id, index, own_seed(noise), picture)
            for index, (noise, picture) in enumerate(zip(request.noises, pictures, strict=True))
        ]
        await until_stored(lambda: jobs.finish(self._database, job.id, saved))

    async def _pictures_of(
        self, job: Job, request: ImageRequest, live: LiveMessage
    ) -> tuple[bytes, ...]:
        if job.kind is JobKind.ENLARGE:
            return (await self._enlarged(job, request, live),)
        if job.kind is JobKind.UPSCALE:
            return (await self._found_or_drawn(job, request, live),)
        return await self._generate(job, request, live)

    async def _found_or_drawn(self, job: Job, request: ImageRequest, live: LiveMessage) -> bytes:
        """The parent's picture as it is stored, or else drawn again by the same request.

        What a moderator took away is not drawn again.
        """
        try:
            return await self._stored_picture(job)
        except PictureMissing:
            parent = await jobs.parent_of(self._database, job)
            if parent is not None and parent.removed_by is RemovedBy.MODERATOR:
                raise _JobFailed(say("job-failed.taken-away", job.locale)) from None
            (picture,) = await self._generate(job, request, live)
            return picture

    async def _enlarged(self, job: Job, request: ImageRequest, live: LiveMessage) -> bytes:
        if job.detail == "subtle":
            picture = await self._found_or_drawn(job, request, live)
        else:
            (picture,) = await self._generate(job, request, live)
        model = self._registry.of_id(request.model)
        factor = model.upscales if model else 1
        # What was drawn larger may be as large already as anybody can use.
        if factor == 1 or factor * max(request.width, request.height) > MAX_UPSCALED_SIDE_PX:
            return picture
        try:
            larger = await self._inference.upscale(picture, request.model, str(job.member_id))
        except InferenceRefused as error:
            raise _JobFailed(str(error)) from error
        return await asyncio.to_thread(copy_label, larger, picture)

    async def _stored_picture(self, job: Job) -> bytes:
        assert job.parent_id is not None, "an upscale has a parent"
        stored = await of_job(self._database, job.parent_id)
        for picture in stored:
            if picture.index == job.parent_index:
                return await self._folder.read(picture)
        raise PictureMissing(f"{job.parent_id} has no picture {job.parent_index}")

    async def _generate(
        self, job: Job, request: ImageRequest, live: LiveMessage
    ) -> tuple[bytes, ...]:
        parent = await jobs.parent_of(self._database, job)
        files = await self._files_of(request)
        events = self._inference.generate(
            request, previews=PREVIEW_COUNT, user=str(job.member_id), files=files
        )
        async with contextlib.aclosing(events):
            async for event in events:
                match event:
                    case Queued():
                        pass
                    case Progress(step, steps, previews):
                        preview = await self._preview(job, step, previews)
                        live.show(job_messages.running(job, parent, step, steps, preview))
                    case Finished(pictures):
                        return pictures
                    case Failed(reason):
                        raise _JobFailed(reason)
        raise AssertionError("the client ends every stream with Finished or Failed")

    async def _files_of(self, request: ImageRequest) -> dict[str, bytes]:
        """The pictures that a request starts from, by their digests."""
        if request.start is None:
            return {}
        digests = filter(None, (request.start.image, request.start.mask))
        return {digest: await self._folder.kept(digest) for digest in digests}

    async def _preview(
        self, job: Job, step: int, previews: tuple[bytes, ...]
    ) -> AttachmentSpec | None:
        if not previews:
            return None
        try:
            grid = await asyncio.to_thread(compose_preview, previews)
        except (OSError, ValueError):
            log.warning("Inference sent a preview that is no picture.")
            return None
        return AttachmentSpec(job_messages.preview_name(step), grid, job_messages.alt_text(job))

    async def _put_back(self, job: Job, live: LiveMessage, error: InferenceUnavailable) -> None:
        if error.broke_off:
            self._breaks[job.id] += 1
        if self._breaks[job.id] >= MAX_INTERRUPTIONS:
            await self._fail(job, say("job-failed.broke-off", job.locale, times=MAX_INTERRUPTIONS))
            await live.stop()
            self._end(job.id)
            return
        pause = min(MAX_INFERENCE_PAUSE_S, error.retry_after or INFERENCE_RETRY_INTERVAL_S)
        self._pause = max(self._pause, pause)
        await live.stop()
        await self._publisher.show_waiting(job)
        # Last of all: from here on it can be claimed again.
        await until_stored(lambda: jobs.requeue(self._database, job.id))
