"""Rules about words on both databases: all or none, within the limit, and each change is seen."""

import asyncio
from uuid import uuid4

import pytest

from storage.database import Database
from storage.rules import words
from storage.rules.words import RuleLimitReached, StoredWordRule

CHANNEL = 11


@pytest.fixture
def server() -> int:
    """A server that no other test has: they share a database."""
    return uuid4().int >> 66


def rule(pattern: str, action: str = "refuse", place_id: int = 0) -> StoredWordRule:
    return StoredWordRule(place_id, pattern, action)


async def test_rules_are_stored_changed_and_removed(database: Database, server: int) -> None:
    await words.add(database, server, [rule("b"), rule("a", place_id=CHANNEL)], limit=9)
    await words.add(database, server, [rule("b", "log"), rule("a")], limit=9)
    await words.add(database, server + 1, [rule("c", place_id=99)], limit=9)
    stored = [rule("a"), rule("b", "log"), rule("a", place_id=CHANNEL)]
    assert await words.rules_of(database, server) == tuple(stored)
    assert await words.remove(database, server, CHANNEL, "a")
    assert not await words.remove(database, server, CHANNEL, "a")
    assert not await words.remove(database, server + 2, 99, "c")
    assert await words.rules_of(database, server) == tuple(stored[:2])


async def test_each_change_has_a_revision_of_its_own(database: Database, server: int) -> None:
    """Also where as many rules are there afterwards, the newest one among them gone."""
    seen = [await words.revision(database, server)]

    async def changed() -> bool:
        seen.append(await words.revision(database, server))
        return len(set(seen)) == len(seen)

    await words.add(database, server, [rule("a")], limit=9)
    assert await changed()
    await words.add(database, server, [rule("b")], limit=9)
    assert await changed()
    await words.add(database, server, [rule("b", "log")], limit=9)
    assert await changed()
    await words.remove(database, server, 0, "b")
    await words.add(database, server, [rule("c")], limit=9)
    assert await changed()
    await words.remove(database, server, 0, "c")
    await words.remove(database, server, 0, "a")
    await words.add(database, server, [rule("d")], limit=9)
    assert await changed()
    await words.add(database, server + 1, [rule("d", place_id=99)], limit=9)
    assert await words.revision(database, server) == seen[-1]


async def test_no_more_than_allowed_also_of_two_admins_at_once(
    database: Database, server: int
) -> None:
    first, second = ([rule(f"{who}{n}") for n in range(3)] for who in "ab")
    results = await asyncio.gather(
        *(words.add(database, server, some, limit=4) for some in (first, second)),
        return_exceptions=True,
    )
    assert sorted(type(result) for result in results if result) == [RuleLimitReached]
    assert len(await words.rules_of(database, server)) == 3
    with pytest.raises(RuleLimitReached):
        await words.add(database, server, [rule("x"), rule("y")], limit=4)
    assert len(await words.rules_of(database, server)) == 3


async def test_two_admins_may_add_the_same_rule_at_once(database: Database, server: int) -> None:
    same = (words.add(database, server, [rule("a")], limit=9) for _ in range(4))
    await asyncio.gather(*same)
    assert await words.rules_of(database, server) == (rule("a"),)
