"""Messages of the bot that are still to be deleted on Discord: noted first, deleted afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, upsert
from storage.models import UnwantedMessageRow, read_row


@dataclass(frozen=True, slots=True)
class UnwantedMessage:
    """Where the message is, and the interaction token that reaches it, if it needs one."""

    message_id: int
    channel_id: int
    reply_token: str | None


async def add(
    session: AsyncSession, channel_id: int, message_id: int, reply_token: str | None = None
) -> None:
    """Note a message within a transaction; it may be noted already."""
    values = {"message_id": message_id, "channel_id": channel_id, "reply_token": reply_token}
    await upsert(session, UnwantedMessageRow, values, update={"channel_id"})


async def first(database: Database, limit: int) -> Sequence[UnwantedMessage]:
    """The newest of them, at most `limit`: tokens of newer ones may still be valid."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(UnwantedMessageRow).order_by(UnwantedMessageRow.message_id.desc()).limit(limit)
        )
        return [read_row(UnwantedMessage, row) for row in rows]


async def forget(database: Database, message_id: int) -> None:
    """Remove one that is deleted, or that the bot cannot delete."""
    async with database.transaction() as session:
        await session.execute(
            delete(UnwantedMessageRow).where(UnwantedMessageRow.message_id == message_id)
        )
