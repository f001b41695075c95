"""Shows in a server's review channel what its moderators have to decide, and what they decided.

Each review has one message. What cannot be posted, because the channel was deleted or is closed to
the bot, stays open: it is posted when a channel is set again, and tried again at each start.
"""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from bot.delivery.end_messages import EndMessages
from bot.delivery.end_publisher import MIN_ATTACHMENT_LIMIT_BYTES, nonce_holds
from bot.delivery.first_messages import CLOCK_TOLERANCE_S
from bot.delivery.messenger import CannotPost, MessageDeleted, Messenger, PostedMessage
from bot.delivery.persistent_tasks import PersistentTasks
from bot.duties import Duties
from bot.i18n.texts import Text, say_unmarked
from bot.messages import review_messages
from bot.messages.specs import MessageSpec
from bot.policy.access import is_withheld
from bot.policy.reviews import ReviewKind
from bot.policy.verdicts import Verdict
from bot.retry import until_stored
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.moderation import reviews
from storage.moderation.reviews import NewReview, Review, Ruled
from storage.servers import get_settings

log = logging.getLogger(__name__)


class ReviewPublisher:
    """Posts the messages of reviews, and changes them."""

    def __init__(
        self, database: Database, messenger: Messenger, messages: EndMessages, duties: Duties
    ) -> None:
        self._duties = duties
        self._database = database
        self._messenger = messenger
        self._messages = messages
        self._tasks = PersistentTasks()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """The reviews whose messages are being posted or changed."""

    async def stop(self) -> None:
        await self._tasks.stop()

    async def hold(self, job_id: str) -> None:
        """Have moderators look at a finished job, if a rule demands that.

        On servers without a review channel it is refused. May be called again, whatever was done
        before. Raises StorageUnavailable.
        """
        job = await jobs.get(self._database, job_id)
        if job is None or not is_withheld(job) or job.verdict != Verdict.REVIEW:
            return
        if job.server_id is None or not await self.channel_of(job.server_id):
            await reviews.set_verdict(self._database, job, _without_channel(job))
            return
        new = review_of(job, job.server_id, ReviewKind.HELD, job.verdict_reason or "")
        self.publish((await reviews.open_review(self._database, new)).id)

    async def channel_of(self, server_id: int) -> int | None:
        return (await get_settings(self._database, server_id)).review_channel

    def publish(self, review_id: str) -> None:
        """Post a review, or show in its message what is new, in the background."""
        self._tasks.start(self._publish, review_id)

    async def close(self, review: Review) -> None:
        """Show in its message what was decided. Raises TRANSIENT_ERRORS, StorageUnavailable."""
        async with self._turn(review.id):
            if review.message_id is None or review.post_channel_id is None:
                return
            message = review_messages.decided(review, await self._job_of(review))
            # Without its message the log still says it.
            with contextlib.suppress(MessageDeleted, CannotPost):
                await self._messenger.edit(review.post_channel_id, review.message_id, message)

    async def _publish(self, review_id: str) -> None:
        async with self._turn(review_id), self._duties.turn(f"review:{review_id}"):
            review = await reviews.get(self._database, review_id)
            if review is None or review.decision is not None:
                return
            channel_id = await self.channel_of(review.server_id)
            if channel_id is None:
                return
            try:
                if not await self._change(review, channel_id):
                    await self._post(review, channel_id)
            except CannotPost as error:
                log.warning("Review channel %d cannot be used: %s", channel_id, error)

    async def _change(self, review: Review, channel_id: int) -> bool:
        """Change the message of a review; False if it has to be posted (anew).

        Raises CannotPost.
        """
        if review.message_id is None or review.post_channel_id is None:
            return False
        if review.post_channel_id == channel_id:
            message = await self._message(review, with_picture=False)
            try:
                await self._messenger.edit(channel_id, review.message_id, message)
                return True
            except MessageDeleted:
                pass
        else:
            with contextlib.suppress(CannotPost):
                await self._messenger.delete(review.post_channel_id, review.message_id)
        await until_stored(lambda: reviews.forget_post(self._database, review.id))
        return False

    async def _post(self, review: Review, channel_id: int) -> None:
        since = await reviews.begin_post(self._database, review.id)
        posted = None
        if since is not None:
            posted = await self._posted_since(review, channel_id, since)
        if posted is None:
            message = await self._message(review, with_picture=True)
            posted = await self._messenger.post(channel_id, message, nonce=review.id[:24])
        place = (posted.channel_id, posted.message_id)
        await until_stored(lambda: reviews.posted(self._database, review.id, *place))

    async def _posted_since(
        self, review: Review, channel_id: int, since: datetime
    ) -> PostedMessage | None:
        """The message of a review, if it was posted but not stored."""
        if nonce_holds(since, datetime.now(UTC)):
            return None
        # Two messages are better than none: whichever is pressed, one decision is stored.
        with contextlib.suppress(CannotPost):
            return await self._messenger.find_own(
                channel_id,
                lambda custom_id: custom_id.startswith(f"review:{review.id}:"),
                after=since - timedelta(seconds=CLOCK_TOLERANCE_S),
                except_ids=(),
            )
        return None

    async def _message(self, review: Review, *, with_picture: bool) -> MessageSpec:
        job, picture = await self._job_of(review), None
        if job is not None and with_picture:
            picture = await self._messages.for_moderators(job, MIN_ATTACHMENT_LIMIT_BYTES)
        reports = await reviews.reports_of(self._database, job.id) if job else ()
        return review_messages.open_review(review, job, reports, picture)

    async def _job_of(self, review: Review) -> Job | None:
        return await jobs.get(self._database, review.job_id) if review.job_id else None

    def _turn(self, review_id: str) -> asyncio.Lock:
        return self._turns.setdefault(review_id, asyncio.Lock())


def review_of(job: Job, server_id: int, kind: ReviewKind, reason: str) -> NewReview:
    """A review of a job."""
    return NewReview(
        kind=kind,
        server_id=server_id,
        channel_id=job.channel_id,
        member_id=job.member_id,
        reason=reason,
        locale=job.locale,
        open_key=job.id,
        job_id=job.id,
    )


def _without_channel(job: Job) -> Ruled:
    """The verdict on a job that nobody can look at."""
    key = "review-impossible.no-server" if job.server_id is None else "review-impossible"
    said = say_unmarked(Text(key), job.locale)
    reason = f"{job.verdict_reason} · {said}" if job.verdict_reason else said
    return Ruled(int(Verdict.REFUSE), reason)
