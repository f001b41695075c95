"""Members who may not use the bot on a server."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, upsert
from storage.models import BlockRow, read_row


@dataclass(frozen=True, slots=True)
class Block:
    """A block. Times are in UTC; `until` is None if only a moderator ends it."""

    server_id: int
    member_id: int
    blocked_by: int
    reason: str | None
    created_at: datetime
    until: datetime | None


async def block(database: Database, new: Block) -> None:
    """Store a block; it takes the place of an earlier one of the same member."""
    values = asdict(new)
    async with database.transaction() as session:
        await upsert(session, BlockRow, values, update={*values} - {"server_id", "member_id"})


async def unblock(database: Database, server_id: int, member_id: int, now: datetime) -> bool:
    """End a block. False if the member was not blocked."""
    async with database.transaction() as session:
        gone = await session.scalar(
            delete(BlockRow)
            .where(BlockRow.server_id == server_id, BlockRow.member_id == member_id)
            .returning(BlockRow)
        )
        return gone is not None and (gone.until is None or gone.until > now)


async def find_block(
    database: Database, server_ids: Collection[int], member_id: int, now: datetime
) -> Block | None:
    """The block of a member on one of these servers; None if there is none that still holds."""
    async with database.reading() as session:
        return await find_block_in(session, server_ids, member_id, now)


async def find_block_in(
    session: AsyncSession, server_ids: Collection[int], member_id: int, now: datetime
) -> Block | None:
    """The same within a transaction."""
    asked = {"server_ids": list(server_ids), "member_id": member_id, "now": now}
    row = await session.scalar(_FIND, asked)
    return read_row(Block, row) if row else None


async def blocks_of(database: Database, server_id: int, now: datetime) -> Sequence[Block]:
    """All blocks of a server that still hold, the newest first."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(BlockRow)
            .where(BlockRow.server_id == server_id, _holds(now))
            .order_by(BlockRow.created_at.desc())
        )
        return [read_row(Block, row) for row in rows]


def _holds(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(BlockRow.until.is_(None), BlockRow.until > now)


_FIND = (
    select(BlockRow)
    .where(
        BlockRow.server_id.in_(bindparam("server_ids", expanding=True)),
        BlockRow.member_id == bindparam("member_id"),
        _holds(bindparam("now")),
    )
    .limit(1)
)
