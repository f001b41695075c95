"""Reads jobs and the queue. `storage.jobs.queue` changes them."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import queue_order
from storage.database import Database
from storage.jobs.records import UNFINISHED, UNRESOLVED_KEY, Job, to_job
from storage.models import (
    COPIED_KINDS,
    JobRow,
    JobState,
    MemberRow,
    PictureRow,
    RemovedBy,
    ShareRow,
)


@dataclass(frozen=True, slots=True)
class Totals:
    """How all of a member's jobs ended, and how many pictures they made."""

    done: int
    failed: int
    cancelled: int
    pictures: int


@dataclass(frozen=True, slots=True)
class Queue:
    """All unfinished jobs; `waiting` is in the order in which they will be claimed."""

    running: tuple[Job, ...]
    waiting: tuple[Job, ...]


async def get(database: Database, job_id: str) -> Job | None:
    """Return the job with this id; None if there is none, or if it was erased."""
    async with database.reading() as session:
        row = await session.scalar(select(JobRow).where(JobRow.id == job_id, not_erased()))
    return to_job(row) if row else None


def not_erased() -> ColumnElement[bool]:
    """The condition that a job's content is not erased."""
    return JobRow.removed_by.is_distinct_from(RemovedBy.ERASED)


async def open_jobs(database: Database, member_id: int) -> tuple[Job, ...]:
    """Return a member's queued and running jobs, oldest first."""
    return await _select(database, JobRow.member_id == member_id, JobRow.state.in_(UNFINISHED))


async def count_open(database: Database, member_id: int) -> int:
    """How many jobs of a member are queued or running."""
    async with database.reading() as session:
        return await count_open_in(session, member_id)


async def count_by_model(database: Database) -> dict[tuple[JobState, str], int]:
    """How many jobs are queued and running of each model, by its id.

    Those that wait for their model to be known have none: `""`.
    """
    unresolved = JobRow.request[UNRESOLVED_KEY].as_string().is_not(None)
    named = func.coalesce(JobRow.request["model"].as_string(), "")
    model = case((unresolved, ""), else_=named).label("model")
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.state, model, func.count())
            .where(JobRow.state.in_(UNFINISHED))
            .group_by(JobRow.state, model)
        )
        return {(state, model): count for state, model, count in rows}


async def count_open_in(session: AsyncSession, member_id: int) -> int:
    counted = await session.scalar(
        select(func.count()).where(JobRow.member_id == member_id, JobRow.state.in_(UNFINISHED))
    )
    return counted or 0


async def ended_unshown(database: Database) -> tuple[Job, ...]:
    """Return the jobs that ended and whose message does not show it yet, oldest first."""
    return await _select(database, JobRow.shown_at.is_(None), JobRow.state.not_in(UNFINISHED))


async def held_back(database: Database, limit: int) -> tuple[Job, ...]:
    """Return jobs whose pictures could not be checked, the oldest first, at most `limit`."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow)
            .where(JobRow.held_back.is_not(None))
            .order_by(JobRow.created_at, JobRow.id)
            .limit(limit)
        )
        return tuple(to_job(row) for row in rows)


async def without_message(database: Database) -> tuple[Job, ...]:
    """Return the queued jobs that have no message yet, oldest first."""
    return await _select(database, JobRow.state == JobState.QUEUED, JobRow.message_id.is_(None))


async def parent_of(database: Database, job: Job) -> Job | None:
    """Return the job that this one was made from, or None if it came from a prompt."""
    return await get(database, job.parent_id) if job.parent_id else None


async def children(database: Database, job_id: str) -> tuple[Job, ...]:
    """Return the jobs that were made from this one, oldest first."""
    return await _select(database, JobRow.parent_id == job_id)


async def in_queue(database: Database) -> Queue:
    """Return the running and the waiting jobs, the latter in the order of their turns."""
    of_mode = and_(ShareRow.member_id == JobRow.member_id, ShareRow.mode == JobRow.mode)
    virtual = queue_order.virtual_times()
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow, MemberRow.served_at, func.coalesce(ShareRow.finish, 0))
            .join(MemberRow, MemberRow.id == JobRow.member_id)
            .outerjoin(ShareRow, of_mode)
            .where(JobRow.state.in_(UNFINISHED))
            .order_by(JobRow.created_at, JobRow.id)
        )
        found = [(to_job(row), served_at, finish) for row, served_at, finish in rows]
        turn, *times = (
            await session.execute(select(queue_order.next_turn(), *virtual.values()))
        ).one()
    running = tuple(job for job, *_ in found if job.state is JobState.RUNNING)
    queued = {job.id: job for job, *_ in found if job.state is JobState.QUEUED}
    order = queue_order.queue_order(
        [
            queue_order.WaitingJob(
                job.id,
                job.member_id,
                served_at,
                job.mode,
                job.kind in COPIED_KINDS,
                job.weight,
                job.at_a_time,
                finish,
            )
            for job, served_at, finish in found
            if job.id in queued
        ],
        Counter(job.member_id for job in running),
        turn,
        dict(zip(virtual, times, strict=True)),
    )
    return Queue(running, tuple(queued[job_id] for job_id in order))


async def totals(database: Database, member_id: int) -> Totals:
    """Count how a member's jobs ended, and their pictures."""
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.state, func.count())
            .where(JobRow.member_id == member_id)
            .group_by(JobRow.state)
        )
        counts = dict(rows.all())
        picture_count = await session.scalar(
            select(func.count())
            .select_from(PictureRow)
            .join(JobRow, JobRow.id == PictureRow.job_id)
            .where(JobRow.member_id == member_id)
        )
    return Totals(
        done=counts.get(JobState.DONE, 0),
        failed=counts.get(JobState.FAILED, 0),
        cancelled=counts.get(JobState.CANCELLED, 0),
        pictures=picture_count or 0,
    )


async def _select(database: Database, *conditions: ColumnElement[bool]) -> tuple[Job, ...]:
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow).where(*conditions).order_by(JobRow.created_at, JobRow.id)
        )
        return tuple(to_job(row) for row in rows)
