"""Claiming: a queue worker takes the job whose turn it is, and no other gets the same."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import queue_order
from storage.database import Database, upsert
from storage.jobs.changes import JobStep, announce_change
from storage.jobs.leases import lease_end
from storage.jobs.records import UNRESOLVED_KEY, Job, to_job
from storage.models import COPIED_KINDS, JobKind, JobRow, JobState, MemberRow, ShareRow


async def claim_next(
    database: Database,
    kinds: Collection[JobKind] = tuple(JobKind),
    *,
    resolved_only: bool = False,
    only_models: Collection[str] | None = None,
    except_models: Collection[str] = (),
) -> Job | None:
    """Claim the job whose turn it is (see `storage.queue_order`); None if none waits.

    No two callers get the same job: it is leased to the one that gets it, which has to renew that
    (`storage.jobs.leases`). Only jobs of these kinds that have their message are taken;
    with `resolved_only`, only those that do not wait for their model to be known. `only_models`
    and `except_models` are ids of models; jobs that wait for theirs are of none of them, and taken.
    """
    conditions = (
        JobRow.kind.in_(kinds),
        *_of_models(resolved_only, only_models, except_models),
    )
    while True:
        async with database.transaction() as session:
            first = (await session.execute(_claimable(*conditions))).first()
            if first is None:
                return None
            row, turn, start = first
            now = datetime.now(UTC)
            # Also locks the member's row: another worker's claim of their jobs is over then.
            await session.execute(
                update(MemberRow).where(MemberRow.id == row.member_id).values(served_at=now)
            )
            if row.at_a_time is not None and await _running(session, row) >= row.at_a_time:
                continue  # Another worker took the last place of this member meanwhile.
            if row.kind not in COPIED_KINDS:
                row.turn = turn
                await _take_share(session, row, start)
            row.state, row.started_at, row.attempts = JobState.RUNNING, now, row.attempts + 1
            row.lease, row.leased_until = row.lease + 1, lease_end(session)
            announce_change(session, JobStep.CLAIMED, row)
            return to_job(row)


def _claimable(*conditions: ColumnElement[bool]) -> Select[JobRow, int, int]:
    """The job that is claimed next, the turn in which it is, and where in virtual time."""
    order = queue_order.ClaimOrder()
    return (
        order.join(select(JobRow, order.turn, order.start))
        .where(
            JobRow.state == JobState.QUEUED,
            JobRow.message_id.is_not(None),
            order.has_place,
            *conditions,
        )
        .order_by(*order.keys)
        .limit(1)
        # A row that another queue worker is just claiming is skipped, not waited for.
        # key_share: jobs can still be added whose parent or member is locked here.
        .with_for_update(of=JobRow, skip_locked=True, key_share=True)
    )


async def _running(session: AsyncSession, row: JobRow) -> int:
    """How many jobs of a job's member run."""
    running = await session.scalar(
        select(func.count()).where(
            JobRow.member_id == row.member_id, JobRow.state == JobState.RUNNING
        )
    )
    return running or 0


async def _take_share(session: AsyncSession, row: JobRow, start: int) -> None:
    """Note what a claimed job takes of its member's share of its mode."""
    values = {
        "member_id": row.member_id,
        "mode": row.mode,
        "start": start,
        "finish": start + queue_order.STRIDE // row.weight,
    }
    await upsert(session, ShareRow, values, update={"start", "finish"})


def _of_models(
    resolved_only: bool, only: Collection[str] | None, but: Collection[str]
) -> Iterator[ColumnElement[bool]]:
    """The conditions on the models of jobs, without any that would keep all."""
    # Read from the request: with 2,000 jobs waiting, a column of its own would save SQLite nothing
    # and Postgres some 10 ms.
    unresolved = JobRow.request[UNRESOLVED_KEY].as_string().is_not(None)
    model = func.coalesce(JobRow.request["model"].as_string(), "")
    if resolved_only:
        yield ~unresolved
    if only is not None:
        yield or_(unresolved, model.in_(only))
    if but:
        yield or_(unresolved, model.not_in(but))


async def claim_unposted(database: Database, job_id: str, lease: int | None = None) -> Job | None:
    """Claim this job before it has a message; None if it is not queued, or has one.

    `lease` is the number of the lease that its caller has already, to post that message, and keeps.
    """
    now = datetime.now(UTC)
    async with database.transaction() as session:
        row = await session.scalar(
            update(JobRow)
            .where(
                JobRow.id == job_id,
                JobRow.state == JobState.QUEUED,
                JobRow.message_id.is_(None),
                *([] if lease is None else [JobRow.lease == lease]),
            )
            .values(
                state=JobState.RUNNING,
                started_at=now,
                attempts=JobRow.attempts + 1,
                leased_until=lease_end(session),
            )
            .returning(JobRow)
        )
        if row is None:
            return None
        announce_change(session, JobStep.CLAIMED, row)
        return to_job(row)
