"""Shards: which events go to which session, and how often a session may begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from playground import Playground, running_playground
from playground.testing.member import Member, NoAnswer
from tests.support.playground.limits import UNHURRIED
from tests.support.playground.raw_bot import IDENTITY, RawBot, raw_bot

COMMAND = {"name": "hello", "description": "says hello"}


@pytest.fixture
async def shards(playground: Playground) -> AsyncIterator[tuple[RawBot, RawBot]]:
    """Both shards of two; the bot's first server goes to one, the server “Second” to the other."""
    first = playground.administration.shard_of_server(2)
    playground.administration.add_server("Second", "second", (1 - first, 2))
    async with AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(raw_bot(playground.url)) for _ in range(2)]
        yield bots[0], bots[1]


async def test_the_gateway_says_how_many_shards_and_sessions_there_may_be() -> None:
    limits = replace(UNHURRIED, shards=4, max_concurrency=2)
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as bot:
        await bot.identify()
        answer = (await bot.rest("GET", "/gateway/bot")).body
        assert answer["shards"] == 4
        assert answer["session_start_limit"] == {
            "total": 1000,
            "remaining": 999,
            "reset_after": 0,
            "max_concurrency": 2,
        }
        assert list(playground.violations) == []


async def test_each_shard_gets_its_own_servers_and_the_first_direct_messages(
    playground: Playground, ada: Member, shards: tuple[RawBot, RawBot]
) -> None:
    servers = [await bot.identify_shard(number, 2) for number, bot in enumerate(shards)]
    first = playground.administration.shard_of_server(2)
    assert servers[first] == [str(playground.administration.server_id)]
    assert len(servers[1 - first]) == 1
    assert servers[0] != servers[1]
    for number, bot in enumerate(shards):
        assert bot.ready["shard"] == [number, 2]
        assert (await bot.event("GUILD_CREATE"))["id"] == servers[number][0]

    said = [await ada.say(channel, channel) for channel in ("darkroom", "second", "dm")]
    of_first, of_second = shards[first], shards[1 - first]
    assert (await of_first.event("MESSAGE_CREATE"))["id"] == said[0].id
    assert (await of_second.event("MESSAGE_CREATE"))["id"] == said[1].id
    # The next that each hears of shows what it did not hear of.
    assert (await shards[0].event("MESSAGE_CREATE"))["id"] == said[2].id
    await ada.say("darkroom", "at last")
    await ada.say("second", "at last")
    for bot in shards:
        assert (await bot.event("MESSAGE_CREATE"))["guild_id"] == servers[shards.index(bot)][0]
    assert list(playground.violations) == []


async def test_an_interaction_goes_to_the_shard_of_its_server(
    playground: Playground, ada: Member, shards: tuple[RawBot, RawBot]
) -> None:
    servers = [await bot.identify_shard(number, 2) for number, bot in enumerate(shards)]
    await shards[0].register(COMMAND)
    first = playground.administration.shard_of_server(2)
    for channel, number in (("darkroom", first), ("second", 1 - first), ("dm", 0)):
        asked = await _asked(ada, channel, shards[number])
        assert asked.get("guild_id") == (None if channel == "dm" else servers[number][0])


async def _asked(member: Member, channel: str, bot: RawBot) -> Any:
    """What a bot is asked when a member uses the command; it answers."""
    using = asyncio.create_task(member.slash(channel, "hello"))
    interaction = await bot.event("INTERACTION_CREATE")
    await bot.respond(interaction, {"type": 4, "data": {"content": "hello"}})
    await using
    return interaction


async def test_a_shard_that_nobody_serves_leaves_its_members_without_an_answer() -> None:
    limits = replace(UNHURRIED, interaction_deadline=0.2)
    async with running_playground(limits=limits) as playground:
        first = playground.administration.shard_of_server(2)
        async with raw_bot(playground.url) as bot, Member(playground.url, "Ada") as ada:
            await bot.identify_shard(1 - first, 2)
            await bot.register(COMMAND)
            with pytest.raises(NoAnswer):
                await ada.slash("darkroom", "hello")


async def test_one_shard_resumes_while_the_other_stays(
    playground: Playground, ada: Member, shards: tuple[RawBot, RawBot]
) -> None:
    for number, bot in enumerate(shards):
        await bot.identify_shard(number, 2)
        await bot.event("GUILD_CREATE")
    first = playground.administration.shard_of_server(2)
    cut, kept = shards[first], shards[1 - first]
    seen = cut.sequence
    await playground.faults.drop(shard=first)
    assert await cut.closed() == 4000
    missed = await ada.say("darkroom", "missed")
    await cut.resume(seen)
    assert (await cut.event("MESSAGE_CREATE"))["id"] == missed.id
    assert (await cut.receive())["t"] == "RESUMED"
    heard = await ada.say("second", "heard")
    assert (await kept.event("MESSAGE_CREATE"))["id"] == heard.id


@pytest.mark.parametrize("shard", [[2, 2], [-1, 2], [0, 0], [0], "0/2", [None, 2]])
async def test_a_shard_that_cannot_be_is_refused(raw: RawBot, shard: object) -> None:
    await raw.connect()
    await raw.send(2, {**IDENTITY, "shard": shard})
    assert await raw.closed() == 4010


async def test_with_too_many_servers_a_session_has_to_be_a_shard() -> None:
    limits = replace(UNHURRIED, guilds_per_shard=1)
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as bot:
        first = playground.administration.shard_of_server(2)
        playground.administration.add_server("Second", "second", (1 - first, 2))
        await bot.connect()
        await bot.send(2, IDENTITY)
        assert await bot.closed() == 4011
        assert len(await bot.identify_shard(first, 2)) == 1


async def test_in_one_bucket_only_one_session_may_begin_within_the_window() -> None:
    limits = replace(UNHURRIED, identify_window=3600, max_concurrency=2)
    async with running_playground(limits=limits) as playground, AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(raw_bot(playground.url)) for _ in range(3)]
        for number, bot in enumerate(bots):
            await bot.connect()
            await bot.send(2, {**IDENTITY, "shard": [number, 4]})
        # The third shares its bucket with the first: 2 and 0 leave the same remainder.
        assert (await bots[0].event("READY"))["shard"] == [0, 4]
        assert (await bots[1].event("READY"))["shard"] == [1, 4]
        assert await bots[2].receive() == {"op": 9, "d": False, "s": None, "t": None}


async def test_members_roles_are_those_of_the_server_that_is_asked(
    playground: Playground, shards: tuple[RawBot, RawBot]
) -> None:
    bot, guilds = shards[0], (await shards[0].rest("GET", "/users/@me/guilds")).body
    assert [guild["name"] for guild in guilds] == ["Darkroom Playground", "Second"]
    me = (await bot.rest("GET", "/users/@me")).body["id"]
    roles = [
        (await bot.rest("GET", f"/guilds/{guild['id']}/members/{me}")).body["roles"]
        for guild in guilds
    ]
    assert [len(each) for each in roles] == [1, 1]
    assert roles[0] != roles[1]
    assert list(playground.violations) == []
