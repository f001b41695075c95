"""Policies about explicit pictures: what a server, its categories and channels do with them."""

from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select

from storage.database import Database, upsert
from storage.models import PicturePolicyRow, ServerRow
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class StoredPicturePolicy:
    """`place_id` is a channel or a category; the server's own id for the whole server.

    Pictures whose score in per cent is `threshold_percent` or more are explicit.
    """

    place_id: int
    action: str
    threshold_percent: int


class PolicyLimitReached(Exception):
    """The server would have policies for more places than it may; nothing was stored."""


async def policies_of(database: Database, server_id: int) -> tuple[StoredPicturePolicy, ...]:
    """All policies of a server, by the ids of their places."""
    async with database.reading() as session:
        rows = await session.execute(
            select(
                PicturePolicyRow.place_id,
                PicturePolicyRow.action,
                PicturePolicyRow.threshold_percent,
            )
            .where(PicturePolicyRow.server_id == server_id)
            .order_by(PicturePolicyRow.place_id)
        )
        return tuple(StoredPicturePolicy(*row) for row in rows)


async def store(
    database: Database, server_id: int, policy: StoredPicturePolicy, *, limit: int
) -> None:
    """Store the policy of a place, in place of the one it had.

    Raises PolicyLimitReached if more than `limit` places would have one.
    """
    async with database.transaction() as session:
        # Locks the server's row, so that two admins at once cannot pass the limit together.
        await upsert(session, ServerRow, asdict(ServerSettings(server_id)), update={"server_id"})
        others = await session.scalar(
            select(func.count()).where(
                PicturePolicyRow.server_id == server_id,
                PicturePolicyRow.place_id != policy.place_id,
            )
        )
        if (others or 0) >= limit:
            raise PolicyLimitReached
        await upsert(
            session,
            PicturePolicyRow,
            {"server_id": server_id, **asdict(policy)},
            update={"action", "threshold_percent"},
        )


async def forget(database: Database, server_id: int, place_id: int) -> None:
    """Delete the policy of a place, if it has one."""
    async with database.transaction() as session:
        await session.execute(
            delete(PicturePolicyRow).where(
                PicturePolicyRow.server_id == server_id, PicturePolicyRow.place_id == place_id
            )
        )
