"""What members can have made of a job that is there: each button one wish, each wish one new job.

Knows the database, the kept pictures and the catalogue of models, nothing of Discord's API.
"""

import asyncio
from dataclasses import dataclass, replace

from bot.delivery.job_publisher import JobPublisher
from bot.errors import (
    CannotKeep,
    JobNotReady,
    ModelCannotDoThis,
    NoCellsChosen,
    NoRoomToGrow,
    PictureLost,
    PictureTakenAway,
)
from bot.images import outpaint
from bot.images.grid import PictureFile, fit
from bot.images.outpaint import OutpaintCanvas
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.models.registry import ModelRegistry
from bot.policy.access import Action, Actor
from bot.policy.actors import Requester
from bot.policy.admission import Admission
from bot.policy.places import Places
from bot.prompts import derive
from bot.prompts.effective_settings import SettingsSources, queue_settings
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder, new_job, new_seed, with_visibility
from diffusion.protocol.requests import ImageRequest, Start
from storage import jobs, members
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.members import Preferences
from storage.models import JobKind, RemovedBy
from storage.pictures import Picture, PictureFolder, PictureMissing, PictureNotSaved, of_job
from storage.servers import ServerSettings
from storage.start_pictures import StartPictures

PAN_ORIGINS = {"left": (1.0, 0.5), "right": (0.0, 0.5), "up": (0.5, 1.0), "down": (0.5, 0.0)}
"""The shares of what is added to a picture that come to its left and above it."""

CENTRE = (0.5, 0.5)

MAX_TEXT_FIELD_CHARS = 4000
"""Characters of a prompt that a dialog can show; Discord's limit of a text field."""


@dataclass(frozen=True, slots=True)
class FollowupRequest:
    """What a member wants made of a job, by the action of a button and what a dialog added.

    `index` is the picture's place, from 0. `prompt` None leaves the prompt as it was.
    """

    job_id: str
    action: str
    index: int = 0
    prompt: str | None = None
    factor: float = 1.5
    grid_size: int = 3
    cells: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """The job that a button led to.

    It is not `new` where it was there already: the same picture is not made twice. `is_linkable`
    is whether its message is known to be there.
    """

    job: Job
    new: bool = True
    is_linkable: bool = True


