"""Shows jobs in their messages, in background tasks that try again until Discord takes it.

Knows when a job's message has to change, and nothing of how pictures are made.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from bot.delivery.end_messages import EndMessages
from bot.delivery.end_publisher import EndPublisher, attach
from bot.delivery.first_messages import FirstMessages
from bot.delivery.live_message import LiveMessage
from bot.delivery.messenger import (
    TRANSIENT_ERRORS,
    CannotPost,
    MessageDeleted,
    MessageState,
    Messenger,
)
from bot.delivery.persistent_tasks import RETRIED_ERRORS, PersistentTasks
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.delivery.previews import JobProgress
from bot.delivery.review_publisher import ReviewPublisher
from bot.i18n.texts import say
from bot.messages import job_messages
from bot.messages.specs import MessageSpec
from bot.policy.picture_policy import ShowingPlace
from diffusion.telemetry.job_context import bind_job
from storage import jobs
from storage.database import Database
from storage.jobs import FailureCause, Job
from storage.models import JobState


class JobPublisher:
    """Shows jobs on Discord. Jobs that were not shown in time are shown after the next start."""

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        messages: EndMessages,
        marks: PictureMarks,
        reviews: ReviewPublisher,
        gate: PictureGate,
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._marks = marks
        self._gate = gate
        self._messages = messages
        self._first = FirstMessages(database, messenger)
        self._ends = EndPublisher(database, messenger, messages, gate, self._first, reviews.hold)
        self._reviews = reviews
        self._tasks = PersistentTasks()

    async def take_up(self, wake: Callable[[], None]) -> None:
        """Show what an earlier process left undone: jobs without a message, ends not shown."""
        unposted = await jobs.without_message(self._database)
        unshown = await jobs.ended_unshown(self._database)
        for channel in dict.fromkeys(job.channel_id for job in unposted):
            waiting = [job.id for job in unposted if job.channel_id == channel]
            self.post(waiting, wake, may_be_there=True)
        for job in unshown:
            self.show_end(job.id)
        for job in await jobs.with_progress_left(self._database):
            self._tasks.start(self._ends.remove_progress, job.id)

    async def stop(self) -> None:
        await self._tasks.stop()
        await self._reviews.stop()

    @contextlib.asynccontextmanager
    async def progress(self, job: Job) -> AsyncIterator[JobProgress]:
        """Show in the job's message how far it is, until the block ends.

        Raises StorageUnavailable.
        """
        assert job.message_id is not None, "only jobs with a message are claimed"
        parent = await jobs.parent_of(self._database, job)
        message = LiveMessage(self._messenger, job.channel_id, job.message_id, job.reply_token)
        try:
            yield JobProgress(job, parent, message, self._marks, self._gate)
        finally:
            await message.stop()

    def post(
        self, job_ids: Sequence[str], wake: Callable[[], None], *, may_be_there: bool = False
    ) -> None:
        """Give jobs without a message one, one after another, so that they appear in this order.

        `wake` is called whenever a job can be claimed. `may_be_there` is whether Discord may have
        taken a message of theirs before.
        """
        self._tasks.start(self._post_in_order, tuple(job_ids), wake, may_be_there)

    def show_end(self, job_id: str) -> None:
        """Show how a job ended, in the background: the queue never waits for Discord."""
        self._tasks.start(self._show_end, job_id)

    def shown_at_once(self, job: Job) -> None:
        """The first message of a job, which shows its end, has been posted and stored."""
        # In a conversation with the bot, it is a direct message already.
        if job.server_id is not None or job.reply_token is not None:
            self._tasks.start(self._ends.send_if_wanted, job.id)

    async def end_of(self, job: Job, most_bytes: int, *elsewhere: ShowingPlace) -> MessageSpec:
        """The message that shows how a job ended; see `EndMessages.of`."""
        return await self._messages.of(job, most_bytes, *elsewhere)

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
            self._tasks.start(self._ends.show_used, job_id)

    async def _post_in_order(
        self, job_ids: Sequence[str], wake: Callable[[], None], may_be_there: bool
    ) -> None:
        # When this is tried again, those that have a message are passed over.
        for job_id in job_ids:
            await self._post_waiting(job_id, wake, may_be_there)

    async def _post_waiting(
        self, job_id: str, wake: Callable[[], None], may_be_there: bool
    ) -> None:
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
            posted = await self._first.post(job, message, may_be_there=may_be_there)
        except CannotPost:
            await self._post_waiting_alone(job, message)
        else:
            await attach(self._database, job.id, posted)
        wake()

    async def _post_waiting_alone(self, job: Job, message: MessageSpec) -> None:
        """Post as a direct message where the token has expired; otherwise the job fails."""
        if job.reply_token is not None:
            with contextlib.suppress(CannotPost):
                posted = await self._messenger.post_to_member(job.member_id, message)
                await attach(self._database, job.id, posted, by_token=False)
                return
        reason = say("job-failed.no-place", job.locale)
        await jobs.fail(self._database, job.id, reason, FailureCause.NO_PLACE)
        self.show_end(job.id)

    async def _show_end(self, job_id: str) -> None:
        bind_job(job_id)
        if await self._ends.show(job_id):
            self._tasks.start(self._ends.send_if_wanted, job_id)
        await self._ends.remove_progress(job_id)
