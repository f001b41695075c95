"""Shows jobs in their messages, in background tasks that try again until Discord takes it.

Knows when a job's message has to change, and nothing of how pictures are made.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from bot.delivery.live_message import LiveMessage
from bot.delivery.messenger import (
    TRANSIENT_ERRORS,
    CannotPost,
    FileTooLarge,
    MessageDeleted,
    MessageState,
    Messenger,
    PostedMessage,
)
from bot.delivery.picture_marks import PictureMarks
from bot.delivery.previews import JobProgress
from bot.i18n.texts import say
from bot.images.grid import PictureTooLarge, compose_grid, fit
from bot.images.provenance import MAX_MARK_BYTES
from bot.messages import button_layout, job_messages
from bot.messages.specs import AttachmentSpec, ButtonRows, MessageSpec
from bot.models.registry import ModelRegistry
from bot.prompts.recipe import left_out_of
from bot.retry import retried, until_stored
from diffusion.protocol.requests import ImageRequest
from diffusion.telemetry import traces
from diffusion.telemetry.job_context import bind_job
from storage import jobs, removals
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause, Job
from storage.members import get_preferences
from storage.models import JobState, RemovedBy
from storage.pictures import PictureFolder, PictureMissing, of_job

log = logging.getLogger(__name__)

MIN_RETRY_INTERVAL_S = 1.0
MAX_RETRY_INTERVAL_S = 60.0
"""Seconds between two tries while Discord or the database does not answer; they double."""

MIN_ATTACHMENT_LIMIT_BYTES = 10 * 2**20
"""The size of file that every channel accepts, direct messages included."""

RETRIED_ERRORS = (*TRANSIENT_ERRORS, StorageUnavailable)


class JobPublisher:
    """Shows jobs on Discord. Jobs that were not shown in time are shown after the next start."""

    def __init__(
        self,
        database: Database,
        folder: PictureFolder,
        messenger: Messenger,
        registry: ModelRegistry,
        marks: PictureMarks,
    ) -> None:
        self._database = database
        self._folder = folder
        self._messenger = messenger
        self._registry = registry
        self._marks = marks
        self._showing: set[asyncio.Task[None]] = set()

    async def take_up(self, wake: Callable[[], None]) -> None:
        """Show what an earlier process left undone: jobs without a message, ends not shown."""
        unposted = await jobs.without_message(self._database)
        unshown = await jobs.ended_unshown(self._database)
        for channel in dict.fromkeys(job.channel_id for job in unposted):
            self.post([job.id for job in unposted if job.channel_id == channel], wake)
        for job in unshown:
            self.show_end(job.id)

    async def stop(self) -> None:
        for task in self._showing:
            task.cancel()
        await asyncio.gather(*self._showing, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def progress(self, job: Job) -> AsyncIterator[JobProgress]:
        """Show in the job's message how far it is, until the block ends.

        Raises StorageUnavailable.
        """
        assert job.message_id is not None, "only jobs with a message are claimed"
        parent = await jobs.parent_of(self._database, job)
        message = LiveMessage(self._messenger, job.channel_id, job.message_id, job.reply_token)
        try:
            yield JobProgress(job, parent, message, self._marks)
        finally:
            await message.stop()

    def post(self, job_ids: Sequence[str], wake: Callable[[], None]) -> None:
        """Give jobs without a message one, one after another, so that they appear in this order.

        `wake` is called whenever a job can be claimed.
        """
        self._keep_trying(self._post_in_order, tuple(job_ids), wake)

    def show_end(self, job_id: str) -> None:
        """Show how a job ended, in the background: the queue never waits for Discord."""
        self._keep_trying(self._show_end, job_id)

    def note_shown(self, job_id: str) -> None:
        """Note that a job's first message shows its end already."""
        self._keep_trying(self._note_shown, job_id)

    async def show_waiting(self, job: Job) -> None:
        """Show that a job waits for inference. Failing to do so is ignored: it is not important."""
        assert job.message_id is not None, "only jobs with a message are claimed"
        with contextlib.suppress(MessageDeleted, CannotPost, *RETRIED_ERRORS):
            parent = await jobs.parent_of(self._database, job)
            message = job_messages.waiting_for_inference(job, parent)
            await self._messenger.edit(job.channel_id, job.message_id, message, job.reply_token)

    async def is_shown(self, job: Job) -> bool | None:
        """Whether a job's message still exists and can be linked to; None if that is unknown."""
        # Its member may have dismissed an ephemeral message; Discord does not tell the bot.
        if job.message_id is None or job.hidden:
            return None
        try:
            state = await self._messenger.state_of(job.channel_id, job.message_id, job.reply_token)
        except TRANSIENT_ERRORS:
            return None
        return None if state is MessageState.UNREADABLE else state is MessageState.PRESENT

    def show_used(self, job_id: str | None) -> None:
        """Mark the buttons of a job by which other jobs were made."""
        if job_id is not None:
            self._keep_trying(self._show_used, job_id)

    def _keep_trying(self, show: Callable[..., Coroutine[Any, Any, None]], *about: object) -> None:
        work = retried(
            lambda: show(*about),
            RETRIED_ERRORS,
            first_pause_s=MIN_RETRY_INTERVAL_S,
            max_pause_s=MAX_RETRY_INTERVAL_S,
        )
        task = asyncio.create_task(work)
        self._showing.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._showing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Something could not be shown.", exc_info=error)

    async def _post_in_order(self, job_ids: Sequence[str], wake: Callable[[], None]) -> None:
        # When this is tried again, those that have a message are passed over.
        for job_id in job_ids:
            await self._post_waiting(job_id, wake)

    async def _post_waiting(self, job_id: str, wake: Callable[[], None]) -> None:
        bind_job(job_id)
        job = await jobs.get(self._database, job_id)
        if job is None or job.message_id:
            return
        if job.state is not JobState.QUEUED:
            # It was finished at once, but could not be shown at once.
            await self._show_end(job_id)
            return
        message = job_messages.waiting(job, await jobs.parent_of(self._database, job))
        try:
            posted = await self._messenger.post(
                job.channel_id, message, job.reply_token, hidden=job.hidden
            )
        except CannotPost:
            await self._post_waiting_alone(job, message)
        else:
            await self._attach(job, posted)
        wake()

    async def _post_waiting_alone(self, job: Job, message: MessageSpec) -> None:
        """Post as a direct message where the token has expired; otherwise the job fails."""
        if job.reply_token is not None:
            with contextlib.suppress(CannotPost):
                posted = await self._messenger.post_to_member(job.member_id, message)
                await self._attach(job, posted, by_token=False)
                return
        reason = say("job-failed.no-place", job.locale)
        await jobs.fail(self._database, job.id, reason, FailureCause.NO_PLACE)
        self.show_end(job.id)

    async def _attach(self, job: Job, posted: PostedMessage, *, by_token: bool = True) -> None:
        place = (posted.channel_id, posted.message_id)
        # Tried again separately: trying all again would post a second message.
        await until_stored(
            lambda: jobs.attach_message(self._database, job.id, *place, by_token=by_token)
        )

    async def _show_used(self, job_id: str) -> None:
        bind_job(job_id)
        job = await jobs.get(self._database, job_id)
        if job is None or job.state is not JobState.DONE or job.message_id is None:
            return
        rows = await self._buttons_of(job)
        try:
            changed = await self._messenger.change_buttons(
                job.channel_id, job.message_id, rows, job.reply_token
            )
            await self._link(job, rows, changed)
        except MessageDeleted:
            await self._note_deletion(job)
        except CannotPost:
            return

    async def _link(self, job: Job, rows: ButtonRows, posted: PostedMessage) -> None:
        """Add a link to the file, whose address is known only after it has been posted."""
        if job.kind in job_messages.SINGLE_PICTURE_KINDS and rows and posted.file_url:
            rows = button_layout.with_link(rows, posted.file_url, job.locale)
            # Without the link the picture is still shown.
            with contextlib.suppress(CannotPost):
                await self._messenger.change_buttons(
                    posted.channel_id, posted.message_id, rows, job.reply_token
                )

    async def _show_end(self, job_id: str) -> None:
        bind_job(job_id)
        job = await jobs.get(self._database, job_id)
        if job is None or job.state in (JobState.QUEUED, JobState.RUNNING):
            return
        # In a conversation with the bot, the job's own message is the direct message.
        sent_already = job.server_id is None and job.reply_token is None
        try:
            if job.state is JobState.DONE and job.message_id is None:
                await self._post_finished(job)
            else:
                await self._show_in_place(job)
        except CannotPost:
            # A member who cancelled a job does not want to see it elsewhere.
            if job.state is not JobState.CANCELLED:
                sent_already |= await self._show_elsewhere(job)
        await jobs.mark_shown(self._database, job.id)
        if job.state is JobState.DONE and not sent_already:
            await self._send_if_wanted(job)

    async def _note_shown(self, job_id: str) -> None:
        bind_job(job_id)
        job = await jobs.get(self._database, job_id)
        assert job is not None, "jobs are never deleted"
        await jobs.mark_shown(self._database, job_id)
        if job.server_id is not None or job.reply_token is not None:
            await self._send_if_wanted(job)

    @traces.traced("post")
    async def _post_finished(self, job: Job) -> None:
        """Post the first message of a job that is done already. Raises CannotPost."""
        message = await self.end_of(job, MIN_ATTACHMENT_LIMIT_BYTES)
        posted = await self._messenger.post(
            job.channel_id, message, job.reply_token, hidden=job.hidden
        )
        await self._attach(job, posted)

    async def _send_if_wanted(self, job: Job) -> None:
        """Also send the pictures as a direct message to members who prefer that."""
        if (await get_preferences(self._database, job.member_id)).auto_dm:
            message = await self.end_of(job, MIN_ATTACHMENT_LIMIT_BYTES)
            try:
                await self._messenger.post_to_member(job.member_id, message)
            except CannotPost:
                log.info("Member %s does not accept direct messages.", job.member_id)

    @traces.traced("post")
    async def _show_in_place(self, job: Job) -> None:
        """Edit the job's message; nothing is shown if it was deleted. Raises CannotPost."""
        if job.message_id is None:
            raise CannotPost("there is no message yet")
        if job.removed_by is not None:
            return
        try:
            await self._edit_in_place(job, job.message_id)
        except MessageDeleted as error:
            if job.hidden:
                # Only its member sees it, so no moderator can have deleted it.
                raise CannotPost(str(error)) from error
            await self._note_deletion(job)

    async def _note_deletion(self, job: Job) -> None:
        """Remember that a job's message was deleted, by somebody who may delete messages.

        Where its member had the bot delete it, that was noted before, and stays.
        """
        assert job.message_id is not None, "a job without a message has nothing to delete"
        message_id = job.message_id
        await until_stored(
            lambda: removals.note(self._database, job.id, message_id, RemovedBy.MODERATOR)
        )

    async def _edit_in_place(self, job: Job, message_id: int) -> None:
        place = (job.channel_id, message_id)
        message = await self.end_of(job, job.attachment_limit)
        try:
            posted = await self._messenger.edit(*place, message, job.reply_token)
        except FileTooLarge:
            message = await self.end_of(job, MIN_ATTACHMENT_LIMIT_BYTES)
            posted = await self._messenger.edit(*place, message, job.reply_token)
        await self._link(job, message.buttons, posted)

    @traces.traced("post")
    async def _show_elsewhere(self, job: Job) -> bool:
        """Post the end of a job as a new message; returns whether that is a direct message."""
        message = await self.end_of(job, MIN_ATTACHMENT_LIMIT_BYTES)
        if job.message_id is not None:
            message = job_messages.moved(message, job.locale)
        try:
            posted = await self._post_anew(job, message)
        except CannotPost:
            log.warning("Job %s cannot be shown anywhere; its pictures are kept.", job.id)
            return False
        await self._attach(job, posted, by_token=False)
        with contextlib.suppress(MessageDeleted):
            await self._link(replace(job, reply_token=None), message.buttons, posted)
        return posted.channel_id != job.channel_id

    async def _post_anew(self, job: Job, message: MessageSpec) -> PostedMessage:
        """In the job's channel, or else as a direct message to its member."""
        # Jobs with a token are hidden from the channel, or the bot may not write there.
        if job.reply_token is None:
            with contextlib.suppress(CannotPost):
                return await self._messenger.post(job.channel_id, message)
        return await self._messenger.post_to_member(job.member_id, message)

    async def end_of(self, job: Job, most_bytes: int) -> MessageSpec:
        """The message that shows how a job ended, its file at most `most_bytes` large."""
        parent = await jobs.parent_of(self._database, job)
        if job.state is not JobState.DONE:
            return job_messages.ended(job, parent)
        stored = await of_job(self._database, job.id)
        if not stored:
            reason = say("not-showable.taken-away", job.locale)
            return job_messages.not_showable(job, parent, reason)
        try:
            pictures = [await self._folder.read(picture) for picture in stored]
            recipe = await self._marks.has_recipe(job)
            shown = await asyncio.to_thread(compose_grid, pictures, recipe=recipe)
            file = await asyncio.to_thread(fit, shown, most_bytes - MAX_MARK_BYTES)
        except (PictureMissing, PictureTooLarge) as error:
            return job_messages.not_showable(job, parent, str(error))
        file = await self._marks.mark(file, await self._marks.origin(job))
        name = job_messages.file_name(job, file.suffix)
        attachment = AttachmentSpec(name, file.encoded, job_messages.alt_text(job))
        buttons = await self._buttons_of(job)
        return job_messages.done(job, parent, attachment, buttons, self._left_out_of(job))

    def _left_out_of(self, job: Job) -> tuple[str, ...]:
        """The words of a job's prompt that its model did not hear."""
        request = ImageRequest.from_json(job.request)
        model = self._registry.of_id(request.model)
        return left_out_of(job.prompt, request, model.vocabulary) if model else ()

    async def _buttons_of(self, job: Job) -> ButtonRows:
        stored = await of_job(self._database, job.id)
        children = await jobs.children(self._database, job.id)
        model = self._registry.of_id(job.request["model"])
        return button_layout.buttons_of(job, len(stored), model, children)
