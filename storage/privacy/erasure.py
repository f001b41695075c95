"""Deletes jobs with all that they hold, and everything else that is stored about a member.

Of a job that other members' jobs were made from, an empty row stays, which belongs to nobody. The
files of pictures are deleted before; messages on Discord are noted as unwanted, in the same
transaction. Each step can be repeated after a crash.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage import unwanted_messages
from storage.database import Database, upsert
from storage.jobs import UNFINISHED, Job, count_open, open_jobs, to_job
from storage.models import (
    CopyRow,
    DraftRow,
    ErasureRow,
    FavouriteRow,
    JobRow,
    JobState,
    MemberRow,
    OptionRow,
    PictureRow,
    RemovedBy,
    ReportRow,
    ReviewRow,
)
from storage.privacy.tables import MEMBER_TABLES
from storage.start_pictures import digests_in
from storage.totals import forget_ends, totals

NOBODY = 0
"""The member that emptied jobs belong to. Discord gives nobody this id."""

MAX_JOBS = 100
"""Jobs that are erased in one transaction, so that nobody waits long for it."""

EMPTIED = {
    "prompt": "",
    "folded_prompt": "",
    "request": {},
    "member_name": "",
    "verdict": 0,
    "counted_pictures": 0,
    "weight": 1,
}
"""What is stored in columns of an emptied job that cannot be null."""

KEPT_COLUMNS = frozenset(
    {
        *("id", "kind", "state", "channel_id", "server_id", "attachment_limit", "mode", "locale"),
        *("stealth", "attempts", "turn", "created_at", "started_at", "finished_at", "shown_at"),
        *("highlighted", "removed_by", "member_id", "lease"),
    }
)
"""The columns of an emptied job that keep a value; all others lose theirs."""

_BY_JOB = ("jobs", "pictures", "copies", "members")
"""Tables that `erase_jobs` and the end of `forget_member` take care of."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How much is stored about a member."""

    jobs: int
    pictures: int
    options: int
    drafts: int
    favourites: int


async def stored(database: Database, member_id: int) -> Stored:
    """Count what a deletion would delete."""
    # Jobs and pictures are counted already: they may be a great many.
    ended = await totals(database, member_id)
    counted = {"jobs": ended.done + ended.failed + ended.cancelled, "pictures": ended.pictures}
    async with database.reading() as session:
        for row in (OptionRow, DraftRow, FavouriteRow):
            chosen = select(func.count()).select_from(row).where(row.member_id == member_id)
            counted[row.__tablename__] = await session.scalar(chosen) or 0
    counted["jobs"] += await count_open(database, member_id)
    return Stored(**counted)


async def ask(database: Database, member_id: int) -> None:
    """Note that a member wants everything about them deleted."""
    async with database.transaction() as session:
        values = {"member_id": member_id, "asked_at": datetime.now(UTC)}
        await upsert(session, ErasureRow, values, update={"member_id"})


async def asked(database: Database) -> Sequence[int]:
    """The members whose deletion is not done yet."""
    async with database.reading() as session:
        rows = await session.scalars(select(ErasureRow.member_id).order_by(ErasureRow.asked_at))
        return rows.all()


async def done(database: Database, member_id: int) -> None:
    """Forget that a member asked: it is done."""
    async with database.transaction() as session:
        await session.execute(delete(ErasureRow).where(ErasureRow.member_id == member_id))


async def some_jobs(database: Database, member_id: int) -> Sequence[Job]:
    """Some of a member's jobs, at most MAX_JOBS, those that have not ended first."""
    if unfinished := await open_jobs(database, member_id):
        return unfinished[:MAX_JOBS]
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow)
            .where(JobRow.member_id == member_id)
            .order_by(JobRow.created_at.desc())
            .limit(MAX_JOBS)
        )
        return [to_job(row) for row in rows]


async def attempts(database: Database, job_ids: Collection[str]) -> dict[str, int]:
    """How often each of these jobs was tried, by its id."""
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.id, JobRow.attempts).where(JobRow.id.in_(job_ids))
        )
        return {row.id: row.attempts for row in rows}


