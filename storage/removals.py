"""Removed messages and pictures, and the copies that also show a job.

A message that is gone and was not removed by its member was removed by a moderator; others must
not see its pictures again. Knows nothing of how a deleted message is noticed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update

from storage import unwanted_messages
from storage.database import Database, upsert
from storage.models import CopyRow, FavouriteRow, JobRow, PictureRow, RemovedBy
from storage.totals import forget_ends


@dataclass(frozen=True, slots=True)
class Copy:
    """One more message that shows a finished job, besides its own."""

    channel_id: int
    message_id: int
    direct: bool = field(default=False, compare=False)
    """Whether it is a direct message."""


async def note(database: Database, job_id: str, message_id: int, by: RemovedBy) -> None:
    """Store who removed this message of a job, unless that is stored already.

    A job that has another message by now is left as it is.
    """
    async with database.transaction() as session:
        await session.execute(
            update(JobRow)
            .where(
                JobRow.id == job_id,
                JobRow.message_id == message_id,
                JobRow.removed_by.is_(None),
            )
            .values(removed_by=by)
        )


async def take_back(database: Database, job_id: str) -> None:
    """Undo `note` for the member: the message could not be deleted."""
    async with database.transaction() as session:
        await session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.removed_by == RemovedBy.MEMBER)
            .values(removed_by=None)
        )


async def take_down(database: Database, job_id: str) -> None:
    """Store that a moderator removed a job, even if somebody else is stored already."""
    async with database.transaction() as session:
        await session.execute(
            update(JobRow).where(JobRow.id == job_id).values(removed_by=RemovedBy.MODERATOR)
        )


async def forget_pictures(database: Database, job_id: str) -> None:
    """Delete the rows of a job's pictures, whose files are gone, and their favourites."""
    of_job = select(PictureRow.id).where(PictureRow.job_id == job_id)
    async with database.transaction() as session:
        await session.execute(delete(FavouriteRow).where(FavouriteRow.picture_id.in_(of_job)))
        gone = await session.scalars(
            delete(PictureRow).where(PictureRow.job_id == job_id).returning(PictureRow.id)
        )
        member_id = await session.scalar(select(JobRow.member_id).where(JobRow.id == job_id))
        if member_id is not None and (count := len(gone.all())):
            await forget_ends(session, (), Counter({member_id: count}))


async def add_copy(database: Database, job_id: str, copy: Copy) -> None:
    """Store one more message that shows a job; it may be stored already.

    A copy of a job that was erased meanwhile is noted as unwanted.
    """
    values = {
        "message_id": copy.message_id,
        "channel_id": copy.channel_id,
        "job_id": job_id,
        "direct": copy.direct,
    }
    async with database.transaction() as session:
        # Locks the job, so that it is erased before this or after it.
        there = await session.scalar(
            select(JobRow.id)
            .where(JobRow.id == job_id, JobRow.removed_by.is_distinct_from(RemovedBy.ERASED))
            .with_for_update(read=True, key_share=True)
        )
        if there is None:
            await unwanted_messages.add(session, copy.channel_id, copy.message_id)
        else:
            await upsert(session, CopyRow, values, update={"channel_id"})


async def forget_copy(database: Database, message_id: int) -> None:
    """Delete the row of a copy that its member removed."""
    async with database.transaction() as session:
        await session.execute(delete(CopyRow).where(CopyRow.message_id == message_id))


async def copies(database: Database, job_id: str, channel_id: int | None = None) -> Sequence[Copy]:
    """The copies of a job, the latest first: all of them, or those in one channel."""
    chosen = select(CopyRow).where(CopyRow.job_id == job_id).order_by(CopyRow.message_id.desc())
    if channel_id is not None:
        chosen = chosen.where(CopyRow.channel_id == channel_id)
    async with database.reading() as session:
        rows = await session.scalars(chosen)
        return [Copy(row.channel_id, row.message_id, row.direct) for row in rows]
