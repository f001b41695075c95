"""Jobs: the queue, and all that ever happened in it. The database is the queue.

Every change of state is one transaction that names the state it comes from, so of two that race
exactly one wins and the other is told so. Knows nothing of what is in a request, of how pictures
are made or of how anything is shown. One bot owns the queue of a database; any number of its
dispatchers may claim from it.
"""

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import drafts, queue_order
from storage.database import Database, upsert
from storage.models import (
    COPIED_KINDS,
    JobKind,
    JobMode,
    JobRow,
    JobState,
    MemberRow,
    PictureRow,
    RemovedBy,
)
from storage.pictures import NewPicture
from storage.pictures import to_row as to_picture_row

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a member asks for, decided in full and not yet accepted."""

    kind: JobKind
    prompt: str
    """As typed."""
    request: Mapping[str, Any]
    """The complete resolved request, as JSON: it alone reproduces the pictures."""
    member_id: int
    member_name: str
    channel_id: int
    server_id: int | None
    """None in a direct message."""
    parent_id: str | None = None
    """The job that this one was made from."""
    parent_index: int | None = None
    """Which picture of the parent, 0-based; None where it is all of them."""
    attachment_limit: int = 10 * 2**20
    """How large a file may be where the job's message is, in bytes."""
    detail: str | None = None
    """What the kind leaves open; see `JobKind`."""
    mode: JobMode = JobMode.FAST
    locale: str = "en-US"
    """Discord's name of the language that its messages are in."""
    stealth: bool = False
    """Shown to its member alone."""
    reply_token: str | None = None
    """How its message is reached, for a while, where the bot cannot as itself; else None."""

    @property
    def hidden(self) -> bool:
        """Whether its message is seen by its member alone."""
        return self.stealth and self.reply_token is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(NewJob):
    """A job that was accepted, as it stood when it was read. All times are in UTC."""

    id: str
    state: JobState
    message_id: int | None
    """The message that shows the job; None until it is posted."""
    reason: str | None
    """Why it failed, for a person."""
    attempts: int
    """How often it was claimed."""
    created_at: datetime
    started_at: datetime | None
    """When it was last claimed; None while it is queued."""
    finished_at: datetime | None
    removed_by: RemovedBy | None = None
    """Who had its message taken away, if it was."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of all of a member's jobs, and how many pictures came of them."""

    done: int
    failed: int
    cancelled: int
    pictures: int


@dataclass(frozen=True, slots=True)
class Queue:
    """All unfinished jobs; those that wait are in the order in which they will be claimed."""

    running: tuple[Job, ...]
    waiting: tuple[Job, ...]


