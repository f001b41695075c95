"""Duties: pieces of work that one bot at a time does, of those that share a database.

A duty has a name, and is held by a bot until a time, by the database's clock. A bot that dies loses
its duties then. Only for a database that bots share.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.database import Database
from storage.models import DutyRow

HOLD_S = 20.0
"""Seconds for which a duty is taken on, and renewed."""


async def take_on(database: Database, name: str, holder: str) -> bool:
    """Take on a duty, or renew it; False if another bot has it."""
    until = func.now() + timedelta(seconds=HOLD_S)
    taking = insert(DutyRow).values(name=name, holder=holder, held_until=until)
    async with database.transaction() as session:
        taken = await session.scalar(
            taking.on_conflict_do_update(
                index_elements=[DutyRow.name],
                set_={"holder": holder, "held_until": until},
                where=or_(DutyRow.holder == holder, DutyRow.held_until < func.now()),
            ).returning(DutyRow.name)
        )
        return taken is not None


async def renew(database: Database, names: Collection[str], holder: str) -> frozenset[str]:
    """Renew duties; returns those that the bot still has."""
    async with database.transaction() as session:
        rows = await session.scalars(
            update(DutyRow)
            .where(DutyRow.name.in_(names), DutyRow.holder == holder)
            .values(held_until=func.now() + timedelta(seconds=HOLD_S))
            .returning(DutyRow.name)
        )
        return frozenset(rows)


async def lay_down(database: Database, names: Collection[str], holder: str) -> None:
    """End duties that are done, or that others may do."""
    async with database.transaction() as session:
        await session.execute(
            delete(DutyRow).where(DutyRow.name.in_(names), DutyRow.holder == holder)
        )


async def abandoned(database: Database, prefix: str) -> tuple[str, ...]:
    """The duties whose names begin so, and whose bots have died in the middle of them."""
    async with database.reading() as session:
        found = await session.scalars(
            select(DutyRow.name)
            .where(
                DutyRow.name.startswith(prefix, autoescape=True), DutyRow.held_until < func.now()
            )
            .order_by(DutyRow.name)
        )
        return tuple(found)
