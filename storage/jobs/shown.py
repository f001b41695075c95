"""Which message shows a job, and how far its end has been shown.

A job's end may be a new message. Its progress message is then left over until it is deleted.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import unwanted_messages
from storage.database import Database
from storage.jobs.changes import JobStep, announce_change
from storage.jobs.lookups import not_erased
from storage.jobs.records import Job, to_job
from storage.models import JobRow


async def attach_message(
    database: Database, job_id: str, channel_id: int, message_id: int, *, by_token: bool = True
) -> None:
    """Store which message shows the job; from then on the job can be claimed.

    `by_token` False is a message that is not reached by the job's reply token, if it has one. The
    message of a job that was erased meanwhile is noted as unwanted.
    """
    # If the job has ended already, this message does not show that yet.
    values: dict[str, Any] = {
        "channel_id": channel_id,
        "message_id": message_id,
        "shown_at": None,
    }
    if not by_token:
        values["reply_token"] = None
    async with database.transaction() as session:
        await _attach(session, update(JobRow).values(**values), job_id, channel_id, message_id)


async def begin_end(database: Database, job_id: str) -> datetime | None:
    """Store that a new message with the job's end is posted from now on.

    Returns since when it was stored, if it was: that message may have been posted then.
    """
    async with database.transaction() as session:
        since = await session.scalar(select(JobRow.end_tried_at).where(JobRow.id == job_id))
        if since is None:
            await session.execute(
                update(JobRow).where(JobRow.id == job_id).values(end_tried_at=_now())
            )
        return since


async def attach_end(database: Database, job_id: str, channel_id: int, message_id: int) -> None:
    """Store the new message that shows the job's end; the one before is left over.

    Storing the same message again changes nothing. The message of a job that was erased meanwhile
    is noted as unwanted.
    """
    async with database.transaction() as session:
        shows_it = await session.scalar(
            select(JobRow.id).where(JobRow.id == job_id, JobRow.message_id == message_id)
        )
        if shows_it:
            return
        attached = update(JobRow).values(
            # Read before the assignment: the message that showed the progress.
            progress_id=JobRow.message_id,
            channel_id=channel_id,
            message_id=message_id,
            shown_at=_now(),
        )
        row = await _attach(session, attached, job_id, channel_id, message_id)
        if row is not None:
            announce_change(session, JobStep.SHOWN, row)


async def mark_shown(database: Database, job_id: str, message_id: int | None) -> None:
    """Store that this message of the job shows how it ended, or that it has none to show that.

    A job that has another message by now is left as it is.
    """
    async with database.transaction() as session:
        row = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.message_id.is_not_distinct_from(message_id))
            .values(shown_at=_now())
            .returning(JobRow)
        )
        if row is not None:
            announce_change(session, JobStep.SHOWN, row)


async def with_progress_left(database: Database) -> Sequence[Job]:
    """Return the jobs whose progress message is still to be deleted, oldest first."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow)
            .where(JobRow.progress_id.is_not(None))
            .order_by(JobRow.created_at, JobRow.id)
        )
        return tuple(to_job(row) for row in rows)


async def forget_progress(database: Database, job_id: str) -> None:
    """Store that no progress message is left over."""
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(progress_id=None))


async def count_by_token(database: Database, token: str) -> int:
    """How many jobs have messages that this reply token reaches."""
    async with database.reading() as session:
        counted = await session.scalar(
            select(func.count()).select_from(JobRow).where(JobRow.reply_token == token)
        )
        return counted or 0


async def _attach(
    session: AsyncSession, attached: Update, job_id: str, channel_id: int, message_id: int
) -> JobRow | None:
    """Give a job its message, or note the message as unwanted if the job was erased."""
    row = await session.scalar(attached.where(JobRow.id == job_id, not_erased()).returning(JobRow))
    if row is None:
        await unwanted_messages.add(session, channel_id, message_id)
    return row


def _now() -> datetime:
    return datetime.now(UTC)
