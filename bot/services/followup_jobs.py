"""Follow-up jobs: one builder for each action on a job (upscale, vary, zoom, pan ...).

A builder turns a job and what a member wants of it into a new job. It keeps pictures that the new
job starts from, and queues nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.errors import (
    CannotKeep,
    InvalidFactor,
    JobNotFound,
    JobNotReady,
    ModelCannotDoThis,
    NoCellsChosen,
    NoRoomToGrow,
    PictureLost,
    PictureTakenAway,
)
from bot.images import outpaint
from bot.images.outpaint import OutpaintCanvas
from bot.messages.job_actions import JobAction
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.models.registry import ModelRegistry
from bot.models.sizes import has_size
from bot.policy.actors import Requester
from bot.policy.verdicts import Ruling, Verdict
from bot.prompts import derive, recipe, seeds
from bot.services.job_builder import new_job, new_seed
from bot.services.moderation.pictures import check_shown
from bot.services.unresolved_jobs import LATER_KEY, with_request
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, InitImage
from storage import jobs, pictures
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.members import Preferences
from storage.models import JobKind, RemovedBy
from storage.pictures import Picture, PictureMissing, PictureNotSaved, PictureStore
from storage.start_pictures import StartPictures

MIN_ZOOM_FACTOR, MAX_ZOOM_FACTOR = 1.1, 2.0
"""A factor below 1 would enlarge the picture instead: 0.1 to a hundred times its pixels."""

PAN_ORIGINS = {"left": (1.0, 0.5), "right": (0.0, 0.5), "up": (0.5, 1.0), "down": (0.5, 0.0)}
SQUARE_ORIGIN = (0.5, 0.5)
"""The shares of the added area that are to the left of the picture and above it."""


@dataclass(frozen=True, slots=True)
class FollowupRequest:
    """The follow-up that a member asked for: a button's action, and the fields of a modal.

    `index` is the picture's place, from 0. `prompt` None leaves the prompt as it was. `cells` are
    counted from 0 by rows, in a grid of `grid_size` by `grid_size`.
    """

    job_id: str
    action: JobAction
    index: int = 0
    prompt: str | None = None
    factor: float = 1.5
    grid_size: int = 3
    cells: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowupSource:
    """The input of a builder: the requester, the job, and the follow-up that they want.

    `typed` is the job of a new prompt; None if the old prompt is kept.
    """

    requester: Requester
    job: Job
    wanted: FollowupRequest
    typed: NewJob | None
    preferences: Preferences

    @property
    def seed(self) -> int | None:
        """The seed of the new prompt; None if it has none."""
        if self.typed is None or not recipe.has_seed(self.typed.prompt):
            return None
        return ImageRequest.from_json(self.typed.request).noises[0].seed

    def remix(self, request: ImageRequest) -> tuple[ImageRequest, ImageRequest]:
        """The request, changed as the new prompt says if there is one, and what the prompt means.

        The latter is the request that the prompt alone stands for.
        """
        if self.typed is None:
            return request, request
        fresh = ImageRequest.from_json(self.typed.request)
        return derive.remix(request, fresh), fresh

    def prompt(self, meant: ImageRequest, drawn: ImageRequest, *, is_grid: bool = False) -> str:
        """The prompt to show; see `recipe.of_followup`."""
        text = self.job.prompt if self.typed is None else self.typed.prompt
        is_seeded = self.seed is not None
        return recipe.of_followup(text, meant, drawn, is_grid=is_grid, is_seeded=is_seeded)

    def child(
        self, kind: JobKind, prompt: str, request: ImageRequest, detail: str | None = None
    ) -> NewJob:
        """A job whose parent is the picture that was chosen."""
        return replace(
            new_job(self.requester, prompt, request),
            kind=kind,
            detail=detail,
            parent_id=self.job.id,
            parent_index=self.wanted.index,
        )


@dataclass(frozen=True, slots=True)
class _Inpainting:
    """A picture to inpaint, as PNG, with the request and model to inpaint it with.

    `meant` is the request that the prompt alone stands for.
    """

    png: bytes
    request: ImageRequest
    meant: ImageRequest
    model: ModelInfo

    @property
    def size(self) -> tuple[int, int]:
        return self.request.width, self.request.height


class FollowupJobs:
    """Builds follow-up jobs. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        registry: ModelRegistry,
        start_pictures: StartPictures,
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._registry = registry
        self._start_pictures = start_pictures

    async def build(self, source: FollowupSource) -> NewJob:
        return await BUILDERS[source.wanted.action](self, source)

    async def picture(self, job: Job, index: int) -> Picture:
        """Picture `index` (from 0) of a job.

        Raises PictureTakenAway, JobNotReady, PictureWithheld.
        """
        check_shown(Ruling(Verdict(job.verdict), job.verdict_reason or ""))
        if picture := await pictures.at(self._database, job.id, index):
            return picture
        if job.removed_by is RemovedBy.MODERATOR:
            raise PictureTakenAway
        raise JobNotReady

    async def read(self, picture: Picture) -> bytes:
        """The picture as PNG. Raises PictureLost."""
        try:
            return await self._picture_store.read(picture)
        except PictureMissing as error:
            raise PictureLost(picture.job_id) from error

    # The builders.

    async def upscale(self, source: FollowupSource) -> NewJob:
        """One picture of a grid, in its own message."""
        _, request = await self._parent(source)
        request = derive.single(request, source.wanted.index)
        return source.child(JobKind.UPSCALE, recipe.of_copy(source.job.prompt), request)

    async def upscale_subtle(self, source: FollowupSource) -> NewJob:
        job, picture = await self._original(source)
        request = ImageRequest.from_json(job.request)
        model = self._registry.of_id(request.model)
        if model is None or model.upscales <= 1:
            raise ModelCannotDoThis
        prompt = recipe.of_copy(job.prompt)
        return _enlarged(source, job, picture, request, prompt, "subtle")

    async def upscale_creative(self, source: FollowupSource) -> NewJob:
        job, picture = await self._original(source)
        request = ImageRequest.from_json(job.request)
        model = self._editing_model(request)
        digest = await self._keep(await self.read(picture))
        drawn = derive.upscale_creative(request, digest, model, new_seed())
        prompt = recipe.of_followup(job.prompt, request, drawn, is_grid=False, is_seeded=False)
        return _enlarged(source, job, picture, drawn, prompt, "creative")

    async def vary(self, source: FollowupSource) -> NewJob:
        picture, request = await self._parent(source)
        request, meant = source.remix(request)
        strength = source.wanted.action.detail or source.preferences.variability
        model = self._registry.of_id(request.model)
        if model and model.edits and not model.seed_blends:
            digest = await self._keep(await self.read(picture))
            drawn = derive.vary_picture(request, digest, _seed_for(source), strength)
        else:
            drawn = derive.vary(request, source.wanted.index, _seed_for(source), strength)
        return source.child(JobKind.VARY, source.prompt(meant, drawn), drawn, strength)

    async def reroll(self, source: FollowupSource) -> NewJob:
        """The same as a job, with new noise; also after a job that failed."""
        job, request = source.job, ImageRequest.from_json(source.job.request)
        if job.is_unresolved:
            # It has no request to repeat, so its prompt is asked for again.
            again = with_request(job, derive.reroll(request, new_seed()))
            new = source.typed or replace(
                new_job(source.requester, job.prompt, request), request=again.request
            )
            return replace(new, kind=JobKind.REROLL, parent_id=job.id)
        if LATER_KEY in job.request:
            # Its picture could not be drawn again; that is tried once more.
            again = _repeated(source, request)
            return replace(again, request=job.request, prompt=job.prompt)
        if job.kind not in SINGLE_PICTURE_KINDS:
            drawn, meant = source.remix(request)
            is_grid = not derive.is_variation(request)
            if source.typed is None or not is_grid:
                drawn = derive.reroll(drawn, _seed_for(source))
            else:
                drawn = replace(drawn, noises=meant.noises)
            prompt = source.prompt(meant, drawn, is_grid=is_grid)
            new = new_job(source.requester, prompt, drawn)
            return replace(new, kind=JobKind.REROLL, parent_id=job.id)
        # A creative upscale gets new noise; the others have none, and are repeated as they were.
        if job.detail == "creative":
            request = derive.reroll(request, new_seed())
        return _repeated(source, request)

    async def zoom(self, source: FollowupSource) -> NewJob:
        """The picture smaller, and more around it. Raises InvalidFactor."""
        factor = source.wanted.factor
        # A modal may be forged, also with a factor that no button has.
        if not MIN_ZOOM_FACTOR <= factor <= MAX_ZOOM_FACTOR:
            raise InvalidFactor(f"{factor:g}")
        old = await self._outpainting(source)
        canvas = await asyncio.to_thread(outpaint.zoom_out, old.png, *old.size, factor)
        return await self._inpainted(source, JobKind.ZOOM, old, canvas, f"{factor:g}")

    async def pan(self, source: FollowupSource) -> NewJob:
        side = source.wanted.action.detail
        assert side is not None, "every pan has a side"
        old = await self._outpainting(source)
        canvas = await _extend(old, derive.pan(old.request, side, old.model), PAN_ORIGINS[side])
        return await self._inpainted(source, JobKind.PAN, old, canvas, side)

    async def square(self, source: FollowupSource) -> NewJob:
        old = await self._outpainting(source)
        size = derive.square(old.request)
        canvas = await _extend(old, size if has_size(old.model, size) else old.size, SQUARE_ORIGIN)
        return await self._inpainted(source, JobKind.SQUARE, old, canvas)

    async def region(self, source: FollowupSource) -> NewJob:
        wanted = source.wanted
        if not wanted.cells:
            raise NoCellsChosen
        old = await self._inpainting(source)
        canvas = await asyncio.to_thread(
            outpaint.open_cells, old.png, *old.size, wanted.grid_size, wanted.cells
        )
        return await self._inpainted(source, JobKind.REGION, old, canvas)

    # What several builders do.

    def outline(self, source: FollowupSource, request: ImageRequest) -> ImageRequest:
        """The request, with the size and the number of pictures that its follow-up will have.

        For what a member may ask for while the follow-up itself cannot be made yet.
        """
        action = source.wanted.action
        if action in (JobAction.UPSCALE_CREATIVE, JobAction.REDO_CREATIVE):
            return request
        size = (request.width, request.height)
        changed, _ = source.remix(request)
        changed = replace(changed, width=request.width, height=request.height)
        model = self._registry.of_id(changed.model)
        if BUILDERS[action] is FollowupJobs.pan and model and action.detail:
            size = derive.pan(changed, action.detail, model)
        elif BUILDERS[action] is FollowupJobs.square:
            size = derive.square(changed)
        return replace(request, width=size[0], height=size[1], noises=seeds.new(0))

    async def request_of(self, job: Job) -> ImageRequest:
        """The request that made a job's pictures, before they were enlarged."""
        if job.kind is JobKind.ENLARGE:
            # Its own request only says how it was enlarged.
            job = await self._enlarged_from(job)
        return ImageRequest.from_json(job.request)

    async def _parent(self, source: FollowupSource) -> tuple[Picture, ImageRequest]:
        """The picture that was chosen, and the request that made it."""
        picture = await self.picture(source.job, source.wanted.index)
        return picture, await self.request_of(source.job)

    async def _original(self, source: FollowupSource) -> tuple[Job, Picture]:
        """The job and its picture to enlarge; of an enlarged one, what that was enlarged from."""
        picture = await self.picture(source.job, source.wanted.index)
        if source.job.kind is not JobKind.ENLARGE:
            return source.job, picture
        job = await self._enlarged_from(source.job)
        return job, await self.picture(job, source.job.parent_index or 0)

    async def _enlarged_from(self, job: Job) -> Job:
        """The job whose picture was enlarged. Raises JobNotFound."""
        origin = await jobs.parent_of(self._database, job)
        if origin is None:  # its member had it erased
            raise JobNotFound
        return origin

    async def _inpainting(self, source: FollowupSource) -> _Inpainting:
        picture, old = await self._parent(source)
        request, meant = source.remix(old)
        # A picture keeps its size, whatever shape a new prompt asks for.
        request = replace(request, width=old.width, height=old.height)
        model = self._editing_model(request)
        if not model.masks:
            raise ModelCannotDoThis
        return _Inpainting(await self.read(picture), request, meant, model)

    async def _outpainting(self, source: FollowupSource) -> _Inpainting:
        """The same for what makes the picture larger. Raises ModelCannotDoThis."""
        old = await self._inpainting(source)
        if not old.model.outpaints:
            raise ModelCannotDoThis
        return old

    async def _inpainted(
        self,
        source: FollowupSource,
        kind: JobKind,
        old: _Inpainting,
        canvas: OutpaintCanvas,
        detail: str | None = None,
    ) -> NewJob:
        start = InitImage(await self._keep(canvas.image), 1.0, await self._keep(canvas.mask))
        size = (canvas.width, canvas.height)
        drawn = derive.inpaint(old.request, start, size, _seed_for(source))
        return source.child(kind, source.prompt(old.meant, drawn), drawn, detail)

    def _editing_model(self, request: ImageRequest) -> ModelInfo:
        """The model of a request, which can start from pictures. Raises ModelCannotDoThis."""
        model = self._registry.of_id(request.model)
        if model is None or not model.edits:
            raise ModelCannotDoThis
        return model

    async def _keep(self, picture: bytes) -> str:
        try:
            return await self._start_pictures.keep(picture)
        except PictureNotSaved as error:
            raise CannotKeep(str(error)) from error


