"""What moderators decide, and all that follows from it.

A decision is stored first. What follows is done in the background, and again by the next start if
the process was killed.
"""

import asyncio
import logging

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import CannotPost, Messenger
from bot.delivery.persistent_tasks import PersistentTasks
from bot.delivery.review_publisher import ReviewPublisher
from bot.duties import Duties
from bot.errors import AlreadyDecided, NotModerator, NotOffered, ReviewGone
from bot.i18n.markdown import Markup
from bot.i18n.texts import Text, say_unmarked
from bot.messages import review_messages
from bot.policy.access import Actor
from bot.policy.reviews import CHOICES, Decision, ReviewKind, verdict_of
from bot.policy.verdicts import Verdict
from bot.retry import until_stored
from bot.services.admin.blocking import BlockService
from bot.services.moderation.events import MAX_TEXT_CHARS, ModerationLog
from bot.services.reviews.takedown import Takedown
from storage import jobs
from storage.database import Database
from storage.moderation import reviews
from storage.moderation.log import NewEntry
from storage.moderation.reviews import Review, Ruled

log = logging.getLogger(__name__)

TAKE_UP_INTERVAL_S = 5.0
"""Seconds between two looks for what other bots left undone."""


class Decisions:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        publisher: JobPublisher,
        review_publisher: ReviewPublisher,
        log: ModerationLog,
        takedown: Takedown,
        blocks: BlockService,
        duties: Duties,
    ) -> None:
        self._duties = duties
        self._database = database
        self._messenger = messenger
        self._publisher = publisher
        self._reviews = review_publisher
        self._log = log
        self._takedown = takedown
        self._blocks = blocks
        self._tasks = PersistentTasks()
        self._taken_up: set[str] = set()
        """Reviews that another process decided, and that are being settled."""

    async def run(self) -> None:
        """Wait until cancelled; ends what is begun then."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._tasks.stop()
            await self._log.stop()

    async def keep_taking_up(self) -> None:
        """Take up what other processes left undone, until cancelled.

        What cannot be posted is tried again at the start only.
        """
        for review in await until_stored(lambda: reviews.unsettled(self._database)):
            await self._take_up(review)
        while self._duties.are_shared:
            await asyncio.sleep(TAKE_UP_INTERVAL_S)
            for review in await until_stored(self._left_behind):
                await self._take_up(review)

    async def _left_behind(self) -> list[Review]:
        """The reviews that other bots have not settled yet, or did not begin or end to post."""
        broken_off = set(await self._duties.abandoned("review:"))
        return [
            review
            for review in await reviews.unsettled(self._database)
            if review.decision is not None
            or review.id in broken_off
            or (review.message_id is None and review.post_tried_at is None)
        ]

    async def _take_up(self, review: Review) -> None:
        if review.decision is not None:
            if review.id not in self._taken_up:
                self._taken_up.add(review.id)
                task = self._tasks.start(self._settle, review.id)
                task.add_done_callback(lambda _: self._taken_up.discard(review.id))
            return
        channel = await until_stored(lambda: self._reviews.channel_of(review.server_id))
        if review.message_id is None and channel is not None:
            self._reviews.publish(review.id)

    async def decide(self, actor: Actor, review_id: str, decision: Decision) -> None:
        """Store a moderator's decision. Raises NotModerator, ReviewGone, AlreadyDecided."""
        review = await self.review(actor, review_id)
        offered = CHOICES[ReviewKind(review.kind)]
        if decision not in offered:
            raise NotOffered
        entry = await self._entry(actor, review, decision)
        ruled = _ruled(review, decision)
        if not await reviews.decide(
            self._database, review.id, decision, actor.member_id, entry, ruled
        ):
            raise await self._decided_before(review.id)
        self._log.announce(entry)
        self._tasks.start(self._settle, review.id)

    async def review(self, actor: Actor, review_id: str) -> Review:
        """A review of the server on which somebody moderates. Raises NotModerator, ReviewGone."""
        review = await reviews.get(self._database, review_id)
        if not actor.moderates or (review and review.server_id != actor.server_id):
            raise NotModerator
        if review is None:
            raise ReviewGone
        return review

    async def _decided_before(self, review_id: str) -> AlreadyDecided | ReviewGone:
        review = await reviews.get(self._database, review_id)
        if review is None or review.decision is None or review.decided_at is None:
            return ReviewGone()
        when = f"<t:{int(review.decided_at.timestamp())}:f>"
        return AlreadyDecided(review.decision, Markup(f"<@{review.decided_by}>"), Markup(when))

    async def _entry(self, actor: Actor, review: Review, decision: Decision) -> NewEntry:
        job = await jobs.get(self._database, review.job_id) if review.job_id else None
        prompt = (job.prompt if job else review.prompt) or ""
        return NewEntry(
            review.server_id,
            f"review.{decision}",
            prompt[:MAX_TEXT_CHARS],
            actor.member_id,
            review.member_id,
            review.channel_id,
            review.job_id,
        )

    async def _settle(self, review_id: str) -> None:
        """Do what follows from a decision. Each step can be repeated.

        Raises TRANSIENT_ERRORS, StorageUnavailable.
        """
        async with self._duties.turn(f"review:{review_id}"):
            await self._settle_alone(review_id)

    async def _settle_alone(self, review_id: str) -> None:
        review = await reviews.get(self._database, review_id)
        if review is None or review.decision is None or review.settled_at is not None:
            return
        decision = Decision(review.decision)
        if decision.blocks and review.decided_by is not None:
            reason = say_unmarked(Text("review-block-reason"), review.locale)
            await self._blocks.block(
                review.server_id, review.member_id, review.decided_by, None, reason
            )
        job = await jobs.get(self._database, review.job_id) if review.job_id else None
        if job is not None and decision.deletes:
            # Takes the review and its message too; the log stays.
            await self._takedown.erase(job)
            return
        if job is not None and verdict_of(decision) is not None:
            self._publisher.show_end(job.id)
        if review.kind == ReviewKind.PROMPT:
            await self._tell(review)
        await self._reviews.close(review)
        await reviews.settle(self._database, review.id)

    async def _tell(self, review: Review) -> None:
        """Tell a member what became of their appeal: directly, or else where they asked."""
        message, nonce = review_messages.told(review), f"t{review.id[:23]}"
        try:
            await self._messenger.post_to_member(review.member_id, message, nonce=nonce)
        except CannotPost:
            try:
                await self._messenger.post(review.channel_id, message, nonce=nonce)
            except CannotPost:
                log.info("Member %s cannot be told of a decision.", review.member_id)


def _ruled(review: Review, decision: Decision) -> Ruled | None:
    """The verdict on a job that follows from a decision."""
    verdict = verdict_of(decision)
    if verdict is None or review.job_id is None:
        return None
    if verdict is Verdict.REFUSE:
        return Ruled(int(verdict), say_unmarked(Text("review-rejected"), review.locale))
    return Ruled(int(verdict), None, is_approval=True)
