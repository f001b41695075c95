"""The queue: every change of a job's state, from its acceptance to its end.

Every change of state is one transaction that names the state it comes from. So of two that race,
exactly one wins and the other is told so. Knows nothing of what is in a request, except whether it
waits for its model, of how pictures are made or of how anything is shown. One bot owns the queue of
a database; any number of its queue workers may claim from it.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import drafts, queue_order
from storage.database import Database, upsert
from storage.jobs.lookups import count_open_in
from storage.jobs.records import UNFINISHED, UNRESOLVED_KEY, Job, NewJob, fold, to_job, to_row
from storage.models import COPIED_KINDS, JobKind, JobRow, JobState, MemberRow
from storage.pictures import NewPicture
from storage.pictures import to_row as to_picture_row


class TooManyJobs(Exception):
    """The member would have more jobs queued and running than allowed."""

    def __init__(self, open: int, limit: int) -> None:
        super().__init__(f"{open} jobs are queued or running, and at most {limit} may be.")
        self.open = open
        """How many they have now."""
        self.limit = limit


class DraftGone(Exception):
    """The draft was confirmed already, or refused, or is too old."""


async def add(
    database: Database,
    new: Sequence[NewJob],
    *,
    limit: int | None,
    draft_id: str | None = None,
) -> tuple[Job, ...]:
    """Queue one member's jobs, all of them or none, in their order.

    `draft_id` is the draft that they come from, which is removed. Raises `TooManyJobs` if the
    member would have more than `limit` queued and running, `DraftGone` if the draft is gone
    already.
    """
    if not new:
        return ()
    folded = await fold_prompts(new)
    async with database.transaction() as session:
        return await insert(session, new, folded, limit, draft_id)


async def insert(
    session: AsyncSession,
    new: Sequence[NewJob],
    folded: Mapping[str, str],
    limit: int | None,
    draft_id: str | None = None,
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
    if limit is not None:
        open_count = await count_open_in(session, member_id)
        if open_count + len(new) > limit:
            raise TooManyJobs(open_count, limit)
    if draft_id is not None and not await drafts.take(session, draft_id):
        raise DraftGone
    # A microsecond apart, so that "oldest first" keeps the order they were given in.
    rows = [
        to_row(job, folded[job.prompt], now + timedelta(microseconds=i))
        for i, job in enumerate(new)
    ]
    session.add_all(rows)
    return tuple(to_job(row) for row in rows)


async def attach_message(
    database: Database, job_id: str, channel_id: int, message_id: int, *, by_token: bool = True
) -> None:
    """Store which message shows the job; from then on the job can be claimed.

    `by_token` False is a message that is not reached by the job's reply token, if it has one.
    """
    values: dict[str, Any] = {"channel_id": channel_id, "message_id": message_id}
    if not by_token:
        values["reply_token"] = None
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


async def claim_next(
    database: Database,
    kinds: Collection[JobKind] = tuple(JobKind),
    *,
    resolved_only: bool = False,
    only_models: Collection[str] | None = None,
    except_models: Collection[str] = (),
) -> Job | None:
    """Claim the job whose turn it is (see `storage.queue_order`); None if none waits.

    No two callers get the same job. Only jobs of these kinds that have their message are taken;
    with `resolved_only`, only those that do not wait for their model to be known. `only_models`
    and `except_models` are ids of models; jobs that wait for theirs are of none of them, and taken.
    """
    async with database.transaction() as session:
        found = await session.execute(
            select(JobRow, queue_order.turn_of_mode())
            .join(MemberRow, MemberRow.id == JobRow.member_id)
            .where(
                JobRow.state == JobState.QUEUED,
                JobRow.message_id.is_not(None),
                JobRow.kind.in_(kinds),
                *_of_models(resolved_only, only_models, except_models),
            )
            .order_by(*queue_order.claim_order())
            .limit(1)
            # A row that another queue worker is just claiming is skipped, not waited for.
            # key_share: jobs can still be added whose parent or member is locked here.
            .with_for_update(of=JobRow, skip_locked=True, key_share=True)
        )
        first = found.first()
        if first is None:
            return None
        row, turn = first
        now = _now()
        if row.kind not in COPIED_KINDS:
            row.turn = turn
        row.state, row.started_at, row.attempts = JobState.RUNNING, now, row.attempts + 1
        await session.execute(
            update(MemberRow).where(MemberRow.id == row.member_id).values(served_at=now)
        )
        return to_job(row)


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


async def claim_unposted(database: Database, job_id: str) -> Job | None:
    """Claim this job before it has a message; None if it is not queued, or has one."""
    now = _now()
    async with database.transaction() as session:
        row = await session.scalar(
            update(JobRow)
            .where(
                JobRow.id == job_id,
                JobRow.state == JobState.QUEUED,
                JobRow.message_id.is_(None),
            )
            .values(state=JobState.RUNNING, started_at=now, attempts=JobRow.attempts + 1)
            .returning(JobRow)
        )
        return to_job(row) if row else None


async def set_request(
    database: Database, job_id: str, request: Mapping[str, Any], prompt: str
) -> bool:
    """Store the request of a RUNNING job, and its prompt. False if it was not running."""
    folded = await asyncio.to_thread(fold, prompt)
    return await _change(
        database,
        job_id,
        (JobState.RUNNING,),
        request=dict(request),
        prompt=prompt,
        folded_prompt=folded,
    )


async def finish(
    database: Database,
    job_id: str,
    pictures: Sequence[NewPicture],
    *,
    verdict: int | None = None,
    reason: str | None = None,
    held_back: int | None = None,
) -> bool:
    """RUNNING → DONE, with its pictures. False if it was no longer running.

    `verdict` and its `reason` replace those that the job has; None leaves them. `held_back` is
    the verdict that it has but for pictures that could not be checked; None if they were.
    """
    ruled = {} if verdict is None else {"verdict": verdict, "verdict_reason": reason}
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == JobState.RUNNING)
            .values(state=JobState.DONE, finished_at=_now(), held_back=held_back, **ruled)
            .returning(JobRow.id)
        )
        if changed is not None:
            session.add_all(to_picture_row(job_id, picture) for picture in pictures)
        return changed is not None


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
            .values(verdict=verdict, verdict_reason=reason, held_back=None, shown_at=None)
            .returning(JobRow.id)
        )
        return changed is not None


async def fail(database: Database, job_id: str, reason: str) -> bool:
    """QUEUED or RUNNING → FAILED, with a reason for a person. False if it had ended."""
    return await _change(
        database, job_id, UNFINISHED, state=JobState.FAILED, reason=reason, finished_at=_now()
    )


async def cancel(database: Database, job_id: str) -> bool:
    """QUEUED or RUNNING → CANCELLED. False if it had ended."""
    return await _change(database, job_id, UNFINISHED, state=JobState.CANCELLED, finished_at=_now())


async def requeue(database: Database, job_id: str) -> bool:
    """RUNNING → QUEUED, at its old place in the queue. False if it was not running."""
    return await _change(
        database, job_id, (JobState.RUNNING,), state=JobState.QUEUED, started_at=None
    )


async def requeue_unfinished(database: Database) -> int:
    """Every RUNNING → QUEUED; returns how many. For the start, when no worker runs yet."""
    async with database.transaction() as session:
        changed = await session.scalars(
            update(JobRow)
            .where(JobRow.state == JobState.RUNNING)
            .values(state=JobState.QUEUED, started_at=None)
            .returning(JobRow.id)
        )
        return len(changed.all())


async def mark_shown(database: Database, job_id: str) -> None:
    """Store that the job's message shows how it ended."""
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(shown_at=_now()))


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


async def _change(
    database: Database, job_id: str, from_states: Sequence[JobState], **values: Any
) -> bool:
    """Change a job if it is in one of these states, and say whether it was."""
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state.in_(from_states))
            .values(**values)
            .returning(JobRow.id)
        )
        return changed is not None


def _now() -> datetime:
    return datetime.now(UTC)


async def fold_prompts(new: Sequence[NewJob]) -> Mapping[str, str]:
    """Fold each different prompt once, in a thread: forty long ones take their time.

    To be called before the transaction, which locks a SQLite file for everybody.
    """
    return await asyncio.to_thread(
        lambda: {text: fold(text) for text in {job.prompt for job in new}}
    )
