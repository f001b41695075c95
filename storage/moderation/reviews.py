"""What moderators have to decide, and what they decided.

Of two decisions at once exactly one is stored. What follows from it is stored in the same
transaction, or is done afterwards and noted as settled, so that a killed process can go on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select, update

from storage.database import Database, upsert
from storage.jobs import Job
from storage.models import (
    JobRow,
    JobState,
    PicturePolicyRow,
    ReportRow,
    ReviewRow,
    ServerRow,
    WordRuleRow,
    read_row,
)
from storage.moderation.log import NewEntry, write_in
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class NewReview:
    """`open_key` is what it is about: there is only one open review with the same."""

    kind: str
    server_id: int
    channel_id: int
    member_id: int
    reason: str
    locale: str
    open_key: str
    job_id: str | None = None
    prompt: str | None = None
    prompt_key: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """As it stood when it was read; see `storage.models.ReviewRow`. All times are in UTC."""

    id: str
    kind: str
    server_id: int
    channel_id: int
    member_id: int
    job_id: str | None
    prompt: str | None
    reason: str
    locale: str
    created_at: datetime
    post_channel_id: int | None
    message_id: int | None
    decision: str | None
    decided_by: int | None
    decided_at: datetime | None
    settled_at: datetime | None
    post_tried_at: datetime | None = None
    """When its message was first posted, or about to be."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """The verdict on a job that follows from a decision, and why."""

    verdict: int
    reason: str | None
    is_approval: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    member_id: int
    reason: str


async def get(database: Database, review_id: str) -> Review | None:
    async with database.reading() as session:
        row = await session.get(ReviewRow, review_id)
        return read_row(Review, row) if row else None


async def open_review(database: Database, new: NewReview, report: Report | None = None) -> Review:
    """Open a review, or find the open one about the same thing.

    With a `report`, that is stored too; a member's second one about the same job changes nothing.
    """
    async with database.transaction() as session:
        # Locks the server's row: of two reviews about the same at once, the second finds the first.
        settings = asdict(ServerSettings(new.server_id))
        await upsert(session, ServerRow, settings, update={"server_id"})
        row = await session.scalar(select(ReviewRow).where(ReviewRow.open_key == new.open_key))
        if row is None:
            row = ReviewRow(
                id=uuid4().hex,
                kind=new.kind,
                server_id=new.server_id,
                channel_id=new.channel_id,
                member_id=new.member_id,
                job_id=new.job_id,
                prompt=new.prompt,
                prompt_key=new.prompt_key,
                reason=new.reason,
                locale=new.locale,
                open_key=new.open_key,
                created_at=_now(),
            )
            session.add(row)
        if report is not None and new.job_id is not None:
            values = {
                "job_id": new.job_id,
                "member_id": report.member_id,
                "reason": report.reason,
                "created_at": _now(),
            }
            await upsert(session, ReportRow, values, update={"member_id"})
        return read_row(Review, row)


async def reports_of(database: Database, job_id: str) -> tuple[Report, ...]:
    """Who reported a job and why, the first report first."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(ReportRow)
            .where(ReportRow.job_id == job_id)
            .order_by(ReportRow.created_at, ReportRow.member_id)
        )
        return tuple(read_row(Report, row) for row in rows)


async def has_reported(database: Database, job_id: str, member_id: int) -> bool:
    async with database.reading() as session:
        return await session.get(ReportRow, (job_id, member_id)) is not None


async def count_reports_since(database: Database, member_id: int, since: datetime) -> int:
    """How many jobs a member has reported since then, wherever."""
    async with database.reading() as session:
        counted = await session.scalar(
            select(func.count())
            .select_from(ReportRow)
            .where(ReportRow.member_id == member_id, ReportRow.created_at >= since)
        )
        return counted or 0


async def decide(
    database: Database,
    review_id: str,
    decision: str,
    decided_by: int,
    entry: NewEntry,
    ruled: Ruled | None = None,
) -> bool:
    """Store a decision, unless there is one: then False, and nothing is changed.

    `ruled` is the new verdict on its job, whose message has to show it then. `entry` is what the
    log says.
    """
    async with database.transaction() as session:
        row = await session.scalar(
            update(ReviewRow)
            .where(ReviewRow.id == review_id, ReviewRow.decision.is_(None))
            .values(decision=decision, decided_by=decided_by, decided_at=_now(), open_key=None)
            .returning(ReviewRow)
        )
        if row is None:
            return False
        if ruled is not None and row.job_id is not None:
            await session.execute(
                update(JobRow)
                .where(JobRow.id == row.job_id, JobRow.state == JobState.DONE)
                .values(
                    verdict=ruled.verdict,
                    verdict_reason=ruled.reason,
                    approved_by=decided_by if ruled.is_approval else None,
                    held_back=None,
                    shown_at=None,
                    end_tried_at=None,
                )
            )
        await write_in(session, entry)
        return True


