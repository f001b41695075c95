"""What the message of a job that has ended shows: reads its pictures and puts them together."""

import asyncio
from dataclasses import replace

from bot.delivery.picture_marks import PictureMarks
from bot.i18n.texts import say
from bot.images.grid import PictureTooLarge, compose_grid, fit
from bot.images.provenance import MAX_MARK_BYTES
from bot.messages import button_layout, job_messages
from bot.messages.specs import AttachmentSpec, ButtonRows, MessageSpec
from bot.models.registry import ModelRegistry
from bot.prompts.recipe import left_out_of
from diffusion.protocol.requests import ImageRequest
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobState
from storage.pictures import PictureFolder, PictureMissing, of_job


class EndMessages:
    """Makes the messages of jobs that have ended. Raises StorageUnavailable."""

    def __init__(
        self,
        database: Database,
        folder: PictureFolder,
        registry: ModelRegistry,
        marks: PictureMarks,
    ) -> None:
        self._database = database
        self._folder = folder
        self._registry = registry
        self._marks = marks

    async def of(self, job: Job, most_bytes: int) -> MessageSpec:
        """The message that shows how a job ended, its file at most `most_bytes` large."""
        parent = await jobs.parent_of(self._database, job)
        if job.state is not JobState.DONE:
            return job_messages.ended(job, parent)
        stored = await of_job(self._database, job.id)
        if not stored:
            reason = say("not-showable.taken-away", job.locale)
            return job_messages.not_showable(job, parent, reason)
        if any(picture.expired_at for picture in stored):
            reason = say("not-showable.expired", job.locale)
            message = job_messages.not_showable(job, parent, reason)
            return replace(message, buttons=await self.buttons_of(job))
        try:
            pictures = [await self._folder.read(picture) for picture in stored]
            recipe = await self._marks.has_recipe(job)
            shown = await asyncio.to_thread(compose_grid, pictures, recipe=recipe)
            room = most_bytes - MAX_MARK_BYTES
            file = await asyncio.to_thread(fit, shown, room, job.file_format)
        except (PictureMissing, PictureTooLarge) as error:
            return job_messages.not_showable(job, parent, str(error))
        file = await self._marks.mark(file, await self._marks.origin(job))
        name = job_messages.file_name(job, file.suffix)
        attachment = AttachmentSpec(name, file.encoded, job_messages.alt_text(job))
        buttons = await self.buttons_of(job)
        return job_messages.done(job, parent, attachment, buttons, self._left_out_of(job))

    async def buttons_of(self, job: Job) -> ButtonRows:
        """The buttons below a job's pictures, those that were used marked."""
        stored = await of_job(self._database, job.id)
        children = await jobs.children(self._database, job.id)
        model = self._registry.of_id(job.request["model"])
        return button_layout.buttons_of(job, len(stored), model, children)

    def _left_out_of(self, job: Job) -> tuple[str, ...]:
        """The words of a job's prompt that its model did not hear."""
        request = ImageRequest.from_json(job.request)
        model = self._registry.of_id(request.model)
        return left_out_of(job.prompt, request, model.vocabulary) if model else ()
