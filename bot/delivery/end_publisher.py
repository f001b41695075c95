"""Shows how a job ended: in a new message that mentions its member, or in the one that is there.

A job has one message that shows its end, for ever. Discord takes a message that is posted twice
with the same nonce as one, for a few minutes. For the time after, it is stored that the message is
being posted, and the channel is searched for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from bot.delivery.end_files import MAX_AGE_S
from bot.delivery.end_messages import EndMessages
from bot.delivery.first_messages import CLOCK_TOLERANCE_S, FirstMessages, is_of
from bot.delivery.messenger import (
    TRANSIENT_ERRORS,
    CannotPost,
    FileTooLarge,
    MessageDeleted,
    MessageState,
    Messenger,
    PostedMessage,
)
from bot.delivery.picture_gate import PictureGate
from bot.leases import Leases
from bot.messages import button_layout, job_messages
from bot.messages.specs import ButtonRows, MessageSpec
from bot.policy.access import is_withheld
from bot.policy.notifications import notifies
from bot.policy.verdicts import Verdict
from bot.retry import until_stored
from diffusion.telemetry import traces
from storage import jobs, removals
from storage.database import Database, StorageUnavailable
from storage.jobs import UNFINISHED, Job
from storage.members import get_preferences
from storage.models import JobState, RemovedBy
from storage.moderation import reviews
from storage.pictures import NewPicture
from storage.servers import get_settings

log = logging.getLogger(__name__)

MIN_ATTACHMENT_LIMIT_BYTES = 10 * 2**20
"""The size of file that every channel accepts, direct messages included."""

NONCE_LIFETIME_S = 60.0
"""Seconds for which Discord surely remembers a nonce; it says “a few minutes”."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What precedes the new message with a job's end: whether Discord surely has the one before,
    and since when the new one may have been posted."""

    is_there: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class _Early:
    """A beginning while the job's pictures are being stored; None if no new message is posted.

    `begun` is by the loop's clock.
    """

    begun: float
    beginning: asyncio.Task[_Beginning | None]


class _Lost(Exception):
    """Another bot shows the job by now."""


def nonce_holds(since: datetime, now: datetime) -> bool:
    """Whether Discord surely takes what is posted now for what was posted `since` then.

    Not where that lies in the future: a clock was set, or is another machine's.
    """
    return timedelta() <= now - since < timedelta(seconds=NONCE_LIFETIME_S)


class EndPublisher:
    """Shows the ends of jobs. All methods may raise TRANSIENT_ERRORS and StorageUnavailable.

    Each may be called again, whatever was done before.
    """

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        messages: EndMessages,
        gate: PictureGate,
        first: FirstMessages,
        hold: Callable[[str], Awaitable[None]],
        leases: Leases,
    ) -> None:
        """`hold` has moderators look at a job; see `ReviewPublisher.hold`."""
        self._leases = leases
        self._database = database
        self._hold = hold
        self._gate = gate
        self._first = first
        self._messenger = messenger
        self._messages = messages
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """The jobs whose ends are being shown."""
        self._early: dict[str, _Early] = {}

    def prepare(self, job: Job, saved: Sequence[NewPicture], pictures: Sequence[bytes]) -> None:
        """Begin with the end of a job whose pictures are sound, and are being stored.

        Nothing is shown yet. `forget` drops what was begun.
        """
        self.forget(job.id)
        self._messages.files.begin(job, saved, pictures)
        # By a token nothing could be searched for if this were all that came of it.
        if job.message_id is not None and job.reply_token is None:
            beginning = asyncio.create_task(self._begin_early(job, job.message_id))
            # Nobody may want to know.
            beginning.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._early[job.id] = _Early(asyncio.get_running_loop().time(), beginning)

    def forget(self, job_id: str) -> None:
        """Drop what was begun with the end of a job, if anything was."""
        self._messages.files.forget(job_id)
        early = self._early.pop(job_id, None)
        if early is not None:
            early.beginning.cancel()

    async def show(self, job_id: str) -> bool:
        """Show how a job ended, unless it is shown already.

        Returns whether its pictures were shown now, and elsewhere than in a conversation with its
        member.
        """
        turn = self._turns.setdefault(job_id, asyncio.Lock())
        async with turn:
            job = await jobs.get(self._database, job_id)
            if job is None or job.state in UNFINISHED or job.shown_at is not None:
                return False
            if job.message_id is None and job.state is not JobState.DONE:
                job = await self._with_first_message(job)
            if is_withheld(job) and job.verdict == Verdict.REVIEW:
                await self._hold(job.id)
                if (job := await jobs.get(self._database, job_id)) is None:
                    return False
            # In a conversation with the bot, the job's own message is the direct message.
            is_sent = job.server_id is None and job.reply_token is None
            message_id = job.message_id
            # That a picture waits for a moderator is no end yet: its member is notified later.
            waits = is_withheld(job) and job.verdict == Verdict.REVIEW
            notify = not waits and await self._notifies(job)
            try:
                await self._show_in_place(job, notify)
            except CannotPost:
                # A member who cancelled a job does not want to see it elsewhere.
                if job.state is not JobState.CANCELLED and (
                    posted := await self._show_elsewhere(job, notify)
                ):
                    is_sent |= posted.channel_id != job.channel_id
                    message_id = posted.message_id
            except _Lost:
                return False
            if job.state is not JobState.DONE:
                # Before it counts as shown: what a killed bot left undone is done until then.
                await self._messages.forget_files(job)
            await jobs.mark_shown(self._database, job.id, message_id)
            return job.state is JobState.DONE and not is_sent and not is_withheld(job)

    async def _with_first_message(self, job: Job) -> Job:
        """The job with the message that it was cancelled by, if the bot had not noted that yet."""
        found = await self._first.find(job)
        if found is None:
            return job
        await attach(self._database, job, found)
        return await jobs.get(self._database, job.id) or job

    async def send_if_wanted(self, job_id: str) -> None:
        """Also send the pictures as a direct message to members who prefer that."""
        job = await jobs.get(self._database, job_id)
        if job is None or is_withheld(job):
            return
        if (await get_preferences(self._database, job.member_id)).auto_dm:
            place = self._gate.places.direct_messages(job.channel_id)
            if (await self._gate.ruling(job, place)).verdict >= Verdict.REVIEW:
                return
            message = await self._messages.of(job, MIN_ATTACHMENT_LIMIT_BYTES, place)
            try:
                posted = await self._messenger.post_to_member(job.member_id, message)
                copy = removals.Copy(posted.channel_id, posted.message_id, direct=True)
                await until_stored(lambda: removals.add_copy(self._database, job.id, copy))
            except CannotPost:
                log.info("Member %s does not accept direct messages.", job.member_id)

    async def remove_progress(self, job_id: str) -> None:
        """Delete the message that showed a job's progress, if its end is shown in another one."""
        job = await jobs.get(self._database, job_id)
        if job is None or job.progress_id is None:
            return
        try:
            await self._messenger.delete(job.channel_id, job.progress_id, job.reply_token)
        except CannotPost:
            log.warning("The progress message of job %s cannot be deleted.", job.id)
        await jobs.forget_progress(self._database, job.id)

    async def show_used(self, job_id: str) -> None:
        """Mark the buttons of a job by which other jobs were made."""
        job = await jobs.get(self._database, job_id)
        if job is None or job.state is not JobState.DONE or job.message_id is None:
            return
        if is_withheld(job):
            return
        rows = await self._messages.buttons_of(job)
        try:
            changed = await self._messenger.change_buttons(
                job.channel_id, job.message_id, rows, job.reply_token
            )
            await self._link(job, rows, changed)
        except MessageDeleted:
            await self._note_deletion(job)
        except CannotPost:
            return

    async def _notifies(self, job: Job) -> bool:
        server, by_token = None, 0
        if job.server_id is not None:
            server = await get_settings(self._database, job.server_id)
        if job.reply_token is not None:
            by_token = await jobs.count_by_token(self._database, job.reply_token)
        return notifies(job.state, server, jobs_by_token=by_token)

    @traces.traced("post")
    async def _show_in_place(self, job: Job, notify: bool) -> None:
        """Show the end where the job's message is; nothing if that was deleted.

        Raises CannotPost.
        """
        if job.message_id is None and job.state is not JobState.DONE:
            raise CannotPost("there is no message yet")
        if job.removed_by is not None:
            return
        try:
            if job.message_id is None:
                await self._post_once(job, notify)
                return
            if notify:
                with contextlib.suppress(CannotPost):
                    await self._post_once(job, notify)
                    return
            await self._edit(job, job.message_id)
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

    # As a new message.

    async def _post_once(self, job: Job, notify: bool) -> None:
        """Post the end as a new message, unless that was done before. The old one is left over.

        Raises MessageDeleted if a job's message is not there any more, CannotPost.
        """
        # Composed while Discord is asked.
        message = asyncio.create_task(self._messages.of(job, job.attachment_limit))
        try:
            begun = await self._begun_early(job)
            can_search = bool(begun and begun.is_there) or await self._check_message(job)
            since = begun.since if begun else await jobs.begin_end(self._database, job.id)
            posted = None
            if job.message_id is None:
                # Its first message would have shown the end at once, and may have done so.
                posted = await self._first.find(job)
            if posted is None and since is not None:
                posted = await self._posted_since(job, since, can_search)
            if posted is None:
                posted = await self._post(job, notify, message)
        finally:
            message.cancel()
            await asyncio.gather(message, return_exceptions=True)
        place = (posted.channel_id, posted.message_id)
        if not await until_stored(
            lambda: jobs.attach_end(self._database, job.id, *place, seen=job)
        ):
            raise _Lost
        if job.state is JobState.DONE and job.kind in job_messages.SINGLE_PICTURE_KINDS:
            try:
                await self._link(job, await self._messages.buttons_of(job), posted)
            except (MessageDeleted, *TRANSIENT_ERRORS):
                # The next use of a button adds it.
                log.warning("Job %s is shown without the link to its file.", job.id)

    async def _check_message(self, job: Job) -> bool:
        """Check that a job's message is there; returns whether its channel can be searched.

        Raises MessageDeleted, CannotPost.
        """
        if job.message_id is None or job.hidden:
            return job.reply_token is None
        place = (job.channel_id, job.message_id)
        state = await self._messenger.state_of(*place, job.reply_token)
        if state is MessageState.DELETED:
            raise MessageDeleted(f"message {job.message_id} was deleted")
        if state is MessageState.CHANNEL_DELETED:
            raise CannotPost(f"channel {job.channel_id} was deleted")
        if state is MessageState.UNREADABLE and job.reply_token is None:
            # What the bot may not read, it may still edit; this fails if there is nothing.
            await self._messenger.change_buttons(*place, ())
        return state is MessageState.PRESENT and job.reply_token is None

    async def _begin_early(self, job: Job, message_id: int) -> _Beginning | None:
        if not await self._notifies(replace(job, state=JobState.DONE)):
            return None
        state, since = await asyncio.gather(
            self._messenger.state_of(job.channel_id, message_id),
            jobs.begin_end(self._database, job.id),
            return_exceptions=True,
        )
        if isinstance(since, BaseException):
            raise since
        return _Beginning(state is MessageState.PRESENT, since)

    async def _begun_early(self, job: Job) -> _Beginning | None:
        """What was asked and stored a moment ago, if a new message is posted."""
        early = self._early.pop(job.id, None)
        if early is None:
            return None
        try:
            beginning = await early.beginning
        except StorageUnavailable:
            return None
        if beginning and asyncio.get_running_loop().time() - early.begun > MAX_AGE_S:
            return replace(beginning, is_there=False)
        return beginning

    async def _posted_since(
        self, job: Job, since: datetime, can_search: bool
    ) -> PostedMessage | None:
        """The message with the end, if it was posted but not stored.

        Raises CannotPost if that cannot be found out: nobody is notified twice.
        """
        if not can_search:
            has_nonce = job.reply_token is None
            if has_nonce and nonce_holds(since, datetime.now(UTC)):
                return None
            raise CannotPost("it may have been posted already")
        others = {copy.message_id for copy in await removals.copies(self._database, job.id)}
        return await self._messenger.find_own(
            job.channel_id,
            lambda custom_id: is_of(custom_id, job),
            after=since - timedelta(seconds=CLOCK_TOLERANCE_S),
            except_ids=others | {job.message_id},
        )

    async def _post(
        self, job: Job, notify: bool, composed: Awaitable[MessageSpec]
    ) -> PostedMessage:
        nonce = await self._nonce(job)

        async def send(message: MessageSpec) -> PostedMessage:
            self._check_lease(job)
            return await self._messenger.post(
                job.channel_id,
                _mentioning(message, job, notify),
                job.reply_token,
                hidden=job.hidden,
                nonce=nonce,
            )

        _, posted = await self._send_fitting(job, composed, send)
        return posted

    # In the message that is there, or elsewhere.

    async def _edit(self, job: Job, message_id: int) -> None:
        async def send(message: MessageSpec) -> PostedMessage:
            place = (job.channel_id, message_id)
            self._check_lease(job)
            return await self._messenger.edit(*place, message, job.reply_token)

        composed = self._messages.of(job, job.attachment_limit)
        message, posted = await self._send_fitting(job, composed, send)
        await self._link(job, message.buttons, posted)

    async def _send_fitting(
        self,
        job: Job,
        composed: Awaitable[MessageSpec],
        send: Callable[[MessageSpec], Awaitable[PostedMessage]],
    ) -> tuple[MessageSpec, PostedMessage]:
        """Send the end, with a smaller file than composed if Discord says it is too large."""
        message = await composed
        try:
            return message, await send(message)
        except FileTooLarge:
            message = await self._messages.of(job, MIN_ATTACHMENT_LIMIT_BYTES)
            return message, await send(message)

    @traces.traced("post")
    async def _show_elsewhere(self, job: Job, notify: bool) -> PostedMessage | None:
        """Post the end of a job as a new message; None if that is possible nowhere."""
        # It may become a direct message, so it is made for both places.
        place = self._gate.places.direct_messages(job.channel_id)
        message = await self._messages.of(job, MIN_ATTACHMENT_LIMIT_BYTES, place)
        if job.message_id is not None:
            message = job_messages.moved(message, job.locale)
        try:
            posted = await self._post_anywhere(job, _mentioning(message, job, notify))
        except CannotPost:
            log.warning("Job %s cannot be shown anywhere; its pictures are kept.", job.id)
            return None
        if not await attach(self._database, job, posted, by_token=False):
            raise _Lost
        with contextlib.suppress(MessageDeleted):
            await self._link(replace(job, reply_token=None), message.buttons, posted)
        return posted

    async def _post_anywhere(self, job: Job, message: MessageSpec) -> PostedMessage:
        """In the job's channel, or else as a direct message to its member."""
        nonce = await self._nonce(job)
        self._check_lease(job)
        # Jobs with a token are hidden from the channel, or the bot may not write there.
        if job.reply_token is None:
            with contextlib.suppress(CannotPost):
                return await self._messenger.post(job.channel_id, message, nonce=nonce)
        return await self._messenger.post_to_member(job.member_id, message, nonce=nonce)

    def _check_lease(self, job: Job) -> None:
        """Raises _Lost if this bot has the job no longer, such as after a pause of its process."""
        if not self._leases.holds(job):
            raise _Lost

    async def _nonce(self, job: Job) -> str:
        if job.verdict == Verdict.ALLOW and job.approved_by is None:
            return _nonce(job, 0)
        decided = await reviews.of_job(self._database, job.id)
        return _nonce(job, sum(review.decision is not None for review in decided))

    async def _link(self, job: Job, rows: ButtonRows, posted: PostedMessage) -> None:
        """Add a link to the file, whose address is known only after it has been posted."""
        if job.kind in job_messages.SINGLE_PICTURE_KINDS and rows and posted.file_url:
            rows = button_layout.with_link(rows, posted.file_url, job.locale)
            # Without the link the picture is still shown.
            with contextlib.suppress(CannotPost):
                await self._messenger.change_buttons(
                    posted.channel_id, posted.message_id, rows, job.reply_token
                )


async def attach(
    database: Database, job: Job, posted: PostedMessage, *, by_token: bool = True
) -> bool:
    """Store which message shows a job, as soon as the database answers.

    False if another bot gave it a message since it was read; this one is deleted then.
    """
    place = (posted.channel_id, posted.message_id)
    # Tried again separately: trying all again would post a second message.
    return await until_stored(
        lambda: jobs.attach_message(database, job.id, *place, by_token=by_token, seen=job)
    )


def _mentioning(message: MessageSpec, job: Job, notify: bool) -> MessageSpec:
    return replace(message, pings=job.member_id) if notify else message


def _nonce(job: Job, decisions: int) -> str:
    """What makes the end of a job one message, however often it is posted. At most 25 characters.

    88 bits of the job's id are enough to tell jobs apart. After each of the moderators'
    `decisions` about it, its end is another one.
    """
    return f"{job.id[:22]}{decisions or ''}"
