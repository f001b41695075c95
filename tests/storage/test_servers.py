"""A server's settings: defaults until stored, then exactly what was stored."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from storage import servers
from storage.database import Database
from storage.servers import ServerSettings

SERVER = 1_100_000_000_000_000_000


async def test_defaults_until_something_is_stored(database: Database) -> None:
    settings = await servers.get_settings(database, SERVER)
    assert settings == ServerSettings(SERVER, None, None, None, jobs_per_member=3)


async def test_what_is_stored_comes_back(database: Database) -> None:
    settings = ServerSettings(SERVER, "16:9", "raw", 0, jobs_per_member=1)
    await servers.save_settings(database, settings)
    assert await servers.get_settings(database, SERVER) == settings
    assert await servers.get_settings(database, SERVER + 1) == ServerSettings(SERVER + 1)


async def test_storing_again_replaces_all(database: Database) -> None:
    await servers.save_settings(
        database, ServerSettings(SERVER, "16:9", "raw", 250, jobs_per_member=9)
    )
    await servers.save_settings(database, ServerSettings(SERVER, style="cute"))
    assert await servers.get_settings(database, SERVER) == ServerSettings(SERVER, style="cute")


async def test_storing_at_once_stores_one(database: Database) -> None:
    each = [ServerSettings(SERVER, "1:1", "raw", i, jobs_per_member=i) for i in range(10)]
    await asyncio.gather(*(servers.save_settings(database, settings) for settings in each))
    assert await servers.get_settings(database, SERVER) in each


async def test_changes_at_once_all_hold(database: Database) -> None:
    changes: tuple[Callable[[ServerSettings], ServerSettings], ...] = (
        lambda now: replace(now, aspect="3:2"),
        lambda now: replace(now, stylize=5),
        lambda now: replace(now, style="raw"),
        lambda now: replace(now, permutations=now.permutations + 1),
        lambda now: replace(now, permutations=now.permutations + 1),
    )
    await asyncio.gather(*(servers.change_settings(database, SERVER, change) for change in changes))
    expected = ServerSettings(SERVER, aspect="3:2", stylize=5, style="raw", permutations=12)
    assert await servers.get_settings(database, SERVER) == expected


async def test_a_server_is_greeted_once_also_after_a_reset(database: Database) -> None:
    calls = (servers.first_greeting(database, SERVER) for _ in range(5))
    assert sorted(await asyncio.gather(*calls)) == [False] * 4 + [True]
    await servers.save_settings(database, ServerSettings(SERVER, aspect="3:2"))
    await servers.change_settings(database, SERVER, lambda now: replace(now, stylize=5))
    assert not await servers.first_greeting(database, SERVER)
    assert await servers.get_settings(database, SERVER) == ServerSettings(
        SERVER, aspect="3:2", stylize=5
    )
    assert await servers.first_greeting(database, SERVER + 1)
