"""What members ask moderators for: to look at a picture that they report, or at a refusal."""

from datetime import UTC, datetime, timedelta

from bot.delivery.review_publisher import ReviewPublisher, review_of
from bot.errors import (
    AlreadyAppealed,
    AlreadyReported,
    JobNotFound,
    NoReviewChannel,
    NothingToAppeal,
    NothingToReport,
    NotYourAppeal,
    TooManyAppeals,
    TooManyReports,
)
from bot.i18n.texts import Text, say_unmarked
from bot.policy.access import Action, Actor, is_withheld
from bot.policy.actors import Requester
from bot.policy.reviews import (
    MAX_OPEN_APPEALS,
    MAX_REPORTS,
    REPORT_PERIOD_S,
    Decision,
    ReviewKind,
    prompt_key,
)
from bot.policy.verdicts import Verdict
from bot.prompts.parser import without_parameters
from bot.services.admin.authorization import Authorization
from bot.services.moderation.events import MAX_TEXT_CHARS, ModerationLog
from bot.services.moderation.words import WordFilter
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobState
from storage.moderation import reviews
from storage.moderation.log import NewEntry
from storage.moderation.reviews import NewReview, Report

APPEALS = (ReviewKind.APPEAL, ReviewKind.PROMPT)


class ReviewRequests:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        publisher: ReviewPublisher,
        log: ModerationLog,
        words: WordFilter,
        authorization: Authorization,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._log = log
        self._words = words
        self._authorization = authorization

    async def takes_appeals(self, server_id: int | None) -> bool:
        """Whether moderators of a server look at anything."""
        return server_id is not None and await self._publisher.channel_of(server_id) is not None

    async def check_report(self, actor: Actor, job: Job) -> int:
        """The server whose moderators a report goes to.

        Raises NothingToReport, NoReviewChannel, AlreadyReported, TooManyReports.
        """
        is_here = job.server_id is not None and job.server_id == actor.server_id
        if not is_here or job.server_id is None or job.state is not JobState.DONE:
            raise NothingToReport
        if is_withheld(job) or job.stealth:
            raise NothingToReport
        if not await self.takes_appeals(job.server_id):
            raise NoReviewChannel
        if await reviews.has_reported(self._database, job.id, actor.member_id):
            raise AlreadyReported
        since = datetime.now(UTC) - timedelta(seconds=REPORT_PERIOD_S)
        count = await reviews.count_reports_since(self._database, actor.member_id, since)
        if count >= MAX_REPORTS:
            raise TooManyReports(MAX_REPORTS)
        return job.server_id

    async def report(self, actor: Actor, job_id: str, reason: str) -> None:
        """Report a picture. Raises JobNotFound, and what `check_report` raises."""
        job = await jobs.get(self._database, job_id)
        if job is None:
            raise JobNotFound
        await self._authorization.check_action(Action.READ, actor, job)
        server_id = await self.check_report(actor, job)
        new = review_of(job, server_id, ReviewKind.REPORT, "")
        report = Report(actor.member_id, reason)
        review = await reviews.open_review(self._database, new, report)
        self._publisher.publish(review.id)
        await self._log.note(
            NewEntry(
                server_id,
                "report.picture",
                reason[:MAX_TEXT_CHARS],
                actor.member_id,
                job.member_id,
                actor.channel_id,
                job.id,
            )
        )

    async def appeal(self, actor: Actor, job_id: str) -> None:
        """Have moderators look at a picture of the member that is not shown.

        Raises JobNotFound, NotYourAppeal, NothingToAppeal, AlreadyAppealed, TooManyAppeals,
        NoReviewChannel.
        """
        job = await jobs.get(self._database, job_id)
        if job is None:
            raise JobNotFound
        await self._authorization.check_action(Action.READ, actor, job)
        if job.member_id != actor.member_id:
            raise NotYourAppeal
        if job.server_id is None or not is_withheld(job) or job.verdict != Verdict.REFUSE:
            raise NothingToAppeal
        before = await reviews.of_job(self._database, job.id)
        if any(review.kind == ReviewKind.APPEAL for review in before):
            raise AlreadyAppealed
        await self._check_appeals(job.server_id, actor.member_id)
        new = review_of(job, job.server_id, ReviewKind.APPEAL, job.verdict_reason or "")
        await self._open(new, job.prompt)

    async def appeal_prompt(self, requester: Requester, prompt: str) -> None:
        """Have moderators look at a prompt that was refused.

        Raises NothingToAppeal, AlreadyAppealed, TooManyAppeals, NoReviewChannel.
        """
        await self._authorization.check_requester(requester)
        here, locale, server_id = requester.location, requester.locale, requester.server_id
        found = await self._words.test(here, prompt)
        refusing = [match for match in found if match.rule.action.verdict is Verdict.REFUSE]
        if server_id is None or not refusing:
            raise NothingToAppeal
        key = prompt_key(without_parameters(prompt))
        decided = await reviews.decisions_on(self._database, server_id, here.member_id, [key])
        if key in decided and Decision(decided[key]).is_against:
            raise AlreadyAppealed
        await self._check_appeals(server_id, here.member_id)
        words = ", ".join(f"“{match.found}”" for match in refusing)
        new = NewReview(
            kind=ReviewKind.PROMPT,
            server_id=server_id,
            channel_id=here.channel_id,
            member_id=here.member_id,
            reason=say_unmarked(Text("words-verdict", {"words": words}), locale),
            locale=locale,
            open_key=prompt_key(f"{server_id} {here.member_id} {key}"),
            prompt=prompt,
            prompt_key=key,
        )
        await self._open(new, prompt)

    async def _check_appeals(self, server_id: int, member_id: int) -> None:
        if not await self.takes_appeals(server_id):
            raise NoReviewChannel
        count = await reviews.count_open_of(self._database, server_id, member_id, APPEALS)
        if count >= MAX_OPEN_APPEALS:
            raise TooManyAppeals(MAX_OPEN_APPEALS)

    async def _open(self, new: NewReview, prompt: str) -> None:
        review = await reviews.open_review(self._database, new)
        self._publisher.publish(review.id)
        kind = "appeal.prompt" if new.prompt is not None else "appeal.picture"
        await self._log.note(
            NewEntry(
                new.server_id,
                kind,
                prompt[:MAX_TEXT_CHARS],
                new.member_id,
                new.member_id,
                new.channel_id,
                new.job_id,
            )
        )
