"""The queue: every change of a job's state, from its acceptance to its end.

How the next job is claimed is in `storage.jobs.claims`.

Every change of state is one transaction that names the state it comes from. So of two that race,
exactly one wins and the other is told so. Knows nothing of what is in a request, except whether it
waits for its model, of how pictures are made or of how anything is shown.

Any number of bots may work on a queue in Postgres. What a bot does with a job that it took names
its lease (`storage.jobs.leases`), and is refused if another bot has taken the job meanwhile.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from storage import drafts
from storage.database import Database, is_shared, upsert
from storage.jobs.changes import FailureCause, JobStep, announce_change
from storage.jobs.leases import end_from_now, lease_end
from storage.jobs.lookups import count_open_in, not_erased
from storage.jobs.records import (
    UNFINISHED,
    UNRESOLVED_KEY,
    Job,
    NewJob,
    accepted,
    fold,
    model_in,
    to_job,
    to_values,
)
from storage.models import JobRow, JobState, MemberRow, table_of
from storage.pictures import NewPicture
from storage.pictures import to_row as to_picture_row
from storage.rules import quotas
from storage.rules.blocks import Block, find_block_in
from storage.rules.quotas import Quota
from storage.totals import count_end


class TooManyJobs(Exception):
    """The member would have more jobs queued and running than allowed."""

    def __init__(self, open: int, limit: int) -> None:
        super().__init__(f"{open} jobs are queued or running, and at most {limit} may be.")
        self.open = open
        """How many they have now."""
        self.limit = limit


class ParentGone(Exception):
    """The job that a new one is made from was erased."""


class MemberBlocked(Exception):
    """The member was blocked on the server after they asked."""

    def __init__(self, block: Block) -> None:
        super().__init__(f"Member {block.member_id} is blocked on server {block.server_id}.")
        self.block = block


class DraftGone(Exception):
    """The draft was confirmed already, or refused, or is too old."""


async def add(
    database: Database,
    new: Sequence[NewJob],
    *,
    limit: int | None,
    draft_id: str | None = None,
    quota: Quota | None = None,
) -> tuple[Job, ...]:
    """Queue one member's jobs, all of them or none, in their order.

    `draft_id` is the draft that they come from, which is removed. Raises `TooManyJobs` if the
    member would have more than `limit` queued and running, `OverQuota` if they would use more than
    their `quota` on the server, `DraftGone` if the draft is gone already, `ParentGone` if a job
    that one is made from is, `MemberBlocked` if the member is blocked there by now.
    """
    if not new:
        return ()
    folded = await fold_prompts(new)
    async with database.transaction() as session:
        return await insert(session, new, folded, limit, draft_id, quota)


async def insert(
    session: AsyncSession,
    new: Sequence[NewJob],
    folded: Mapping[str, str],
    limit: int | None,
    draft_id: str | None = None,
    quota: Quota | None = None,
) -> tuple[Job, ...]:
    """Queue jobs, at least one, within a transaction; see `add`.

    `folded` is what `fold_prompts` makes of them.
    """
    member_id, name = new[0].member_id, new[0].member_name
    assert all(job.member_id == member_id for job in new), "one member's jobs at a time"
    now = _now()
    # Also locks the member's row: of two requests at once, the second counts the first's jobs.
    await upsert(
        session,
        MemberRow,
        {"id": member_id, "name": name, "first_seen": now},
        update={"name"},
    )
    # Pictures may have been fetched since they were allowed to ask.
    servers = {job.server_id for job in new if job.server_id is not None}
    if servers and (block := await find_block_in(session, servers, member_id, now)):
        raise MemberBlocked(block)
    if limit is not None:
        open_count = await count_open_in(session, member_id)
        if open_count + len(new) > limit:
            raise TooManyJobs(open_count, limit)
    await _check_quota(session, new, quota, now)
    await _check_parents(session, {job.parent_id for job in new if job.parent_id})
    if draft_id is not None and not await drafts.take(session, draft_id):
        raise DraftGone
    # A microsecond apart, so that "oldest first" keeps the order they were given in.
    rows = [
        to_values(job, folded[job.prompt], now + timedelta(microseconds=i))
        for i, job in enumerate(new)
    ]
    # Whoever adds them gives them their messages.
    await session.execute(_ADD_SHARED if is_shared(session) else _ADD_ALONE, rows)
    added = [accepted(values) for values in rows]
    for job in added:
        announce_change(session, JobStep.QUEUED, job)
    await _count(session, added)
    return tuple(added)


_ADD_SHARED = insert_into(table_of(JobRow)).values(leased_until=end_from_now())
_ADD_ALONE = insert_into(table_of(JobRow))
_ASKED = (
    update(MemberRow).where(MemberRow.id == bindparam("member")).values(asked_at=bindparam("at"))
)


async def _check_quota(
    session: AsyncSession, new: Sequence[NewJob], quota: Quota | None, now: datetime
) -> None:
    """Raises OverQuota. What only shows a stored picture is always within the quota."""
    server_id, wanted = new[0].server_id, sum(job.counted_pictures for job in new)
    if quota is not None and server_id is not None and wanted:
        usage = await quotas.usage_in(session, server_id, new[0].member_id, now)
        quotas.check(quota, usage, wanted)


async def _check_parents(session: AsyncSession, parents: Collection[str]) -> None:
    """Raise ParentGone if one is erased; until the end of the transaction none can be."""
    if not parents:
        return
    # As a foreign key locks them: they can still change otherwise, and get other children.
    found = await session.scalars(
        select(JobRow.id)
        .where(JobRow.id.in_(parents), not_erased())
        .with_for_update(read=True, key_share=True)
    )
    if len(found.all()) != len(parents):
        raise ParentGone


async def _count(session: AsyncSession, added: Sequence[Job]) -> None:
    """Count the pictures of new jobs, and when their member asked for them."""
    server_id, member_id = added[0].server_id, added[0].member_id
    drawn = [(job.created_at, job.counted_pictures) for job in added if job.counted_pictures]
    if server_id is None or not drawn:
        return
    await quotas.count(session, server_id, member_id, drawn)
    await session.execute(_ASKED, {"member": member_id, "at": drawn[0][0]})


async def set_request(
    database: Database,
    job_id: str,
    request: Mapping[str, Any],
    prompt: str,
    pictures: int | None = None,
    *,
    lease: int | None = None,
) -> bool:
    """Store the request of a RUNNING job, and its prompt. False if it was not running.

    `lease` is the lease that the caller has; with another one by now, the job counts as not
    running. None for whatever lease it has. `pictures` is how many it draws, if that was not known
    when it was queued: so many count.
    """
    folded = await asyncio.to_thread(fold, prompt)
    async with database.transaction() as session:
        row = await session.scalar(
            select(JobRow)
            .where(JobRow.id == job_id, JobRow.state == JobState.RUNNING, *_leased(lease))
            .with_for_update(key_share=True)
        )
        if row is None:
            return False
        row.request, row.prompt, row.folded_prompt = dict(request), prompt, folded
        row.model = None if UNRESOLVED_KEY in request else model_in(request)
        if pictures is not None and row.counted_pictures and row.server_id is not None:
            too_many = row.counted_pictures - pictures
            row.counted_pictures = pictures
            await quotas.give_back(session, row.server_id, row.member_id, row.created_at, too_many)
        return True


async def finish(
    database: Database,
    job_id: str,
    pictures: Sequence[NewPicture],
    *,
    verdict: int | None = None,
    reason: str | None = None,
    held_back: int | None = None,
    lease: int | None = None,
) -> bool:
    """RUNNING → DONE, with its pictures. False if it was no longer running, by this `lease`.

    Who has the lease keeps it, to show the end.
    `verdict` and its `reason` replace those that the job has; None leaves them. `held_back` is
    the verdict that it has but for pictures that could not be checked; None if they were. Its time
    counts for its member's quota, from when it was last claimed.
    """
    values = {"job_id": job_id, "now": _now(), "held_back": held_back, "had": lease}
    if verdict is not None:
        values |= {"verdict": verdict, "verdict_reason": reason}
    async with database.transaction() as session:
        finishes = _finishes(is_shared(session), lease is not None, verdict is not None)
        row = await session.scalar(finishes, values)
        if row is None:
            return False
        announce_change(session, JobStep.ENDED, to_job(row))
        session.add_all(to_picture_row(job_id, picture) for picture in pictures)
        await session.flush()
        await count_end(session, row.member_id, row.state, len(pictures))
        if row.counted_pictures and row.server_id and row.started_at and row.finished_at:
            gpu_ms = (row.finished_at - row.started_at) // timedelta(milliseconds=1)
            await quotas.charge(
                session, row.server_id, row.member_id, row.finished_at, max(0, gpu_ms)
            )
        return True


@cache
def _finishes(shared: bool, leased: bool, ruled: bool) -> ReturningUpdate[JobRow]:
    """Sets a running job to done; one with the lease `had` if it is `leased`."""
    mine = [JobRow.lease == bindparam("had")] if leased else []
    verdict: dict[str, Any] = (
        {name: bindparam(name) for name in ("verdict", "verdict_reason")} if ruled else {}
    )
    return (
        update(JobRow)
        .where(JobRow.id == bindparam("job_id"), JobRow.state == JobState.RUNNING, *mine)
        .values(
            state=JobState.DONE,
            finished_at=bindparam("now"),
            held_back=bindparam("held_back"),
            leased_until=end_from_now() if shared and leased else None,
            **verdict,
        )
        .returning(JobRow)
    )


async def set_verdict(
    database: Database, job_id: str, verdict: int, reason: str | None, *, before: int
) -> bool:
    """Replace the verdict on a finished job, if it still is `before`; False if it was another.

    The job is held back no more, and its message has to be shown again.
    """
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.verdict == before)
            .values(
                verdict=verdict,
                verdict_reason=reason,
                held_back=None,
                shown_at=None,
                end_tried_at=None,
            )
            .returning(JobRow.id)
        )
        return changed is not None


async def fail(
    database: Database,
    job_id: str,
    reason: str,
    cause: FailureCause = FailureCause.OTHER,
    *,
    lease: int | None = None,
) -> bool:
    """QUEUED or RUNNING → FAILED, with a reason for a person. False if it had ended, or has
    another `lease` by now.

    Its pictures are given back to its member's quota. The listeners are told the `cause`. Who has
    the lease keeps it, to show the end.
    """
    return await _give_up(database, job_id, lease, cause, state=JobState.FAILED, reason=reason)


async def cancel(database: Database, job_id: str) -> bool:
    """QUEUED or RUNNING → CANCELLED. False if it had ended. Its pictures are given back too.

    Whoever has it loses it.
    """
    return await _give_up(database, job_id, state=JobState.CANCELLED)


async def requeue(database: Database, job_id: str, *, lease: int | None = None) -> bool:
    """RUNNING → QUEUED, at its old place in the queue. False if it was not running, by this
    `lease`.

    Nobody has it then; one that has no message yet stays with who has to post that.
    """
    async with database.transaction() as session:
        row = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == JobState.RUNNING, *_leased(lease))
            .values(
                state=JobState.QUEUED,
                started_at=None,
                leased_until=case((JobRow.message_id.is_(None), JobRow.leased_until)),
            )
            .returning(JobRow)
        )
        if row is None:
            return False
        announce_change(session, JobStep.REQUEUED, to_job(row))
        return True


async def highlight(database: Database, job_id: str) -> bool:
    """Store that a finished job is shown among the highlights. False if it was already."""
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(
                JobRow.id == job_id,
                JobRow.state == JobState.DONE,
                JobRow.highlighted.is_(False),
            )
            .values(highlighted=True)
            .returning(JobRow.id)
        )
        return changed is not None


async def take_back_highlight(database: Database, job_id: str) -> None:
    """Undo `highlight`: it could not be shown."""
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(highlighted=False))


async def _give_up(
    database: Database,
    job_id: str,
    lease: int | None = None,
    cause: FailureCause | None = None,
    **values: Any,
) -> bool:
    """End an unfinished job without pictures, and give back what was counted for it.

    One transaction: of the change and the return, there is never one without the other.
    """
    async with database.transaction() as session:
        row = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state.in_(UNFINISHED), *_leased(lease))
            .values(
                finished_at=_now(),
                lease=JobRow.lease + (0 if lease is not None else 1),
                leased_until=None if lease is None else lease_end(session),
                **values,
            )
            .returning(JobRow)
        )
        if row is None:
            return False
        announce_change(session, JobStep.ENDED, to_job(row), cause)
        await count_end(session, row.member_id, row.state, pictures=0)
        if row.counted_pictures and row.server_id is not None:
            await quotas.give_back(
                session, row.server_id, row.member_id, row.created_at, row.counted_pictures
            )
        return True


def _leased(lease: int | None) -> Iterator[ColumnElement[bool]]:
    """The condition that a job still has this lease; none for None."""
    if lease is not None:
        yield JobRow.lease == lease


def _now() -> datetime:
    return datetime.now(UTC)


async def fold_prompts(new: Sequence[NewJob]) -> Mapping[str, str]:
    """Fold each different prompt once, in a thread: forty long ones take their time.

    To be called before the transaction, which locks a SQLite file for everybody.
    """
    return await asyncio.to_thread(
        lambda: {text: fold(text) for text in {job.prompt for job in new}}
    )
