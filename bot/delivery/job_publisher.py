"""Shows jobs in their messages, in background tasks that try again until Discord takes it.

Knows when a job's message has to change, and nothing of how pictures are made.
"""

import asyncio
import contextlib
import logging
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
from bot.leases import Leases
from bot.messages import job_messages
from bot.messages.specs import MessageSpec
from bot.policy.picture_policy import ShowingPlace
from diffusion.telemetry.job_context import bind_job
from storage import jobs
from storage.database import Database
from storage.jobs import UNFINISHED, FailureCause, Job
from storage.models import JobState
from storage.pictures import NewPicture

log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 1.0
MAX_CHECKS = 20
"""How often it is looked whether another bot has shown the end of a job that was lost to it."""


class JobPublisher:
    """Shows jobs on Discord. What a bot leaves behind is shown by another, or by the next start.

    Any bot may show any job, and one at a time does: the one that has its lease.
    """

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        messages: EndMessages,
        marks: PictureMarks,
        reviews: ReviewPublisher,
        gate: PictureGate,
        leases: Leases,
    ) -> None:
        self._leases = leases
        self._database = database
        self._messenger = messenger
        self._marks = marks
        self._gate = gate
        self._messages = messages
        self._first = FirstMessages(database, messenger)
        self._ends = EndPublisher(
            database, messenger, messages, gate, self._first, reviews.hold, leases
        )
        self._reviews = reviews
        self._tasks = PersistentTasks()
        self._taken_up: set[str] = set()
        """Jobs of other bots that are being shown."""

    async def take_up(self, wake: Callable[[], None]) -> None:
        """Show what an earlier process left undone: jobs without a message, ends not shown.

        On a database that bots share, this is what no bot has; to be called again and again.
        """
        if self._database.is_shared:
            for job in await jobs.left_behind(self._database):
                if job.id not in self._taken_up:
                    self._taken_up.add(job.id)
                    self._tasks.start(self._bring_up_to_date, job.id, wake)
            return
        unposted = await jobs.without_message(self._database)
        unshown = await jobs.ended_unshown(self._database)
        for channel in dict.fromkeys(job.channel_id for job in unposted):
            waiting = [job for job in unposted if job.channel_id == channel]
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
        message = LiveMessage(
            self._messenger,
            job.channel_id,
            job.message_id,
            job.reply_token,
            lambda: self._leases.holds(job),
        )
        try:
            yield JobProgress(job, parent, message, self._marks, self._gate)
        except BaseException:
            self._ends.forget(job.id)
            raise
        finally:
            await message.stop()

    def prepare_end(self, job: Job, saved: Sequence[NewPicture], pictures: Sequence[bytes]) -> None:
        """Begin with the end of a job within its `progress`, while its pictures are being stored.

        It is shown by `show_end` only.
        """
        self._ends.prepare(job, saved, pictures)

    def holding(self, some: Sequence[Job]) -> contextlib.AbstractContextManager[None]:
        """Keep new jobs while they are given their messages within the block."""
        return self._leases.holding(*some)

    def post(
        self, some: Sequence[Job], wake: Callable[[], None], *, may_be_there: bool = False
    ) -> None:
        """Give jobs without a message one, one after another, so that they appear in this order.

        `wake` is called whenever a job can be claimed. `may_be_there` is whether Discord may have
        taken a message of theirs before.
        """
        holding = contextlib.ExitStack()
        holding.enter_context(self._leases.holding(*some))
        job_ids = tuple(job.id for job in some)
        task = self._tasks.start(self._post_in_order, job_ids, wake, may_be_there)
        task.add_done_callback(lambda _: holding.close())

    def show_end(self, job_id: str) -> None:
        """Show how a job ended, in the background: the queue never waits for Discord."""
        release = self._leases.hold_on(job_id)
        self._tasks.start(self._show_end, job_id).add_done_callback(lambda _: release())

    def show_again(self, job: Job) -> None:
        """Show the end of a lost job again: its message may have been edited here after that.

        Once another bot has shown it, and only where it is shown in that very message.
        """
        self._tasks.start(self._show_again, job)

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
        await self._show_waiting(job, job_messages.waiting_for_inference)

    async def show_pictures_away(self, job: Job) -> None:
        """Show that a job waits for the place where pictures are kept, as `show_waiting` does."""
        await self._show_waiting(job, job_messages.waiting_for_pictures)

    async def _show_waiting(
        self, job: Job, say_why: Callable[[Job, Job | None], MessageSpec]
    ) -> None:
        assert job.message_id is not None, "only jobs with a message are claimed"
        if not self._leases.holds(job):
            return
        with contextlib.suppress(MessageDeleted, CannotPost, *RETRIED_ERRORS):
            parent = await jobs.parent_of(self._database, job)
            message = say_why(job, parent)
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

    async def _bring_up_to_date(self, job_id: str, wake: Callable[[], None]) -> None:
        """Show what another bot left undone about a job. What fails is free, and taken up again."""
        try:
            bind_job(job_id)
            async with self._leases.taking(job_id) as is_mine:
                if is_mine:
                    await self._post_taken(job_id, wake, may_be_there=True)
                    await self._show_taken(job_id)
        except RETRIED_ERRORS as error:
            log.warning("Job %s is not shown yet: %s", job_id, error)
        finally:
            self._taken_up.discard(job_id)

    async def _post_waiting(
        self, job_id: str, wake: Callable[[], None], may_be_there: bool
    ) -> None:
        bind_job(job_id)
        async with self._leases.taking(job_id) as is_mine:
            if is_mine:
                await self._post_taken(job_id, wake, may_be_there)

    async def _post_taken(self, job_id: str, wake: Callable[[], None], may_be_there: bool) -> None:
        job = await jobs.get(self._database, job_id)
        if job is None or job.message_id:
            return
        if job.state is not JobState.QUEUED:
            # It was finished at once, but could not be shown at once.
            await self._show_taken(job_id)
            return
        message = job_messages.waiting(job, await jobs.parent_of(self._database, job))
        try:
            posted = await self._first.post(job, message, may_be_there=may_be_there)
        except CannotPost:
            await self._post_waiting_alone(job, message)
        else:
            await attach(self._database, job, posted)
        wake()

    async def _post_waiting_alone(self, job: Job, message: MessageSpec) -> None:
        """Post as a direct message where the token has expired; otherwise the job fails."""
        if job.reply_token is not None:
            with contextlib.suppress(CannotPost):
                posted = await self._messenger.post_to_member(job.member_id, message)
                await attach(self._database, job, posted, by_token=False)
                return
        reason, cause = say("job-failed.no-place", job.locale), FailureCause.NO_PLACE
        await jobs.fail(self._database, job.id, reason, cause, lease=job.lease)
        self.show_end(job.id)

    async def _show_end(self, job_id: str) -> None:
        bind_job(job_id)
        try:
            async with self._leases.taking(job_id) as is_mine:
                if is_mine:
                    await self._show_taken(job_id)
        finally:
            self._ends.forget(job_id)

    async def _show_taken(self, job_id: str) -> None:
        if await self._ends.show(job_id):
            self._tasks.start(self._ends.send_if_wanted, job_id)
        await self._ends.remove_progress(job_id)

    async def _show_again(self, job: Job) -> None:
        for _ in range(MAX_CHECKS):
            if await jobs.show_again(self._database, job):
                self.show_end(job.id)
                return
            now = await jobs.get(self._database, job.id)
            if now is None or now.state in UNFINISHED or now.message_id != job.message_id:
                return
            await asyncio.sleep(CHECK_INTERVAL_S)