class TooManyJobs(Exception):
    """The member would have more jobs queued and running than they may."""

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

    `draft_id` is the draft that they come of, which is gone then. Raises `TooManyJobs` if the
    member would have more than `limit` queued and running, `DraftGone` if the draft is gone
    already.
    """
    if not new:
        return ()
    async with database.transaction() as session:
        return await insert(session, new, limit, draft_id)


async def insert(
    session: AsyncSession, new: Sequence[NewJob], limit: int | None, draft_id: str | None = None
) -> tuple[Job, ...]:
    """Queue jobs, at least one, as part of a transaction; see `add`."""
    member_id, name = new[0].member_id, new[0].member_name
    assert all(job.member_id == member_id for job in new), "one member's jobs at a time"
    now = _now()
    # Beside all else: forty long prompts take their time.
    folded = await asyncio.to_thread(_folded, {job.prompt for job in new})
    # Also locks the member's row: of two requests at once, the second counts the first's jobs.
    await upsert(
        session,
        MemberRow,
        {"id": member_id, "name": name, "first_seen": now},
        update={"name"},
    )
    if limit is not None:
        open_count = await _count_open(session, member_id)
        if open_count + len(new) > limit:
            raise TooManyJobs(open_count, limit)
    if draft_id is not None and not await drafts.take(session, draft_id):
        raise DraftGone
    # A microsecond apart, so that "oldest first" keeps the order they were given in.
    rows = [
        _to_row(job, folded[job.prompt], now + timedelta(microseconds=i))
        for i, job in enumerate(new)
    ]
    session.add_all(rows)
    return tuple(to_job(row) for row in rows)


async def attach_message(
    database: Database, job_id: str, channel_id: int, message_id: int, *, by_token: bool = True
) -> None:
    """Remember which message shows the job; from then on the job can be claimed.

    `by_token` False is a message that is not reached by the job's reply token, if it has one.
    """
    values: dict[str, Any] = {"channel_id": channel_id, "message_id": message_id}
    if not by_token:
        values["reply_token"] = None
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


async def get(database: Database, job_id: str) -> Job | None:
    """Return the job as it stands, or None if there is none with this id."""
    async with database.reading() as session:
        row = await session.get(JobRow, job_id)
    return to_job(row) if row else None


async def claim_next(database: Database, kinds: Collection[JobKind] = tuple(JobKind)) -> Job | None:
    """Take the job whose turn it is (see `storage.queue_order`) to run it; None if none waits.

    No two callers get the same job. Only jobs of these kinds that have their message are taken.
    """
    async with database.transaction() as session:
        found = await session.execute(
            select(JobRow, queue_order.turn_of_mode())
            .join(MemberRow, MemberRow.id == JobRow.member_id)
            .where(
                JobRow.state == JobState.QUEUED,
                JobRow.message_id.is_not(None),
                JobRow.kind.in_(kinds),
            )
            .order_by(*queue_order.claim_order())
            .limit(1)
            # A row that another dispatcher is just claiming is passed over, not waited for.
            # key_share: jobs may be added meanwhile whose parent or member is locked here.
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


async def finish(database: Database, job_id: str, pictures: Sequence[NewPicture]) -> bool:
    """RUNNING → DONE, with its pictures. False if it was no longer running."""
    async with database.transaction() as session:
        changed = await session.scalar(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == JobState.RUNNING)
            .values(state=JobState.DONE, finished_at=_now())
            .returning(JobRow.id)
        )
        if changed is not None:
            session.add_all(to_picture_row(job_id, picture) for picture in pictures)
        return changed is not None


async def fail(database: Database, job_id: str, reason: str) -> bool:
    """QUEUED or RUNNING → FAILED, for a reason worded for a person. False if it had ended."""
    return await _change(
        database, job_id, UNFINISHED, state=JobState.FAILED, reason=reason, finished_at=_now()
    )


async def cancel(database: Database, job_id: str) -> bool:
    """QUEUED or RUNNING → CANCELLED. False if it had ended."""
    return await _change(database, job_id, UNFINISHED, state=JobState.CANCELLED, finished_at=_now())


async def requeue(database: Database, job_id: str) -> bool:
    """RUNNING → QUEUED, at its old place: it could not be run now. False if it was not running."""
    return await _change(
        database, job_id, (JobState.RUNNING,), state=JobState.QUEUED, started_at=None
    )


async def requeue_unfinished(database: Database) -> int:
    """Every RUNNING → QUEUED, and how many: for the start, when nobody can be running them."""
    async with database.transaction() as session:
        changed = await session.scalars(
            update(JobRow)
            .where(JobRow.state == JobState.RUNNING)
            .values(state=JobState.QUEUED, started_at=None)
            .returning(JobRow.id)
        )
        return len(changed.all())


async def mark_shown(database: Database, job_id: str) -> None:
    """Remember that the job's message shows how it ended."""
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(shown_at=_now()))


async def highlight(database: Database, job_id: str) -> bool:
    """Remember that a finished job is shown among the highlights. False if it was already."""
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
    """It could not be shown there."""
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(highlighted=False))


async def ended_unshown(database: Database) -> tuple[Job, ...]:
    """Return the jobs that ended and whose message does not show it yet, oldest first."""
    return await _select(database, JobRow.shown_at.is_(None), JobRow.state.not_in(UNFINISHED))


async def without_message(database: Database) -> tuple[Job, ...]:
    """Return the queued jobs that have no message yet, oldest first."""
    return await _select(database, JobRow.state == JobState.QUEUED, JobRow.message_id.is_(None))