def _repeated(source: FollowupSource, request: ImageRequest) -> NewJob:
    """The same job of the same picture again."""
    job = source.job
    return replace(
        new_job(source.requester, recipe.of_copy(job.prompt), request),
        kind=job.kind,
        parent_id=job.parent_id,
        parent_index=job.parent_index,
        detail=job.detail,
    )


def _seed_for(source: FollowupSource) -> int:
    return new_seed() if source.seed is None else source.seed


async def _extend(
    old: _Inpainting, size: tuple[int, int], origin: tuple[float, float]
) -> OutpaintCanvas:
    """The picture on a larger canvas. Raises NoRoomToGrow."""
    if size == old.size:
        raise NoRoomToGrow
    return await asyncio.to_thread(outpaint.extend, old.png, old.size, size, *origin)


def _enlarged(
    source: FollowupSource,
    job: Job,
    picture: Picture,
    request: ImageRequest,
    prompt: str,
    way: str,
) -> NewJob:
    return replace(
        new_job(source.requester, prompt, request),
        kind=JobKind.ENLARGE,
        detail=way,
        parent_id=job.id,
        parent_index=picture.index,
    )


Builder = Callable[[FollowupJobs, FollowupSource], Awaitable[NewJob]]

BUILDERS: Mapping[JobAction, Builder] = {
    JobAction.UPSCALE: FollowupJobs.upscale,
    JobAction.UPSCALE_SUBTLE: FollowupJobs.upscale_subtle,
    JobAction.UPSCALE_CREATIVE: FollowupJobs.upscale_creative,
    JobAction.REDO_SUBTLE: FollowupJobs.upscale_subtle,
    JobAction.REDO_CREATIVE: FollowupJobs.upscale_creative,
    JobAction.VARY: FollowupJobs.vary,
    JobAction.VARY_SUBTLE: FollowupJobs.vary,
    JobAction.VARY_STRONG: FollowupJobs.vary,
    JobAction.REROLL: FollowupJobs.reroll,
    JobAction.EDIT: FollowupJobs.reroll,
    JobAction.ZOOM: FollowupJobs.zoom,
    JobAction.ZOOM_CUSTOM: FollowupJobs.zoom,
    JobAction.PAN_LEFT: FollowupJobs.pan,
    JobAction.PAN_RIGHT: FollowupJobs.pan,
    JobAction.PAN_UP: FollowupJobs.pan,
    JobAction.PAN_DOWN: FollowupJobs.pan,
    JobAction.SQUARE: FollowupJobs.square,
    JobAction.REGION: FollowupJobs.region,
}
"""How each action becomes a new job. Those that are missing make none."""
