"""Drafts: jobs that a member asked for and has to confirm. Knows nothing of their content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.models import DraftRow

LIFETIME = timedelta(days=1)
"""How long a draft can be confirmed."""

MAX_DRAFTS_PER_MEMBER = 5
"""Drafts that a member may have; a new one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Something that waits for its member's confirmation."""

    id: str
    member_id: int
    content: Mapping[str, Any]


async def keep(database: Database, member_id: int, content: Mapping[str, Any]) -> str:
    """Store a draft for a day, and return its id."""
    now = datetime.now(UTC)
    draft_id = uuid4().hex
    async with database.transaction() as session:
        await _expire(session)
        row = DraftRow(id=draft_id, member_id=member_id, content=dict(content), created_at=now)
        session.add(row)
    return draft_id


async def get(database: Database, draft_id: str) -> Draft | None:
    """Return a draft; None if it was confirmed or refused, or is too old."""
    async with database.reading() as session:
        row = await session.get(DraftRow, draft_id)
    if row is None or row.created_at < datetime.now(UTC) - LIFETIME:
        return None
    return Draft(row.id, row.member_id, row.content)


async def expire(database: Database) -> None:
    """Remove the drafts that are too old."""
    async with database.transaction() as session:
        await _expire(session)


async def make_room(database: Database, member_id: int) -> tuple[Draft, ...]:
    """Remove a member's oldest drafts, so that one more fits; returns those removed."""
    async with database.transaction() as session:
        rows = (
            await session.scalars(
                select(DraftRow)
                .where(DraftRow.member_id == member_id)
                .order_by(DraftRow.created_at.desc(), DraftRow.id)
                .offset(MAX_DRAFTS_PER_MEMBER - 1)
            )
        ).all()
        await session.execute(delete(DraftRow).where(DraftRow.id.in_([row.id for row in rows])))
    return tuple(Draft(row.id, row.member_id, row.content) for row in rows)


async def forget(database: Database, draft_id: str) -> None:
    """Remove a draft that its member refused."""
    async with database.transaction() as session:
        await take(session, draft_id)


async def take(session: AsyncSession, draft_id: str) -> bool:
    """Remove a draft within a transaction; False if another transaction has removed it."""
    taken = await session.scalar(
        delete(DraftRow).where(DraftRow.id == draft_id).returning(DraftRow.id)
    )
    return taken is not None


async def _expire(session: AsyncSession) -> None:
    await session.execute(
        delete(DraftRow).where(DraftRow.created_at < datetime.now(UTC) - LIFETIME)
    )
