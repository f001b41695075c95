"""Which message shows a job, and how far its end has been shown.

A job's end may be a new message. Its progress message is then left over until it is deleted.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Update, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import unwanted_messages
from storage.database import Database
from storage.jobs.changes import JobStep, announce_change
from storage.jobs.lookups import not_erased
from storage.jobs.records import Job, to_job
from storage.models import JobRow, JobState


async def attach_message(
    database: Database,
    job_id: str,
    channel_id: int,
    message_id: int,
    *,
    by_token: bool = True,
    seen: Job | None = None,
) -> bool:
    """Store which message shows the job; from then on the job can be claimed.

    `by_token` False is a message that is not reached by the job's reply token, if it has one.
    `seen` is the job as the caller read it. If another bot gave it a message since then, or if it
    was erased, this one is noted as unwanted, and False is returned.
    """
    # If the job has ended already, this message does not show that yet.
    values: dict[str, Any] = {
        "channel_id": channel_id,
        "message_id": message_id,
        "shown_at": None,
        # What is queued waits for a worker now.
        "leased_until": case((JobRow.state != JobState.QUEUED, JobRow.leased_until)),
    }
    if not by_token:
        values["reply_token"] = None
    async with database.transaction() as session:
        attached = update(JobRow).values(**values).where(*_has_none_since(seen, message_id))
        return await _attach(session, attached, job_id, channel_id, message_id) is not None


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


async def attach_end(
    database: Database,
    job_id: str,
    channel_id: int,
    message_id: int,
    *,
    seen: Job | None = None,
) -> bool:
    """Store the new message that shows the job's end; the one before is left over.

    Storing the same message again changes nothing. `seen` is the job as the caller read it. If
    another bot gave it a message since then, or if it was erased, this one is noted as unwanted,
    and False is returned.
    """
    async with database.transaction() as session:
        shows_it = await session.scalar(
            select(JobRow.id).where(JobRow.id == job_id, JobRow.message_id == message_id)
        )
        if shows_it:
            return True
        attached = (
            update(JobRow)
            .values(
                # Read before the assignment: the message that showed the progress.
                progress_id=JobRow.message_id,
                channel_id=channel_id,
                message_id=message_id,
                shown_at=_now(),
            )
            .where(*_has_none_since(seen, message_id))
        )
        row = await _attach(session, attached, job_id, channel_id, message_id)
        if row is not None:
            announce_change(session, JobStep.SHOWN, to_job(row))
        return row is not None


async def mark_shown(database: Database, job_id: str, message_id: int | None) -> None:
    """Store that this message of the job shows how it ended, or that it has none to show that.

    A job that has another message by now is left as it is.
    """
    async with database.transaction() as session:
        shown = {"job_id": job_id, "by": message_id, "now": _now()}
        row = await session.scalar(_SHOWN, shown)
        if row is not None:
            announce_change(session, JobStep.SHOWN, to_job(row))


_SHOWN = (
    update(JobRow)
    .where(
        JobRow.id == bindparam("job_id"),
        JobRow.message_id.is_not_distinct_from(bindparam("by", type_=BigInteger)),
    )
    .values(
        shown_at=bindparam("now"),
        # Nobody needs it any more, but for a progress message that is left over.
        leased_until=case((JobRow.progress_id.is_not(None), JobRow.leased_until)),
    )
    .returning(JobRow)
)
"""Notes that a job is shown by its message, which is `by`."""


async def show_again(database: Database, job: Job) -> bool:
    """Have the end of a job shown again, if its message of before shows that; False if not."""
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(
                JobRow.id == job.id,
                JobRow.message_id == job.message_id,
                JobRow.shown_at.is_not(None),
            )
            .values(shown_at=None)
            .returning(JobRow.id)
        )
        return changed is not None


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
        await session.execute(
            update(JobRow).where(JobRow.id == job_id).values(progress_id=None, leased_until=None)
        )


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
    """Give a job its message, or note the message as unwanted if the job may not have it."""
    row = await session.scalar(attached.where(JobRow.id == job_id, not_erased()).returning(JobRow))
    if row is None:
        token = await session.scalar(select(JobRow.reply_token).where(JobRow.id == job_id))
        await unwanted_messages.add(session, channel_id, message_id, token)
    return row


def _has_none_since(seen: Job | None, message_id: int) -> Iterator[ColumnElement[bool]]:
    """The condition that a job has the message that was seen, or this one already."""
    if seen is not None:
        before = JobRow.message_id.is_not_distinct_from(seen.message_id)
        yield or_(before, JobRow.message_id == message_id)


def _now() -> datetime:
    return datetime.now(UTC)
