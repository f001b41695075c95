"""Runs one job: has its pictures made, or finds them, and stores them or why there are none."""

import asyncio
import contextlib
import logging

from bot.delivery.previews import JobProgress
from bot.engines.places import Place
from bot.errors import NoModel, UserError
from bot.i18n.texts import Text, say, say_unmarked
from bot.images.grid import copy_label
from bot.models.registry import ModelRegistry
from bot.policy.places import Places
from bot.prompts.seeds import own_seed
from bot.retry import until_stored
from bot.services.unresolved_jobs import JobResolver
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.events import Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest
from diffusion.telemetry import traces
from storage import jobs, pictures
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause, Job
from storage.models import JobKind, RemovedBy
from storage.pictures import PictureFolder, PictureMissing, PictureNotSaved

log = logging.getLogger(__name__)

PREVIEW_COUNT = 8
"""Previews asked for: about one for each edit that Discord allows while a job runs."""

MAX_UPSCALED_SIDE_PX = 4096
"""Pixels that the longer side of an enlarged picture has at most."""


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
        folder: PictureFolder,
        registry: ModelRegistry,
        places: Places,
    ) -> None:
        self._resolver = JobResolver(database, registry)
        self._database = database
        self._folder = folder
        self._registry = registry
        self._places = places

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
        saved = await self._folder.save(job.id, 0, own_seed(noise), picture)
        await jobs.finish(self._database, job.id, [saved])

    async def read_parent_picture(self, job: Job) -> bytes:
        """Read the picture that a job was asked for with, as PNG. Raises PictureMissing."""
        assert job.parent_id is not None, "an upscale has a parent"
        assert job.parent_index is not None, "an upscale is of one picture"
        picture = await pictures.at(self._database, job.parent_id, job.parent_index)
        if picture is None:
            raise PictureMissing(f"{job.parent_id} has no picture {job.parent_index}")
        return await self._folder.read(picture)

    async def _fail(self, job: Job, reason: str, cause: FailureCause) -> None:
        await until_stored(lambda: jobs.fail(self._database, job.id, reason, cause))

    async def _finish(self, job: Job, progress: JobProgress, place: Place) -> None:
        server_id = job.server_id
        if server_id is not None and not await self._places.is_member(server_id, job.member_id):
            reason = say("job-failed.not-a-member", job.locale)
            raise _JobFailed(reason, FailureCause.NOT_A_MEMBER)
        job = await self._resolve(job)
        request = ImageRequest.from_json(job.request)
        with traces.span("generate", {"darkroom.model": request.model}):
            made = await self._make(job, request, progress, place)
        with traces.span("store"):
            saved = [
                await self._folder.save(job.id, index, own_seed(noise), picture)
                for index, (noise, picture) in enumerate(zip(request.noises, made, strict=True))
            ]
            await until_stored(lambda: jobs.finish(self._database, job.id, saved))

    async def _resolve(self, job: Job) -> Job:
        """The job with a request for a model that is there."""
        try:
            return await self._resolver.resolve(job)
        except NoModel as error:
            raise InferenceUnavailable("no model is known yet") from error
        except UserError as error:
            told = (say_unmarked(text, job.locale) for text in (error.problem, error.remedy))
            raise _JobFailed(" ".join(told)) from error

    async def _make(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> tuple[bytes, ...]:
        """The pictures of a job, as PNG, one for each noise of its request."""
        match job.kind:
            case JobKind.ENLARGE:
                return (await self._enlarge(job, request, progress, place),)
            case JobKind.UPSCALE:
                return (await self._find_or_generate(job, request, progress, place),)
            case _:
                return await self._generate(job, request, progress, place)

    async def _find_or_generate(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> bytes:
        """The parent's picture as it is stored, or else made again by the same request.

        What a moderator deleted is not made again.
        """
        try:
            return await self.read_parent_picture(job)
        except PictureMissing:
            parent = await jobs.parent_of(self._database, job)
            if parent is not None and parent.removed_by is RemovedBy.MODERATOR:
                reason = say("job-failed.taken-away", job.locale)
                raise _JobFailed(reason, FailureCause.PICTURE_MISSING) from None
            (picture,) = await self._generate(job, request, progress, place)
            return picture

    async def _enlarge(
        self, job: Job, request: ImageRequest, progress: JobProgress, place: Place
    ) -> bytes:
        if job.detail == "subtle":
            picture = await self._find_or_generate(job, request, progress, place)
        else:
            (picture,) = await self._generate(job, request, progress, place)
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
    ) -> tuple[bytes, ...]:
        files = await self._files_of(request)
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
                        await progress.show(event)
                    case Finished(made):
                        return made
                    case Failed(reason):
                        raise _JobFailed(reason)
        raise AssertionError("the client ends every stream with Finished or Failed")

    async def _files_of(self, request: ImageRequest) -> dict[str, bytes]:
        """The pictures that a request starts from, by their digests."""
        if request.start is None:
            return {}
        digests = filter(None, (request.start.image, request.start.mask))
        return {digest: await self._folder.kept(digest) for digest in digests}
