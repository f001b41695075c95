"""Leases: which bot has a job, and until when.

A job that somebody has to do something about is taken by one bot: to post its first message, to
have it drawn, or to show how it ended. Each taking has a number of its own (`Job.lease`), one more
than the one before. What a bot does with a job that it took names this number; it is refused once
another has taken the job. So a bot that was away for a while does no harm.

On Postgres a lease ends by itself, by the database's clock, unless it is renewed: then another bot
may take the job. A SQLite file has one bot. Its leases do not end, and the next start takes all.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, is_shared
from storage.jobs.changes import JobStep, announce_change
from storage.jobs.lookups import not_erased, unfinished
from storage.jobs.records import Job, to_job
from storage.models import JobRow, JobState

LEASE_S = 20.0
"""Seconds for which a job is leased, and its lease renewed. A dead bot's jobs wait so long."""

MAX_TAKEN_UP = 100
"""Jobs that are looked up at a time because nobody has them."""


def lease_end(session: AsyncSession) -> ColumnElement[datetime] | None:
    """When a lease ends that is taken or renewed now; None if it does not."""
    return end_from_now() if is_shared(session) else None


def end_from_now() -> ColumnElement[datetime]:
    """When a lease ends that is taken or renewed, on a database that bots share.

    By what LEASE_S is when the statement runs, which may be made once for all.
    """
    return func.now() + bindparam(
        None, callable_=lambda: timedelta(seconds=LEASE_S), type_=Interval
    )


def is_free() -> ColumnElement[bool]:
    """The condition that no bot has a job; to be used on a database that bots share."""
    return or_(JobRow.leased_until.is_(None), JobRow.leased_until < func.now())


def _is_pending() -> ColumnElement[bool]:
    """The condition that a job's messages are not yet what they have to be."""
    return or_(
        and_(unfinished(JobState.QUEUED), JobRow.message_id.is_(None)),
        # Of what ended, which is a condition that the index knows: of thousands that wait, none.
        and_(JobRow.shown_at.is_(None), JobRow.finished_at.is_not(None)),
        JobRow.progress_id.is_not(None),
    )


async def take(database: Database, job_id: str) -> Job | None:
    """Take a job whose first message or whose end has to be shown.

    None if another bot has it, or if there is nothing to show.
    """
    async with database.transaction() as session:
        free = [is_free()] if is_shared(session) else []
        row = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, not_erased(), _is_pending(), *free)
            .values(lease=JobRow.lease + 1, leased_until=lease_end(session))
            .returning(JobRow)
        )
        return to_job(row) if row else None


async def left_behind(database: Database) -> tuple[Job, ...]:
    """The jobs that nobody shows, though something has to be shown; the oldest first.

    At most MAX_TAKEN_UP. For a database that bots share.
    """
    async with database.reading() as session:
        found = await session.scalars(
            select(JobRow)
            .where(_is_pending(), is_free(), not_erased())
            .order_by(JobRow.created_at, JobRow.id)
            .limit(MAX_TAKEN_UP)
        )
        return tuple(to_job(row) for row in found)


async def renew(database: Database, held: Mapping[str, int]) -> frozenset[str]:
    """Renew the leases of jobs, by the numbers of their leases; returns the ids still held."""
    if not database.is_shared or not held:
        return frozenset(held)
    async with database.transaction() as session:
        rows = await session.scalars(
            update(JobRow)
            .where(_are(held), JobRow.leased_until.is_not(None))
            .values(leased_until=lease_end(session))
            .returning(JobRow.id)
        )
        return frozenset(rows)


async def let_go(database: Database, held: Mapping[str, int]) -> None:
    """End the leases of jobs, for the stop: those that run go back to the queue."""
    if not held:
        return
    async with database.transaction() as session:
        rows = await session.scalars(
            update(JobRow)
            .where(_are(held), JobRow.state == JobState.RUNNING)
            .values(_queued_again())
            .returning(JobRow)
        )
        for row in rows.all():
            announce_change(session, JobStep.REQUEUED, to_job(row))
        await session.execute(update(JobRow).where(_are(held)).values(leased_until=None))


async def requeue_expired(database: Database) -> int:
    """RUNNING → QUEUED for jobs whose lease has ended; returns how many.

    On a database with one bot none ends.
    """
    if not database.is_shared:
        return 0
    async with database.transaction() as session:
        # One whose bot stands still in the middle of a transaction does not hold up the others.
        expired = (
            select(JobRow.id)
            .where(unfinished(JobState.RUNNING), is_free())
            .with_for_update(skip_locked=True, key_share=True)
        )
        rows = await session.scalars(
            update(JobRow)
            .where(JobRow.id.in_(expired), JobRow.state == JobState.RUNNING, is_free())
            .values(_queued_again())
            .returning(JobRow)
        )
        found = rows.all()
        for row in found:
            announce_change(session, JobStep.REQUEUED, to_job(row))
        return len(found)


async def requeue_unfinished(database: Database) -> int:
    """Every RUNNING → QUEUED; returns how many. For the start of the only bot."""
    async with database.transaction() as session:
        changed = await session.scalars(
            update(JobRow)
            .where(unfinished(JobState.RUNNING))
            .values(_queued_again())
            .returning(JobRow.id)
        )
        return len(changed.all())


def _queued_again() -> dict[str, object]:
    """What is set for a job that its worker has no longer. Its lease gets a new number, so that
    the old one is good for nothing."""
    return {
        "state": JobState.QUEUED,
        "started_at": None,
        "lease": JobRow.lease + 1,
        "leased_until": None,
    }


def _are(held: Mapping[str, int]) -> ColumnElement[bool]:
    return tuple_(JobRow.id, JobRow.lease).in_(list(held.items()))