class FollowupService:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        folder: PictureFolder,
        registry: ModelRegistry,
        job_builder: JobBuilder,
        generation: GenerationService,
        admission: Admission,
        start_pictures: StartPictures,
        publisher: JobPublisher,
        places: Places,
    ) -> None:
        self._database = database
        self._folder = folder
        self._admission = admission
        self._start_pictures = start_pictures
        self._registry = registry
        self._job_builder = job_builder
        self._generation = generation
        self._publisher = publisher
        self._places = places

    async def submit(self, actor: Actor, requester: Requester, followup: FollowupRequest) -> Made:
        """Queue what a button asks for, or find it where it is there already."""
        job = await self._generation.job(Action.FOLLOW_UP, actor, followup.job_id)
        await self._places.check(requester, job)
        settings = await self._generation.server_settings(job.server_id)
        member = await members.get_preferences(self._database, requester.member_id)
        here = await self._generation.server_settings(requester.server_id)
        # A picture that only has to be shown by itself holds nobody up.
        most = min(settings.jobs_per_member, here.jobs_per_member)
        limit = None if _only_shows(job, followup) else most
        async with self._start_pictures.holding():
            # Nothing is prepared, and nothing kept, for what is refused.
            async with self._admission.place(requester.member_id, 1, limit):
                typed = await self._typed(requester, job, followup.prompt, settings)
                if followup.action == "reroll":
                    new = self._again(requester, job, typed)
                else:
                    new = await self._descendant(requester, job, followup, typed, member)
            # A prompt says how it is meant, also where it is typed into a dialog; what was hidden
            # stays so.
            queue = typed or queue_settings(None, SettingsSources(member))
            new = with_visibility(
                replace(new, mode=queue.mode), requester, job.stealth or queue.stealth
            )
            made = await self._queue(new, limit)
        if made.new:
            self._publisher.show_used(new.parent_id)
        return made

    async def like(self, actor: Actor, member_name: str, job_id: str) -> bool:
        """Mark a single picture, or take the mark away; returns whether it is marked now."""
        picture = await self._picture(await self._generation.job(Action.LIKE, actor, job_id), 0)
        return await members.toggle_favourite(
            self._database, actor.member_id, member_name, picture.id
        )

    async def remixes(self, member_id: int) -> bool:
        """Whether a member wants to see the prompt before anything is made of a picture."""
        return (await members.get_preferences(self._database, member_id)).remix

    async def with_numbers(
        self, actor: Actor, job_id: str, grid_size: int, most_bytes: int
    ) -> PictureFile:
        """The picture of a job with the cells that can be chosen, in so many bytes at the most."""
        job = await self._generation.job(Action.FOLLOW_UP, actor, job_id)
        picture = await self._read(await self._picture(job, 0))
        numbered = await asyncio.to_thread(outpaint.number_cells, picture, grid_size)
        return await asyncio.to_thread(fit, numbered, most_bytes)

    # From a wish to a job.

    async def _queue(self, new: NewJob, limit: int | None) -> Made:
        """Queue a job, but one that makes the same picture every time only once."""
        by_chance = new.kind is not JobKind.ENLARGE or new.detail != "subtle"
        if new.kind is not JobKind.UPSCALE and by_chance:
            (job,) = await self._generation.queue([new], limit)
            return Made(job)
        job, is_new = await self._generation.queue_unique(new, limit)
        if is_new or job.state in jobs.UNFINISHED:
            return Made(job, is_new)
        shown = await self._publisher.is_shown(job)
        if shown is not False:
            return Made(job, new=False, is_linkable=bool(shown))
        # Its message is gone, so it is made again. Of two who found that out, the second finds
        # the job of the first.
        return Made(*await self._generation.queue_unique(new, limit, since=job))

    async def _typed(
        self, requester: Requester, job: Job, prompt: str | None, settings: ServerSettings
    ) -> NewJob | None:
        """What a prompt comes to that was typed in place of the job's; None where none was."""
        # A dialog may show the beginning alone.
        same = (job.prompt.split(), job.prompt[:MAX_TEXT_FIELD_CHARS].split())
        if prompt is None or prompt.split() in same:
            return None
        # Of several prompts or repetitions, one is what can come of one picture.
        asked = await self._job_builder.read(requester, prompt, settings)
        one = replace(asked, jobs=asked.jobs[:1], starts=asked.starts[:1])
        return (await self._job_builder.with_pictures(requester, one))[0]

    def _again(self, requester: Requester, job: Job, typed: NewJob | None) -> NewJob:
        """The same as a job, with new noise; also after a job that failed."""
        request = ImageRequest.from_json(job.request)
        if job.kind not in SINGLE_PICTURE_KINDS:
            request, prompt = _remixed(job, request, typed)
            request = derive.reroll(request, new_seed())
            new = new_job(requester, prompt, request)
            return replace(new, kind=JobKind.REROLL, parent_id=job.id)
        # What has no chance in it is tried again as it was.
        if job.detail == "creative":
            request = derive.reroll(request, new_seed())
        new = new_job(requester, job.prompt, request)
        return replace(
            new,
            kind=job.kind,
            parent_id=job.parent_id,
            parent_index=job.parent_index,
            detail=job.detail,
        )

    async def _descendant(
        self,
        requester: Requester,
        job: Job,
        followup: FollowupRequest,
        typed: NewJob | None,
        member: Preferences,
    ) -> NewJob:
        picture = await self._picture(job, followup.index)
        request = ImageRequest.from_json(job.request)
        if job.kind is JobKind.ENLARGE:
            # Its own request only says how it was enlarged.
            origin = await jobs.parent_of(self._database, job)
            assert origin is not None, "what is enlarged has a parent"
            request = ImageRequest.from_json(origin.request)
        size = (request.width, request.height)
        request, prompt = _remixed(job, request, typed)
        detail: str | None = None
        match followup.action.split("_"):
            case ["upscale"]:
                kind, request = JobKind.UPSCALE, derive.single(request, followup.index)
            case ["upscale" | "redo", way]:
                return await self._enlarged(requester, job, picture, way)
            case ["vary", *strength]:
                kind, detail = JobKind.VARY, strength[0] if strength else member.variability
                request = derive.vary(request, followup.index, new_seed(), detail)
            case _:
                # A picture keeps its size, whatever shape a new prompt asks for.
                request = replace(request, width=size[0], height=size[1])
                kind, detail, request = await self._redrawn(picture, request, followup)
        return replace(
            new_job(requester, prompt, request),
            kind=kind,
            detail=detail,
            parent_id=job.id,
            parent_index=followup.index,
        )

    async def _enlarged(self, requester: Requester, job: Job, picture: Picture, way: str) -> NewJob:
        if job.kind is JobKind.ENLARGE:
            # Done again, it is done with the picture that was enlarged.
            assert job.parent_id is not None, "what is enlarged has a parent"
            index = job.parent_index or 0
            origin = await jobs.parent_of(self._database, job)
            assert origin is not None, "a parent is never deleted"
            job = origin
            picture = await self._picture(job, index)
        request = ImageRequest.from_json(job.request)
        model = self._registry.of_id(request.model)
        if model is None or not {"subtle": model.upscales > 1, "creative": model.edits}[way]:
            raise ModelCannotDoThis
        if way == "creative":
            digest = await self._keep(await self._read(picture))
            request = derive.upscale_creative(request, digest, model, new_seed())
        return replace(
            new_job(requester, job.prompt, request),
            kind=JobKind.ENLARGE,
            detail=way,
            parent_id=job.id,
            parent_index=picture.index,
        )

    async def _redrawn(
        self, stored: Picture, request: ImageRequest, followup: FollowupRequest
    ) -> tuple[JobKind, str | None, ImageRequest]:
        """Parts of a picture drawn anew, or what is around it."""
        detail: str | None = None
        model = self._registry.of_id(request.model)
        if model is None or not model.edits:
            raise ModelCannotDoThis
        picture, size = await self._read(stored), (request.width, request.height)
        match followup.action.split("_"):
            case ["region"]:
                if not followup.cells:
                    raise NoCellsChosen
                chosen = (followup.grid_size, followup.cells)
                opened = await asyncio.to_thread(outpaint.open_cells, picture, *size, *chosen)
                return JobKind.REGION, None, await self._on(opened, request)
            case ["zoom"]:
                zoomed = await asyncio.to_thread(outpaint.zoom_out, picture, *size, followup.factor)
                return JobKind.ZOOM, f"{followup.factor:g}", await self._on(zoomed, request)
            case ["pan", side]:
                kind, detail, around = JobKind.PAN, side, PAN_ORIGINS[side]
                grown = derive.pan(request, side, model)
            case _:
                kind, around = JobKind.SQUARE, CENTRE
                grown = derive.square(request)
        if grown == size:
            raise NoRoomToGrow
        carried = await asyncio.to_thread(outpaint.extend, picture, size, grown, *around)
        return kind, detail, await self._on(carried, request)

    async def _on(self, prepared: OutpaintCanvas, request: ImageRequest) -> ImageRequest:
        image = await self._keep(prepared.image)
        mask = await self._keep(prepared.mask)
        size = (prepared.width, prepared.height)
        return derive.inpaint(request, Start(image, 1.0, mask), size, new_seed())

    async def _picture(self, job: Job, index: int) -> Picture:
        for picture in await of_job(self._database, job.id):
            if picture.index == index:
                return picture
        if job.removed_by is RemovedBy.MODERATOR:
            raise PictureTakenAway
        raise JobNotReady

    async def _keep(self, picture: bytes) -> str:
        try:
            return await self._start_pictures.keep(picture)
        except PictureNotSaved as error:
            raise CannotKeep(str(error)) from error

    async def _read(self, picture: Picture) -> bytes:
        try:
            return await self._folder.read(picture)
        except PictureMissing as error:
            raise PictureLost from error


def _only_shows(job: Job, followup: FollowupRequest) -> bool:
    """Whether a picture that there is is shown by itself, or was to be and is so once more."""
    if followup.action == "reroll":
        return job.kind is JobKind.UPSCALE
    return followup.action == "upscale"


def _remixed(job: Job, request: ImageRequest, typed: NewJob | None) -> tuple[ImageRequest, str]:
    """The request and its prompt, made new where something else was typed."""
    if typed is None:
        return request, job.prompt
    return derive.remix(request, ImageRequest.from_json(typed.request)), typed.prompt
