"""What was taken away: messages of jobs, the further messages that show them, and pictures.

A message that is gone and was not taken away by its member was taken away by somebody who may, and
is not to be brought back before others. Knows nothing of how messages are found to be gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from storage.database import Database, upsert
from storage.models import CopyRow, FavouriteRow, JobRow, PictureRow, RemovedBy


@dataclass(frozen=True, slots=True)
class Copy:
    """One more message that shows a finished job, beside its own."""

    channel_id: int
    message_id: int


async def note(database: Database, job_id: str, message_id: int, by: RemovedBy) -> None:
    """Remember who had this message of a job taken away; who was first stays.

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
    """The member's message could not be taken away."""
    async with database.transaction() as session:
        await session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.removed_by == RemovedBy.MEMBER)
            .values(removed_by=None)
        )


async def take_down(database: Database, job_id: str) -> None:
    """Remember that a moderator took a job away, whoever had its message taken away before."""
    async with database.transaction() as session:
        await session.execute(
            update(JobRow).where(JobRow.id == job_id).values(removed_by=RemovedBy.MODERATOR)
        )


async def forget_pictures(database: Database, job_id: str) -> None:
    """Forget a job's pictures, whose files are gone, and that they were anybody's favourites."""
    of_job = select(PictureRow.id).where(PictureRow.job_id == job_id)
    async with database.transaction() as session:
        await session.execute(delete(FavouriteRow).where(FavouriteRow.picture_id.in_(of_job)))
        await session.execute(delete(PictureRow).where(PictureRow.job_id == job_id))


async def add_copy(database: Database, job_id: str, copy: Copy) -> None:
    """Remember one more message that shows a job; it may be known already."""
    values = {
        "message_id": copy.message_id,
        "channel_id": copy.channel_id,
        "job_id": job_id,
    }
    async with database.transaction() as session:
        await upsert(session, CopyRow, values, update={"channel_id"})


async def forget_copy(database: Database, message_id: int) -> None:
    """The member had it taken away."""
    async with database.transaction() as session:
        await session.execute(delete(CopyRow).where(CopyRow.message_id == message_id))


async def copies(database: Database, job_id: str, channel_id: int | None = None) -> Sequence[Copy]:
    """The further messages of a job, the latest first: all of them, or those in one channel."""
    chosen = select(CopyRow).where(CopyRow.job_id == job_id).order_by(CopyRow.message_id.desc())
    if channel_id is not None:
        chosen = chosen.where(CopyRow.channel_id == channel_id)
    async with database.reading() as session:
        return [Copy(row.channel_id, row.message_id) for row in await session.scalars(chosen)]
