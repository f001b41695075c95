"""Claiming: a queue worker takes the job whose turn it is, and no other gets the same."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    Update,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage import queue_order
from storage.database import Database, is_shared, upsert
from storage.jobs.changes import JobStep, announce_change
from storage.jobs.leases import end_from_now, lease_end
from storage.jobs.lookups import unfinished
from storage.jobs.records import Job, to_job
from storage.models import COPIED_KINDS, JobKind, JobRow, JobState, MemberRow, ShareRow

CANDIDATES = 16
"""How many jobs are looked up for one claim: more workers than so rarely claim at once."""

MAX_STATEMENTS = 64
"""Statements that are kept, for workers with different kinds and models."""


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
    claimable = _claimable(
        frozenset(kinds),
        resolved_only,
        None if only_models is None else frozenset(only_models),
        frozenset(except_models),
    )
    limit = CANDIDATES
    while True:
        try:
            async with database.transaction() as session:
                found = (await session.execute(claimable, {"candidates": limit})).all()
                now = datetime.now(UTC)
                claimed = await _first_free(session, found, now)
                if claimed is not None:
                    row, start = claimed
                    await _serve(session, row, start, now)
                    job = to_job(row)
                    announce_change(session, JobStep.CLAIMED, job)
                    return job
        except _NoPlaceLeft:
            continue
        if len(found) < limit:
            return None
        limit *= 2  # Other workers are claiming all of these.


class _NoPlaceLeft(Exception):
    """Another worker took the last place of this member meanwhile."""


@lru_cache(MAX_STATEMENTS)
def _claimable(
    kinds: frozenset[JobKind],
    resolved_only: bool,
    only_models: frozenset[str] | None,
    except_models: frozenset[str],
) -> Select[str, int, int]:
    """The ids of the jobs that are claimed next, their turns, and where in virtual time they begin:
    as many as the parameter `candidates` says, each as if it were the first.

    Asks for nothing but what the index of unfinished jobs has, and locks nothing: for that,
    Postgres would read all rows. Kept, because making it takes longer than asking it.
    """
    order = queue_order.ClaimOrder()
    return (
        order.join(select(JobRow.id, order.turn, order.start))
        .where(
            unfinished(JobState.QUEUED),
            JobRow.message_id.is_not(None),
            order.has_place,
            JobRow.kind.in_(_written(sorted(kinds))),
            *_of_models(resolved_only, only_models, except_models),
        )
        .order_by(*order.keys)
        .limit(bindparam("candidates", type_=Integer, literal_execute=True))
    )


def _written(kinds: Sequence[JobKind]) -> BindParameter[Any]:
    """Kinds as part of a statement, not as its parameters: see `unfinished`."""
    return bindparam(None, kinds, expanding=True, literal_execute=True)


def _claim(lease_end: ColumnElement[datetime] | None) -> Update:
    """Claims the job `job_id`, in this `turn` and at `now`, if it is still to be claimed.

    All at once: with each change of the row, Postgres writes all of its indexes.
    """
    free = (
        select(JobRow.id)
        .where(JobRow.id == bindparam("job_id"), unfinished(JobState.QUEUED))
        # A row that another queue worker is just claiming is skipped, not waited for.
        # key_share: jobs can still be added whose parent or member is locked here.
        .with_for_update(skip_locked=True, key_share=True)
    )
    return (
        update(JobRow)
        .where(JobRow.id == free.scalar_subquery())
        .values(
            # Copies take no turn.
            turn=case(
                (JobRow.kind.in_(COPIED_KINDS), JobRow.turn),
                else_=bindparam("turn", type_=BigInteger),
            ),
            state=JobState.RUNNING,
            started_at=bindparam("now"),
            attempts=JobRow.attempts + 1,
            lease=JobRow.lease + 1,
            leased_until=lease_end,
            # An earlier try may have got ready to post an end, which never came.
            end_tried_at=None,
        )
        .returning(JobRow)
    )


_CLAIM_SHARED, _CLAIM_ALONE = _claim(end_from_now()), _claim(None)
_SERVED = (
    update(MemberRow).where(MemberRow.id == bindparam("member")).values(served_at=bindparam("now"))
)


async def _first_free(
    session: AsyncSession, found: Sequence[Row[str, int, int]], now: datetime
) -> tuple[JobRow, int] | None:
    """Claim the first job that no other worker is claiming; returns it, and where it begins in
    virtual time."""
    claim = _CLAIM_SHARED if is_shared(session) else _CLAIM_ALONE
    for job_id, turn, start in found:
        row = await session.scalar(claim, {"job_id": job_id, "turn": turn, "now": now})
        if row is not None:
            return row, start
    return None


async def _serve(session: AsyncSession, row: JobRow, start: int, now: datetime) -> None:
    """Note that a claimed job's member was served. Raises _NoPlaceLeft."""
    # Also locks the member's row: another worker's claim of their jobs is over then.
    await session.execute(_SERVED, {"member": row.member_id, "now": now})
    if row.at_a_time is not None and await _running(session, row) > row.at_a_time:
        raise _NoPlaceLeft
    if row.kind not in COPIED_KINDS:
        await _take_share(session, row, start)


async def _running(session: AsyncSession, row: JobRow) -> int:
    """How many jobs of a job's member run, with it."""
    running = await session.scalar(
        select(func.count()).where(JobRow.member_id == row.member_id, unfinished(JobState.RUNNING))
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
    unresolved = JobRow.model.is_(None)
    if resolved_only:
        yield ~unresolved
    if only is not None:
        yield or_(unresolved, JobRow.model.in_(only))
    if but:
        yield or_(unresolved, JobRow.model.not_in(but))


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
        job = to_job(row)
        announce_change(session, JobStep.CLAIMED, job)
        return job
