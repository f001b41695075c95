"""Blocks of members: of one server, and until they end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage.database import Database
from storage.rules.blocks import Block, block, blocks_of, find_block, unblock

SERVER, MEMBER, MODERATOR = 1_100_000_000_000_000_000, 2, 3
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
BLOCK = Block(SERVER, MEMBER, MODERATOR, "spam\0", NOW, NOW + timedelta(hours=1))


async def test_a_block_holds_on_its_server_until_it_ends(database: Database) -> None:
    await block(database, BLOCK)
    stored = replace(BLOCK, reason="spam\ufffd")
    assert await find_block(database, [SERVER], MEMBER, NOW) == stored
    assert await find_block(database, [5, SERVER], MEMBER, NOW) == stored
    assert await find_block(database, [SERVER], MODERATOR, NOW) is None
    assert await find_block(database, [5], MEMBER, NOW) is None
    late = NOW + timedelta(hours=1)
    assert await find_block(database, [SERVER], MEMBER, late) is None
    assert await blocks_of(database, SERVER, late) == []
    assert not await unblock(database, SERVER, MEMBER, late)


async def test_a_new_block_takes_the_place_of_the_old_one(database: Database) -> None:
    await block(database, BLOCK)
    endless = replace(BLOCK, until=None, reason=None, blocked_by=4)
    await block(database, endless)
    other = replace(endless, member_id=9, created_at=NOW + timedelta(seconds=1))
    await block(database, other)
    assert await blocks_of(database, SERVER, NOW + timedelta(days=900)) == [other, endless]
    assert await unblock(database, SERVER, MEMBER, NOW)
    assert not await unblock(database, SERVER, MEMBER, NOW)
    assert await blocks_of(database, SERVER, NOW) == [other]
