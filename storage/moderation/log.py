"""The moderation log of each server: what rules found, and what moderators decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.models import LogEntryRow, read_row


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What happened. `actor_id` is who decided, None for a rule; `member_id` whom it concerns."""

    server_id: int
    kind: str
    text: str
    actor_id: int | None = None
    member_id: int | None = None
    channel_id: int | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(NewEntry):
    id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some entries, the newest first, and how many there are."""

    entries: tuple[Entry, ...]
    total: int


async def write(database: Database, new: NewEntry, *, keep: timedelta) -> None:
    """Write an entry; those older than `keep` are deleted."""
    async with database.transaction() as session:
        await write_in(session, new)
        oldest = datetime.now(UTC) - keep
        await session.execute(delete(LogEntryRow).where(LogEntryRow.created_at < oldest))


async def write_in(session: AsyncSession, new: NewEntry) -> None:
    """The same within a transaction, without deleting old ones."""
    session.add(
        LogEntryRow(
            server_id=new.server_id,
            created_at=datetime.now(UTC),
            kind=new.kind,
            actor_id=new.actor_id,
            member_id=new.member_id,
            channel_id=new.channel_id,
            job_id=new.job_id,
            text=new.text,
        )
    )


async def page(
    database: Database,
    server_id: int,
    *,
    offset: int,
    limit: int,
    since: datetime,
    member_id: int | None = None,
    kinds: Sequence[str] = (),
) -> LogPage:
    """Entries of a server from `since` on, about one member and of some kinds, if these are given.

    `kinds` are the beginnings of kinds: `review` finds `review.approve`.
    """
    conditions = [LogEntryRow.server_id == server_id, LogEntryRow.created_at >= since]
    if member_id is not None:
        # A moderator's own decisions are about them too.
        about = (LogEntryRow.member_id == member_id) | (LogEntryRow.actor_id == member_id)
        conditions.append(about)
    if kinds:
        starts = [LogEntryRow.kind.startswith(kind, autoescape=True) for kind in kinds]
        any_of = starts[0]
        for one in starts[1:]:
            any_of = any_of | one
        conditions.append(any_of)
    async with database.reading() as session:
        total = await session.scalar(
            select(func.count()).select_from(LogEntryRow).where(*conditions)
        )
        rows = await session.scalars(
            select(LogEntryRow)
            .where(*conditions)
            .order_by(LogEntryRow.id.desc())
            .offset(offset)
            .limit(limit)
        )
        return LogPage(tuple(read_row(Entry, row) for row in rows), total or 0)
