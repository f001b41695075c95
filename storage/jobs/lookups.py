"""Reads jobs and the queue. `storage.jobs.queue` changes them."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    and_,
    bindparam,
    func,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage import queue_order
from storage.database import Database
from storage.jobs.records import UNFINISHED, Job, to_job
from storage.models import (
    COPIED_KINDS,
    JobMode,
    JobRow,
    JobState,
    MemberRow,
    RemovedBy,
    ShareRow,
)

MAX_IDS = 500
"""Jobs that are read by their ids in one query."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The running jobs, and waiting ones in the order in which they will be claimed."""

    running: tuple[Job, ...]
    waiting: tuple[Job, ...]
    """All, or only those that were asked for."""
    places: tuple[int, ...] | None = None
    """How many jobs come before each of `waiting`; None if those are all."""
    length: int | None = None
    """How many jobs wait; None if `waiting` are all."""

    def numbered(self) -> Iterator[tuple[int, Job]]:
        """The waiting jobs, each with how many come before it."""
        return zip(self.places or range(len(self.waiting)), self.waiting, strict=True)


async def get(database: Database, job_id: str) -> Job | None:
    """Return the job with this id; None if there is none, or if it was erased."""
    async with database.reading() as session:
        row = await session.scalar(select(JobRow).where(JobRow.id == job_id, not_erased()))
    return to_job(row) if row else None


def not_erased() -> ColumnElement[bool]:
    """The condition that a job's content is not erased."""
    return JobRow.removed_by.is_distinct_from(RemovedBy.ERASED)


def unfinished(*states: JobState) -> ColumnElement[bool]:
    """The condition that a job is in one of these states, in which it has not ended."""
    # Written out, not as parameters: so Postgres plans a statement once, knowing how few these are.
    written: BindParameter[Any] = bindparam(None, states, expanding=True, literal_execute=True)
    # The second part says that the index of unfinished jobs has it, whatever the states are.
    return and_(JobRow.state.in_(written), JobRow.finished_at.is_(None))


async def open_jobs(database: Database, member_id: int) -> tuple[Job, ...]:
    """Return a member's queued and running jobs, oldest first."""
    async with database.reading() as session:
        # Put in order here: for the order, SQLite would read all that they ever had.
        rows = await session.scalars(
            select(JobRow).where(JobRow.member_id == member_id, unfinished(*UNFINISHED))
        )
        return tuple(sorted(map(to_job, rows), key=lambda job: (job.created_at, job.id)))


async def count_open(database: Database, member_id: int) -> int:
    """How many jobs of a member are queued or running."""
    async with database.reading() as session:
        return await count_open_in(session, member_id)


async def count_by_model(database: Database) -> dict[tuple[JobState, str], int]:
    """How many jobs are queued and running of each model, by its id.

    Those that wait for their model to be known have none: `""`.
    """
    model = func.coalesce(JobRow.model, "")
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.state, model, func.count())
            .where(unfinished(*UNFINISHED))
            .group_by(JobRow.state, model)
        )
        return {(state, model): count for state, model, count in rows}


async def count_open_in(session: AsyncSession, member_id: int) -> int:
    counted = await session.scalar(
        select(func.count()).where(JobRow.member_id == member_id, unfinished(*UNFINISHED))
    )
    return counted or 0


async def ended_unshown(database: Database) -> tuple[Job, ...]:
    """Return the jobs that ended and whose message does not show it yet, oldest first."""
    return await _select(database, JobRow.shown_at.is_(None), JobRow.finished_at.is_not(None))


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
    return await _select(database, unfinished(JobState.QUEUED), JobRow.message_id.is_(None))


async def parent_of(database: Database, job: Job) -> Job | None:
    """Return the job that this one was made from, or None if it came from a prompt."""
    return await get(database, job.parent_id) if job.parent_id else None


async def children(database: Database, job_id: str) -> tuple[Job, ...]:
    """Return the jobs that were made from this one, oldest first."""
    return await _select(database, JobRow.parent_id == job_id)


async def in_queue(
    database: Database, *, first: int | None = None, of_member: int | None = None
) -> Queue:
    """Return the running and the waiting jobs, the latter in the order of their turns.

    If `first` is given, only so many of those that wait, and those of the member.
    """
    async with database.reading() as session:
        running = [
            to_job(row)
            for row in await session.scalars(
                select(JobRow)
                .where(unfinished(JobState.RUNNING))
                .order_by(JobRow.created_at, JobRow.id)
            )
        ]
        waiting = await _waiting(session)
        modes = (await session.execute(_MODES)).all()
        order = queue_order.in_turn(
            waiting,
            Counter(job.member_id for job in running),
            # One of the modes has the next turn.
            min(mode.turn for mode in modes),
            {JobMode(mode.mode): mode.start for mode in modes},
        )
        own = {job.job_id for job in waiting if first is None or job.member_id == of_member}
        places = _places(order, first or 0, own)
        found = {job.id: job for job in await _by_ids(session, places)}
    # One that was claimed in between is left out.
    kept = {job_id: place for job_id, place in places.items() if job_id in found}
    jobs = tuple(found[job_id] for job_id in kept)
    return Queue(tuple(running), jobs, tuple(kept.values()), len(waiting))


def _places(order: Iterator[str], first: int, wanted: set[str]) -> dict[str, int]:
    """The places of the first jobs and of those that are wanted, looked at no further."""
    places: dict[str, int] = {}
    left = set(wanted)
    for place, job_id in enumerate(order):
        if place < first or job_id in wanted:
            places[job_id] = place
            left.discard(job_id)
        if place + 1 >= first and not left:
            break
    return places


_WAITING = (
    select(
        JobRow.id,
        JobRow.member_id,
        MemberRow.served_at,
        type_coerce(JobRow.mode, String),
        JobRow.kind.in_(COPIED_KINDS),
        JobRow.weight,
        JobRow.at_a_time,
        func.coalesce(ShareRow.finish, 0),
    )
    .join(MemberRow, MemberRow.id == JobRow.member_id)
    .outerjoin(ShareRow, and_(ShareRow.member_id == JobRow.member_id, ShareRow.mode == JobRow.mode))
    .where(unfinished(JobState.QUEUED))
    .order_by(JobRow.created_at, JobRow.id)
)
_MODES = select(queue_order.modes())


async def _waiting(session: AsyncSession) -> list[queue_order.WaitingJob]:
    """What decides the order of the queued jobs, the oldest first."""
    # By the connection: of thousands of rows, the session would make each anew.
    connection = await session.connection()
    return [queue_order.WaitingJob(*row) for row in await connection.execute(_WAITING)]


async def _by_ids(session: AsyncSession, job_ids: Collection[str]) -> list[Job]:
    found, every = list[Job](), list(job_ids)
    for start in range(0, len(every), MAX_IDS):
        some = every[start : start + MAX_IDS]
        rows = await session.scalars(select(JobRow).where(JobRow.id.in_(some)))
        found.extend(map(to_job, rows))
    return found


async def _select(database: Database, *conditions: ColumnElement[bool]) -> tuple[Job, ...]:
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow).where(*conditions).order_by(JobRow.created_at, JobRow.id)
        )
        return tuple(to_job(row) for row in rows)
