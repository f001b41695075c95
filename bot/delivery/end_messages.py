"""What the message of a job that has ended shows: reads its pictures and puts them together."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.delivery.end_files import EndFiles
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.i18n.texts import say
from bot.images.grid import PictureTooLarge
from bot.messages import button_layout, job_messages
from bot.messages.specs import AttachmentSpec, ButtonRows, MessageSpec
from bot.models.registry import ModelRegistry
from bot.policy.picture_policy import ShowingPlace
from bot.policy.reviews import ReviewKind
from bot.policy.verdicts import Verdict
from bot.prompts.recipe import left_out_of
from diffusion.protocol.requests import ImageRequest
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobState
from storage.moderation import reviews
from storage.pictures import Picture, PictureMissing, PictureNotRemoved, PictureStore, of_job
from storage.servers import get_settings

log = logging.getLogger(__name__)


class EndMessages:
    """Makes the messages of jobs that have ended. Raises StorageUnavailable."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        registry: ModelRegistry,
        marks: PictureMarks,
        gate: PictureGate,
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._registry = registry
        self._gate = gate
        self.files = EndFiles(marks)

    async def forget_files(self, job: Job) -> None:
        """Delete what a bot had saved of a job without pictures when it was killed."""
        if job.attempts:  # One that was never claimed has none.
            try:
                await self._picture_store.remove_of_jobs({job.id: job.attempts})
            except PictureNotRemoved as error:
                log.warning("Files of job %s are left over: %s", job.id, error)

    async def of(self, job: Job, most_bytes: int, *elsewhere: ShowingPlace) -> MessageSpec:
        """The message that shows how a job ended, its file at most `most_bytes` large.

        `elsewhere` is where it is shown besides its own place: pictures that may not be shown in
        one of them are left out.
        """
        parent = await jobs.parent_of(self._database, job)
        if job.state is not JobState.DONE:
            return job_messages.ended(job, parent)
        stored = await of_job(self._database, job.id)
        if not stored:
            reason = say("not-showable.taken-away", job.locale)
            return job_messages.not_showable(job, parent, reason)
        ruling = await self._gate.ruling(job, *elsewhere, stored=stored)
        if ruling.verdict >= Verdict.REVIEW:
            may_appeal = await self._may_appeal(job)
            return job_messages.withheld(job, parent, ruling, appeal=may_appeal)
        job = replace(job, verdict=int(ruling.verdict))
        if any(picture.expired_at for picture in stored):
            reason = say("not-showable.expired", job.locale)
            message = job_messages.not_showable(job, parent, reason)
            return replace(message, buttons=await self.buttons_of(job))
        try:
            attachment = await self._attachment(job, stored, most_bytes)
        except (PictureMissing, PictureTooLarge) as error:
            return job_messages.not_showable(job, parent, str(error))
        buttons = await self._buttons(job, len(stored))
        return job_messages.done(job, parent, attachment, buttons, self._left_out_of(job))

    async def for_moderators(self, job: Job, most_bytes: int) -> AttachmentSpec | None:
        """A job's pictures behind a spoiler, whatever their verdict; None if they are gone."""
        stored = await of_job(self._database, job.id)
        if not stored or any(picture.expired_at for picture in stored):
            return None
        hidden = replace(job, verdict=max(job.verdict, Verdict.SPOILER))
        try:
            return await self._attachment(hidden, stored, most_bytes)
        except (PictureMissing, PictureTooLarge):
            return None

    async def _attachment(
        self, job: Job, stored: Sequence[Picture], most_bytes: int
    ) -> AttachmentSpec:
        """The pictures as one file. Raises PictureMissing, PictureTooLarge."""
        file = await self.files.early(job, stored, most_bytes)
        if file is None:
            pictures = [await self._picture_store.read(picture) for picture in stored]
            file = await self.files.make(job, pictures, most_bytes)
        name = job_messages.file_name(job, file.suffix)
        return AttachmentSpec(name, file.encoded, job_messages.alt_text(job))

    async def _may_appeal(self, job: Job) -> bool:
        """Whether moderators can look at a refused picture, and were not asked to before."""
        is_checked_again = job.held_back is not None
        if job.verdict != Verdict.REFUSE or is_checked_again or job.server_id is None:
            return False
        if (await get_settings(self._database, job.server_id)).review_channel is None:
            return False
        before = await reviews.of_job(self._database, job.id)
        return all(review.kind != ReviewKind.APPEAL for review in before)

    async def buttons_of(self, job: Job) -> ButtonRows:
        """The buttons below a job's pictures, those that were used marked."""
        return await self._buttons(job, len(await of_job(self._database, job.id)))

    async def _buttons(self, job: Job, pictures: int) -> ButtonRows:
        children = await jobs.children(self._database, job.id)
        model = self._registry.of_id(job.request["model"])
        return button_layout.buttons_of(job, pictures, model, children)

    def _left_out_of(self, job: Job) -> tuple[str, ...]:
        """The words of a job's prompt that its model did not hear."""
        request = ImageRequest.from_json(job.request)
        model = self._registry.of_id(request.model)
        return left_out_of(job.prompt, request, model.vocabulary) if model else ()
