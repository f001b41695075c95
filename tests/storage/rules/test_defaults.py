"""Defaults by scope: nothing until stored, then exactly what was stored, for that scope alone."""

import asyncio
from dataclasses import replace

from storage.database import Database
from storage.models import Scope
from storage.rules import defaults
from storage.rules.defaults import Defaults, ScopedDefaults

SERVER, OTHER, ID = 1_100_000_000_000_000_000, 7, 1_200_000_000_000_000_000
WHOLE = Defaults("2", "3:2", "raw", 0, "faithful", False, "webp", "de")


async def put(
    database: Database, chosen: Defaults, scope: Scope, scope_id: int, server: int = SERVER
) -> None:
    await defaults.change(database, server, scope, scope_id, lambda _: chosen)


async def test_what_is_stored_comes_back_for_its_scope_alone(database: Database) -> None:
    assert await defaults.of_server(database, SERVER) == ()
    for number, scope in enumerate(Scope):
        # The same id in several scopes, as the server's own is that of the role of everybody.
        await put(database, replace(WHOLE, stylize=number), scope, ID)
    await put(database, WHOLE, Scope.ROLE, ID, OTHER)
    stored = await defaults.of_server(database, SERVER)
    assert set(stored) == {
        ScopedDefaults(scope, ID, replace(WHOLE, stylize=number))
        for number, scope in enumerate(Scope)
    }
    await defaults.forget(database, SERVER, Scope.ROLE, ID)
    assert {one.scope for one in await defaults.of_server(database, SERVER)} == (
        {*Scope} - {Scope.ROLE}
    )
    assert await defaults.of_server(database, OTHER) == (ScopedDefaults(Scope.ROLE, ID, WHOLE),)


async def test_defaults_that_choose_nothing_any_more_are_not_kept(database: Database) -> None:
    await put(database, Defaults(stealth=False), Scope.CHANNEL, ID)
    assert len(await defaults.of_server(database, SERVER)) == 1
    await put(database, Defaults(), Scope.CHANNEL, ID)
    assert await defaults.of_server(database, SERVER) == ()


async def test_changes_at_once_all_hold(database: Database) -> None:
    changes = [{"model": "2"}, {"aspect": "3:2"}, {"stylize": 0}, {"stealth": True}]
    await asyncio.gather(
        *(
            defaults.change(
                database, SERVER, Scope.ROLE, ID, lambda now, one=one: replace(now, **one)
            )
            for one in changes
        )
    )
    (stored,) = await defaults.of_server(database, SERVER)
    assert stored.chosen == Defaults(model="2", aspect="3:2", stylize=0, stealth=True)