async def set_verdict(database: Database, job: Job, ruled: Ruled) -> bool:
    """Replace the verdict on a finished job by a rule's, unless it has another by now."""
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job.id, JobRow.verdict == job.verdict)
            .values(verdict=ruled.verdict, verdict_reason=ruled.reason)
            .returning(JobRow.id)
        )
        return changed is not None


# Their messages.


async def begin_post(database: Database, review_id: str) -> datetime | None:
    """Store that the message of a review is posted from now on; returns since when it was stored,
    if it was."""
    async with database.transaction() as session:
        since = await session.scalar(
            select(ReviewRow.post_tried_at).where(ReviewRow.id == review_id)
        )
        if since is None:
            await session.execute(
                update(ReviewRow).where(ReviewRow.id == review_id).values(post_tried_at=_now())
            )
        return since


async def posted(database: Database, review_id: str, channel_id: int, message_id: int) -> None:
    """Store which message shows a review."""
    async with database.transaction() as session:
        await session.execute(
            update(ReviewRow)
            .where(ReviewRow.id == review_id)
            .values(post_channel_id=channel_id, message_id=message_id)
        )


async def forget_post(database: Database, review_id: str) -> None:
    """Store that the message of a review is not there: it has to be posted anew."""
    async with database.transaction() as session:
        await session.execute(
            update(ReviewRow)
            .where(ReviewRow.id == review_id)
            .values(post_channel_id=None, message_id=None, post_tried_at=None)
        )


async def settle(database: Database, review_id: str) -> None:
    """Store that all that follows from the decision is done."""
    async with database.transaction() as session:
        await session.execute(
            update(ReviewRow).where(ReviewRow.id == review_id).values(settled_at=_now())
        )


async def unsettled(database: Database) -> tuple[Review, ...]:
    """The reviews that are open, or decided but not settled, the oldest first."""
    return await _select(database, ReviewRow.settled_at.is_(None))


async def open_of_server(database: Database, server_id: int) -> tuple[Review, ...]:
    return await _select(
        database, ReviewRow.server_id == server_id, ReviewRow.open_key.is_not(None)
    )


# Appeals.


async def of_job(database: Database, job_id: str) -> tuple[Review, ...]:
    return await _select(database, ReviewRow.job_id == job_id)


async def count_open_of(
    database: Database, server_id: int, member_id: int, kinds: Sequence[str]
) -> int:
    """How many open reviews of these kinds are about a member."""
    async with database.reading() as session:
        counted = await session.scalar(
            select(func.count())
            .select_from(ReviewRow)
            .where(
                ReviewRow.server_id == server_id,
                ReviewRow.member_id == member_id,
                ReviewRow.kind.in_(kinds),
                ReviewRow.open_key.is_not(None),
            )
        )
        return counted or 0


async def decisions_on(
    database: Database, server_id: int, member_id: int, prompt_keys: Sequence[str]
) -> dict[str, str]:
    """What was decided last about these prompts of a member, by their keys."""
    async with database.reading() as session:
        rows = await session.execute(
            select(ReviewRow.prompt_key, ReviewRow.decision)
            .where(
                ReviewRow.server_id == server_id,
                ReviewRow.member_id == member_id,
                ReviewRow.prompt_key.in_(prompt_keys),
                ReviewRow.decision.is_not(None),
            )
            .order_by(ReviewRow.decided_at)
        )
        return {str(key): str(decision) for key, decision in rows}


async def _select(database: Database, *conditions: ColumnElement[bool]) -> tuple[Review, ...]:
    async with database.reading() as session:
        rows = await session.scalars(
            select(ReviewRow).where(*conditions).order_by(ReviewRow.created_at, ReviewRow.id)
        )
        return tuple(read_row(Review, row) for row in rows)


def _now() -> datetime:
    return datetime.now(UTC)


async def servers_without_channel(database: Database, server_id: int | None) -> tuple[int, ...]:
    """The servers with a rule that says `review`, and no review channel; of all, or only one."""
    said = select(WordRuleRow.server_id).where(WordRuleRow.action == "review")
    policies = select(PicturePolicyRow.server_id).where(PicturePolicyRow.action == "review")
    asking = said.union(policies).subquery()
    with_channel = select(ServerRow.server_id).where(ServerRow.review_channel.is_not(None))
    query = select(asking.c.server_id).where(asking.c.server_id.not_in(with_channel))
    if server_id is not None:
        query = query.where(asking.c.server_id == server_id)
    async with database.reading() as session:
        return tuple(await session.scalars(query.order_by(asking.c.server_id)))
