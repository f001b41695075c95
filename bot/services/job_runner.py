"""Runs one job: has its pictures made, or finds them, and stores them or why there are none."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.delivery.picture_gate import Judgement, PictureGate
from bot.delivery.previews import JobProgress
from bot.engines.places import Place
from bot.errors import NoModel, PictureLost, UserError
from bot.i18n.texts import Text, say, say_unmarked
from bot.images.grid import copy_label
from bot.models.registry import ModelRegistry
from bot.policy.actors import Location
from bot.policy.places import Places
from bot.prompts.seeds import own_seed
from bot.retry import until_stored
from bot.services.moderation.words import WordFilter
from bot.services.unresolved_jobs import LATER_KEY, JobResolver
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.events import Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest
from diffusion.telemetry import traces
from storage import jobs, pictures
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause, Job, NewJob
from storage.models import JobKind, JobState, RemovedBy
from storage.pictures import (
    NewPicture,
    PictureMissing,
    PictureNotRemoved,
    PictureNotSaved,
    PictureStore,
)
from storage.start_pictures import StartPictures

log = logging.getLogger(__name__)

T = TypeVar("T")

PREVIEW_COUNT = 8
"""Previews asked for: about one for each edit that Discord allows while a job runs."""

MAX_UPSCALED_SIDE_PX = 4096
"""Pixels that the longer side of an enlarged picture has at most."""

MAX_JUDGEMENT_AGE_S = 30.0
"""Seconds after which pictures are judged anew: what holds in their place may have changed."""

Complete = Callable[[Job], Awaitable[NewJob]]


class _JobFailed(Exception):
    """The job cannot succeed; the message is the reason."""

    def __init__(self, reason: str, cause: FailureCause = FailureCause.REFUSED) -> None:
        super().__init__(reason)
        self.cause = cause


class JobRunner:
    """Turns a claimed job into stored pictures."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        registry: ModelRegistry,
        places: Places,
        words: WordFilter,
        start_pictures: StartPictures,
        complete: Complete,
        check: Callable[[Job], Awaitable[None]],
        gate: PictureGate,
        prepare: Callable[[Job, Sequence[NewPicture], Sequence[bytes]], None],
    ) -> None:
        """`complete` makes the follow-up job that waited for its picture to be drawn again, and
        `check` refuses a job that its member may not have when its model is known. `prepare` begins
        with the end of a job while its pictures are being stored."""
        self._start_pictures = start_pictures
        self._complete = complete
        self._resolver = JobResolver(database, registry, check)
        self._database = database
        self._picture_store = picture_store
        self._registry = registry
        self._places = places
        self._words = words
        self._gate = gate
        self._prepare = prepare

    async def run(self, job: Job, progress: JobProgress, place: Place) -> None:
        """Run a job to its end, and store this. `place` is its place at an engine.

        Where the engine or the database is away the job is left as it was, and InferenceUnavailable
        or StorageUnavailable is raised.
        """
        try:
            await self._finish(job, progress, place)
        except (InferenceUnavailable, StorageUnavailable):
            raise
        except _JobFailed as error:
            await self._fail(job, str(error), error.cause)
        except PictureMissing as error:
            await self._fail(job, str(error), FailureCause.PICTURE_MISSING)
        except PictureNotSaved as error:
            # Stored as plain text; it becomes Markdown when it is shown.
            reason = Text("job-failed.not-kept", {"reason": str(error)})
            await self._fail(job, say_unmarked(reason, job.locale), FailureCause.NOT_KEPT)
        except Exception:
            log.exception("Job %s failed because of a bug.", job.id)
            await self._fail(job, say("job-failed.our-mistake", job.locale), FailureCause.BUG)

    async def copy(self, job: Job) -> None:
        """Finish a claimed job that only shows a picture of its parent.

        Raises PictureMissing, PictureNotSaved, StorageUnavailable.
        """
        picture = await self.read_parent_picture(job)
        (noise,) = ImageRequest.from_json(job.request).noises
        saved = await _to_its_end(
            self._picture_store.save(
                job.id, 0, own_seed(noise), picture, attempt=job.attempts, checked=True
            )
        )
        await self._note(job, await self._store(job, [saved], [picture]))

    async def read_parent_picture(self, job: Job) -> bytes:
        """Read the picture that a job was asked for with, as PNG.

        Raises PictureMissing, StorageUnavailable.
        """
        assert job.parent_id is not None, "an upscale has a parent"
        assert job.parent_index is not None, "an upscale is of one picture"
        picture = await pictures.at(self._database, job.parent_id, job.parent_index)
        if picture is None:
            raise PictureMissing(f"{job.parent_id} has no picture {job.parent_index}")
        return await self._picture_store.read(picture)

    async def _fail(self, job: Job, reason: str, cause: FailureCause) -> None:
        await until_stored(
            lambda: jobs.fail(self._database, job.id, reason, cause, lease=job.lease)
        )

    async def _finish(self, job: Job, progress: JobProgress, place: Place) -> None:
        server_id = job.server_id
        if server_id is not None and not await self._places.is_member(server_id, job.member_id):
            reason = say("job-failed.not-a-member", job.locale)
            raise _JobFailed(reason, FailureCause.NOT_A_MEMBER)
        job = await self._resolve(job)
        if LATER_KEY in job.request:
            job = await self._followup(job, progress, place)
        made = await self._make_all(job, progress, place)
        # Its previews would only take time from its end.
        progress.drop()
        saved, judged = await self._save_and_judge(job, made, progress)
        await self._note(
            job, await until_stored(lambda: self._store(job, saved, made.pictures, judged))
        )

    async def _save_and_judge(
        self, job: Job, made: Finished, progress: JobProgress
    ) -> tuple[Sequence[NewPicture], Judgement | None]:
        """Store the files of a job, and have its pictures judged meanwhile.

        None for a judgement that is too old by now, or could not be made.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        judging = asyncio.create_task(self._gate.judge(job, made.pictures))
        judged = None
        try:
            saved = await self._save(
                job, made, progress, lambda sound: self._prepare(job, sound, made.pictures)
            )
            with contextlib.suppress(StorageUnavailable):
                judged = await judging
        finally:
            judging.cancel()
            await asyncio.gather(judging, return_exceptions=True)
        return saved, judged if loop.time() - begun < MAX_JUDGEMENT_AGE_S else None

    async def _make_all(self, job: Job, progress: JobProgress, place: Place) -> Finished:
        request = ImageRequest.from_json(job.request)
        with traces.span("generate", {"darkroom.model": request.model}):
            return await self._make(job, request, progress, place)

    async def _save(
        self,
        job: Job,
        made: Finished,
        progress: JobProgress,
        on_sound: Callable[[Sequence[NewPicture]], None] | None = None,
    ) -> Sequence[NewPicture]:
        """Store the files of a job. `on_sound` as in `PictureStore.save_all`."""
        seeds = map(own_seed, ImageRequest.from_json(job.request).noises)
        with traces.span("store"):
            new = tuple(zip(seeds, made.pictures, strict=True))
            # What was drawn is kept until it can be stored: nothing is drawn twice.
            return await until_stored(
                lambda: _to_its_end(
                    self._picture_store.save_all(
                        job.id,
                        new,
                        attempt=job.attempts,
                        checked=made.checked,
                        on_sound=on_sound,
                    )
                ),
                progress.show_pictures_away,
            )

    async def _followup(self, job: Job, progress: JobProgress, place: Place) -> Job:
        """The job with its own request, which is made from a picture that is drawn again."""
        async with self._start_pictures.holding():
            drawn: set[str] = set()
            while True:
                try:
                    new = await until_stored(
                        lambda: self._complete(job), progress.show_pictures_away
                    )
                    break
                except PictureLost as lost:
                    if lost.job_id in drawn:
                        reason = _told(lost, job.locale)
                        raise _JobFailed(reason, FailureCause.PICTURE_MISSING) from lost
                    drawn.add(lost.job_id)
                    await self._draw_again(lost.job_id, progress, place)
                except UserError as error:
                    raise _JobFailed(_told(error, job.locale)) from error
            request, prompt = new.request, new.prompt
            await until_stored(
                lambda: jobs.set_request(self._database, job.id, request, prompt, lease=job.lease)
            )
        return replace(job, request=request, prompt=prompt)

    async def _draw_again(self, job_id: str, progress: JobProgress, place: Place) -> None:
        """Make the files of a finished job's pictures once more, by the same request."""
        job = await jobs.get(self._database, job_id)
        if job is None or job.removed_by is RemovedBy.MODERATOR:
            locale = "en-US" if job is None else job.locale
            reason = say("job-failed.taken-away", locale)
            raise _JobFailed(reason, FailureCause.PICTURE_MISSING)
        saved = await self._save(job, await self._make_all(job, progress, place), progress)
        await until_stored(lambda: pictures.drawn_again(self._database, job_id, saved))

    async def _note(self, job: Job, judged: Judgement | None) -> None:
        """Tell the moderators' log what the filter found."""
        if judged is not None:
            found, scores = judged.found, judged.scores
            await until_stored(lambda: self._gate.note(job, found, scores))

    async def _store(
        self,
        job: Job,
        saved: Sequence[NewPicture],
        made: Sequence[bytes],
        judged: Judgement | None = None,
    ) -> Judgement | None:
        """Finish a job with its saved pictures, and with what the filter says about them.

        They are judged here unless they were `judged` before. Of a job that was stopped meanwhile
        nothing stays, and None is returned.
        """
        judged = judged or await self._gate.judge(job, made)
        scored = [
            replace(picture, explicit_score=score)
            for picture, score in zip(saved, judged.scores, strict=True)
        ]
        if await jobs.finish(
            self._database,
            job.id,
            scored,
            verdict=judged.ruling.verdict,
            reason=judged.ruling.reason or None,
            held_back=judged.held_back,
            lease=job.lease,
        ):
            if job.attempts > 1:
                # What a try that was cut off may have saved.
                earlier = {job.id: job.attempts - 1}
                await _removed(job.id, self._picture_store.remove_of_jobs(earlier))
            return judged
        # It may be finished already: by a try whose answer was lost.
        now = await self.clear_up(job.id, job.attempts)
        if now is not None and now.attempts != job.attempts:
            await _removed(job.id, self._picture_store.remove(saved))
        return judged if now is not None and now.lease == job.lease else None

    async def clear_up(self, job_id: str, attempts: int = 1) -> Job | None:
        """Leave no files of a job that this bot may not finish any more.

        `attempts` is how often it was tried, for a job that is erased meanwhile. Returns how the
        job stands: one that another bot draws keeps its files. None if it was stopped. Raises
        StorageUnavailable.
        """
        now = await jobs.get(self._database, job_id)
        if now is None or now.state in (JobState.CANCELLED, JobState.FAILED):
            # One that was never claimed has none.
            if now is None or now.attempts:
                last = attempts if now is None else now.attempts
                await _removed(job_id, self._picture_store.remove_of_jobs({job_id: last}))
            return None
        return now

    async def _resolve(self, job: Job) -> Job:
        """The job with a request for a model that is there.

        A prompt that waited for its model is held against the rules once more: only now is all
        of it written out.
        """
        try:
            resolved = await self._resolver.resolve(job)
            if job.is_unresolved:
                here = Location(job.server_id, job.channel_id, job.member_id)
                await self._words.check(here, resolved.prompt)
            return resolved
        except NoModel as error:
            raise InferenceUnavailable("no model is known yet") from error
        except UserError as error:
            raise _JobFailed(_told(error, job.locale)) from error

    async def _make(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> Finished:
        """The pictures of a job, as PNG, one for each noise of its request."""
        match job.kind:
            case JobKind.ENLARGE:
                return Finished((await self._enlarge(job, request, progress, place),))
            case JobKind.UPSCALE:
                return await self._find_or_generate(job, request, progress, place)
            case _:
                return await self._generate(job, request, progress, place)

    async def _find_or_generate(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> Finished:
        """The parent's picture as it is stored, or else made again by the same request.

        What a moderator deleted is not made again.
        """
        try:
            # It was checked before it was stored.
            picture = await until_stored(
                lambda: self.read_parent_picture(job), progress.show_pictures_away
            )
            return Finished((picture,), checked=True)
        except PictureMissing:
            parent = await jobs.parent_of(self._database, job)
            if parent is not None and parent.removed_by is RemovedBy.MODERATOR:
                reason = say("job-failed.taken-away", job.locale)
                raise _JobFailed(reason, FailureCause.PICTURE_MISSING) from None
            return await self._generate(job, request, progress, place)

    async def _enlarge(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> bytes:
        if job.detail == "subtle":
            found = await self._find_or_generate(job, request, progress, place)
        else:
            found = await self._generate(job, request, progress, place)
        (picture,) = found.pictures
        model = self._registry.of_id(request.model)
        factor = model.upscales if model else 1
        # A creative upscale may be as large already as anybody can use.
        if factor == 1 or factor * max(request.width, request.height) > MAX_UPSCALED_SIDE_PX:
            return picture
        try:
            engine = await place.engine_for(request.model)
            larger = await engine.upscale(picture, request.model, str(job.member_id))
        except InferenceRefused as error:
            raise _JobFailed(str(error)) from error
        return await asyncio.to_thread(copy_label, larger, picture)

    async def _generate(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> Finished:
        files = await self._files_of(request, progress)
        try:
            engine = await place.engine_for(request.model)
        except InferenceRefused as error:
            raise _JobFailed(str(error)) from error
        events = engine.generate(
            request, previews=PREVIEW_COUNT, user=str(job.member_id), files=files
        )
        async with contextlib.aclosing(events):
            async for event in events:
                match event:
                    case Queued():
                        pass
                    case Progress():
                        progress.show(event)
                    case Finished():
                        return event
                    case Failed(reason):
                        raise _JobFailed(reason)
        raise AssertionError("the client ends every stream with Finished or Failed")

    async def _files_of(self, request: ImageRequest, progress: JobProgress) -> dict[str, bytes]:
        """The pictures that a request starts from, by their digests."""
        if request.start is None:
            return {}
        digests = filter(None, (request.start.image, request.start.mask))
        read = self._picture_store.kept
        return {
            one: await until_stored(functools.partial(read, one), progress.show_pictures_away)
            for one in digests
        }


def _told(error: UserError, locale: str) -> str:
    return " ".join(say_unmarked(text, locale) for text in (error.problem, error.remedy))


async def _to_its_end(saving: Coroutine[Any, Any, T]) -> T:
    """Await what a thread does, which nobody can stop: a cancellation waits until it is over."""
    task = asyncio.create_task(saving)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _removed(job_id: str, removing: Coroutine[Any, Any, None]) -> None:
    """Delete files of a job; those that cannot be deleted now stay, with a word in the log."""
    try:
        await removing
    except PictureNotRemoved as error:
        log.warning("Files of job %s are left over: %s", job_id, error)