async def open_jobs(database: Database, member_id: int) -> tuple[Job, ...]:
    """Return a member's queued and running jobs, oldest first."""
    return await _select(database, JobRow.member_id == member_id, JobRow.state.in_(UNFINISHED))


async def count_open(database: Database, member_id: int) -> int:
    """How many jobs of a member are queued or running."""
    async with database.reading() as session:
        return await _count_open(session, member_id)


async def parent_of(database: Database, job: Job) -> Job | None:
    """Return the job that this one was made from, or None if it came from a prompt."""
    return await get(database, job.parent_id) if job.parent_id else None


async def children(database: Database, job_id: str) -> tuple[Job, ...]:
    """Return the jobs that were made from this one, oldest first."""
    return await _select(database, JobRow.parent_id == job_id)


async def in_queue(database: Database) -> Queue:
    """Return what runs and what waits, the latter in the order of its turn."""
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow, MemberRow.served_at, queue_order.next_turn())
            .join(MemberRow, MemberRow.id == JobRow.member_id)
            .where(JobRow.state.in_(UNFINISHED))
            .order_by(JobRow.created_at, JobRow.id)
        )
        found = [(to_job(row), served_at, turn) for row, served_at, turn in rows]
    running = tuple(job for job, *_ in found if job.state is JobState.RUNNING)
    queued = {job.id: job for job, *_ in found if job.state is JobState.QUEUED}
    order = queue_order.in_turn(
        [
            queue_order.Waiting(
                job.id, job.member_id, served_at, job.mode, job.kind in COPIED_KINDS
            )
            for job, served_at, _ in found
            if job.id in queued
        ],
        Counter(job.member_id for job in running),
        found[0][2] if found else 0,
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


async def _count_open(session: AsyncSession, member_id: int) -> int:
    counted = await session.scalar(
        select(func.count()).where(JobRow.member_id == member_id, JobRow.state.in_(UNFINISHED))
    )
    return counted or 0


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


async def _select(database: Database, *conditions: ColumnElement[bool]) -> tuple[Job, ...]:
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow).where(*conditions).order_by(JobRow.created_at, JobRow.id)
        )
        return tuple(to_job(row) for row in rows)


def fold(text: str) -> str:
    """The text as it is searched: letters that differ by case or form alone become the same.

    Unicode's compatibility caseless matching (D146): “ÉTÉ” is found by “été”, however the accents
    are written, and “ＦＯＸ” by “fox”.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _now() -> datetime:
    return datetime.now(UTC)


def _folded(prompts: Collection[str]) -> dict[str, str]:
    return {prompt: fold(prompt) for prompt in prompts}


def _to_row(new: NewJob, folded_prompt: str, created_at: datetime) -> JobRow:
    return JobRow(
        id=uuid4().hex,
        kind=new.kind,
        state=JobState.QUEUED,
        prompt=new.prompt,
        folded_prompt=folded_prompt,
        request=dict(new.request),
        member_id=new.member_id,
        member_name=new.member_name,
        channel_id=new.channel_id,
        server_id=new.server_id,
        parent_id=new.parent_id,
        parent_index=new.parent_index,
        attachment_limit=new.attachment_limit,
        detail=new.detail,
        mode=new.mode,
        locale=new.locale,
        stealth=new.stealth,
        reply_token=new.reply_token,
        attempts=0,
        created_at=created_at,
    )


def to_job(row: JobRow) -> Job:
    return Job(
        kind=row.kind,
        prompt=row.prompt,
        request=row.request,
        member_id=row.member_id,
        member_name=row.member_name,
        channel_id=row.channel_id,
        server_id=row.server_id,
        parent_id=row.parent_id,
        parent_index=row.parent_index,
        attachment_limit=row.attachment_limit,
        detail=row.detail,
        mode=row.mode,
        locale=row.locale,
        stealth=row.stealth,
        reply_token=row.reply_token,
        id=row.id,
        state=row.state,
        message_id=row.message_id,
        reason=row.reason,
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        removed_by=RemovedBy(row.removed_by) if row.removed_by else None,
    )
