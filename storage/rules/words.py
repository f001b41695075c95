"""Rules about words: what each server, category and channel holds against a prompt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select

from storage.database import Database, upsert
from storage.models import ServerRow, WordRuleRow
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class StoredWordRule:
    """`place_id` is a channel or a category; the server's own id for a rule of the whole server."""

    place_id: int
    pattern: str
    action: str


class RuleLimitReached(Exception):
    """The server would have more rules than it may; nothing was stored."""


Revision = tuple[int, int]
"""How many rules there are, and the newest one's id: differs after every change."""


async def revision(database: Database, server_id: int) -> Revision:
    """Ids are never used again, so the same revision means the same rules."""
    async with database.reading() as session:
        query = select(func.count(), func.max(WordRuleRow.id)).where(
            WordRuleRow.server_id == server_id
        )
        count, newest = (await session.execute(query)).one()
    return count, newest or 0


async def rules_of(database: Database, server_id: int) -> tuple[StoredWordRule, ...]:
    """All rules of a server, those of each place in alphabetical order."""
    async with database.reading() as session:
        query = (
            select(WordRuleRow.place_id, WordRuleRow.pattern, WordRuleRow.action)
            .where(WordRuleRow.server_id == server_id)
            .order_by(WordRuleRow.place_id, WordRuleRow.pattern)
        )
        return tuple(StoredWordRule(*row) for row in await session.execute(query))


async def add(
    database: Database, server_id: int, rules: Sequence[StoredWordRule], *, limit: int
) -> None:
    """Store all of these or none; one with the same place and pattern is replaced.

    Raises RuleLimitReached.
    """
    latest = {(rule.place_id, rule.pattern): rule for rule in rules}
    async with database.transaction() as session:
        # Locks the server's row, so that two admins at once cannot pass the limit together.
        await upsert(session, ServerRow, asdict(ServerSettings(server_id)), update={"server_id"})
        query = select(WordRuleRow.id, WordRuleRow.place_id, WordRuleRow.pattern).where(
            WordRuleRow.server_id == server_id
        )
        there = {(row.place_id, row.pattern): row.id for row in await session.execute(query)}
        if len(there.keys() | latest.keys()) > limit:
            raise RuleLimitReached
        # A changed rule gets a new id, which is how a change is noticed.
        replaced = [there[key] for key in latest if key in there]
        await session.execute(delete(WordRuleRow).where(WordRuleRow.id.in_(replaced)))
        session.add_all(
            WordRuleRow(
                server_id=server_id,
                place_id=rule.place_id,
                pattern=rule.pattern,
                action=rule.action,
            )
            for rule in latest.values()
        )


async def remove(database: Database, server_id: int, place_id: int, pattern: str) -> bool:
    """Remove a rule; False if there is none."""
    async with database.transaction() as session:
        removed = await session.scalar(
            delete(WordRuleRow)
            .where(
                WordRuleRow.server_id == server_id,
                WordRuleRow.place_id == place_id,
                WordRuleRow.pattern == pattern,
            )
            .returning(WordRuleRow.id)
        )
    return removed is not None