async def erase_jobs(database: Database, job_ids: Collection[str]) -> frozenset[str]:
    """Delete jobs: prompts, requests, rows of pictures, favourites; note their messages.

    The one way in which a job is deleted, for its member and for moderators; the files of its
    pictures are the caller's. Returns the digests of start pictures that they named.
    """
    async with database.transaction() as session:
        rows = await session.scalars(
            select(JobRow).where(JobRow.id.in_(job_ids)).order_by(JobRow.id).with_for_update()
        )
        found = rows.all()
        ids = [row.id for row in found]
        owners = {row.id: row.member_id for row in found}
        ended = [(row.member_id, row.state) for row in found if row.state not in UNFINISHED]
        parents = {row.parent_id for row in found if row.parent_id is not None}
        for row in found:
            if row.message_id is not None:
                await unwanted_messages.add(
                    session, row.channel_id, row.message_id, row.reply_token
                )
            if row.progress_id is not None:
                await unwanted_messages.add(
                    session, row.channel_id, row.progress_id, row.reply_token
                )
        for copy in await session.scalars(select(CopyRow).where(CopyRow.job_id.in_(ids))):
            await unwanted_messages.add(session, copy.channel_id, copy.message_id)
        await _drop_reviews(session, ReviewRow.job_id.in_(ids))
        await session.execute(delete(ReportRow).where(ReportRow.job_id.in_(ids)))
        digests = frozenset().union(*(digests_in(row.request) for row in found))
        pictures = select(PictureRow.id).where(PictureRow.job_id.in_(ids))
        await session.execute(delete(CopyRow).where(CopyRow.job_id.in_(ids)))
        await session.execute(delete(FavouriteRow).where(FavouriteRow.picture_id.in_(pictures)))
        gone = await session.scalars(
            delete(PictureRow).where(PictureRow.job_id.in_(ids)).returning(PictureRow.job_id)
        )
        by_member = Counter(owners[job_id] for job_id in gone)
        await _empty(session, ids)
        await _delete_childless(session, {*ids, *parents})
        await forget_ends(session, ended, by_member)
    return digests


async def forget_member(database: Database, member_id: int) -> frozenset[str] | None:
    """Delete all else that is stored about a member, whose jobs are erased already.

    Returns the digests of start pictures that it named; None, and nothing is deleted, if the
    member has a job again.
    """
    async with database.transaction() as session:
        # Locks the member's row: a job that is queued at the same time comes before this or after.
        # One who is forgotten already, and asks again at this moment, has no row to lock yet.
        is_known = await session.scalar(
            update(MemberRow)
            .where(MemberRow.id == member_id)
            .values(name="", preferences=None)
            .returning(MemberRow.id)
        )
        if await session.scalar(select(JobRow.id).where(JobRow.member_id == member_id).limit(1)):
            await session.rollback()
            return None
        await _drop_reviews(session, ReviewRow.member_id == member_id)
        digests: set[str] = set()
        for one in MEMBER_TABLES:
            if one.survives or one.table.name in _BY_JOB:
                continue
            if one.table.name == "drafts":
                contents = await session.scalars(
                    select(one.table.c.content).where(one.of(member_id))
                )
                digests.update(*(digests_in(content) for content in contents))
            await session.execute(delete(one.table).where(one.of(member_id)))
        if is_known is not None:
            await session.execute(delete(MemberRow).where(MemberRow.id == member_id))
    return frozenset(digests)


async def _drop_reviews(session: AsyncSession, about: ColumnElement[bool]) -> None:
    """Delete reviews, and note their messages: these show prompts and pictures."""
    for review in await session.scalars(select(ReviewRow).where(about)):
        if review.message_id is not None and review.post_channel_id is not None:
            await unwanted_messages.add(session, review.post_channel_id, review.message_id)
    await session.execute(delete(ReviewRow).where(about))


async def _empty(session: AsyncSession, ids: Sequence[str]) -> None:
    now = datetime.now(UTC)
    await upsert(session, MemberRow, {"id": NOBODY, "name": "", "first_seen": now}, update={"name"})
    emptied: dict[str, Any] = {
        column.name: EMPTIED.get(column.name)
        for column in JobRow.__table__.columns
        if column.name not in KEPT_COLUMNS
    }
    await session.execute(
        update(JobRow)
        .where(JobRow.id.in_(ids), JobRow.state.in_(UNFINISHED))
        .values(state=JobState.CANCELLED, finished_at=now)
    )
    await session.execute(
        update(JobRow)
        .where(JobRow.id.in_(ids))
        .values(
            **emptied,
            member_id=NOBODY,
            removed_by=RemovedBy.ERASED,
            shown_at=func.coalesce(JobRow.shown_at, now),
        )
    )


async def _delete_childless(session: AsyncSession, ids: Collection[str]) -> None:
    """Delete those of the jobs that are emptied and that no job is made from any more."""
    child = aliased(JobRow)
    childless = ~exists().where(child.parent_id == JobRow.id)
    await session.execute(
        delete(JobRow).where(JobRow.id.in_(ids), JobRow.member_id == NOBODY, childless)
    )
