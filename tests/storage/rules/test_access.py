"""Rules for access: nothing until stored, then exactly what was stored."""

import asyncio
from dataclasses import replace

from storage.database import Database
from storage.rules.access import AccessRules, change_rules, get_rules

SERVER = 1_100_000_000_000_000_000


async def test_what_is_changed_comes_back_and_other_servers_have_none(database: Database) -> None:
    wanted = AccessRules(
        SERVER, "only", (SERVER + 1, 2), (3,), (4,), {SERVER: {"steps": 20}, 5: {"models": None}}
    )
    assert await get_rules(database, SERVER) == AccessRules(SERVER)
    assert await change_rules(database, SERVER, lambda _: wanted) == wanted
    assert await get_rules(database, SERVER) == wanted
    assert await get_rules(database, SERVER + 1) == AccessRules(SERVER + 1)


async def test_changes_at_once_all_hold(database: Database) -> None:
    def with_channel(channel: int) -> AccessRules:
        return change_rules(
            database, SERVER, lambda now: replace(now, channels=(*now.channels, channel))
        )

    await asyncio.gather(*map(with_channel, range(10)))
    assert sorted((await get_rules(database, SERVER)).channels) == [*range(10)]
