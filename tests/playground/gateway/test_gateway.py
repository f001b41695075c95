"""The gateway: sessions, resuming with replay, and everything that ends a connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground import Limits, Playground, running_playground
from playground.app.faults import GATEWAY
from playground.testing.member import Member, Refused
from tests.support.playground.raw_bot import RawBot, raw_bot
from tests.support.playground.small_bot import SmallBot, connected


async def test_discord_py_resumes_and_gets_what_it_missed(
    playground: Playground, ada: Member
) -> None:
    async with connected(SmallBot(), playground.url) as bot:
        message = await ada.say("darkroom", "hello")
        await ada.wait_for_bot()
        hold = playground.faults.hold(GATEWAY)
        await playground.faults.drop()
        await ada.wait_for_bot(online=False)
        # The bot is on its way back, but cannot be there yet: it must miss these two.
        await hold.waiting.wait()
        await ada.react(message, "✉️")
        await ada.react(message, "❌")
        hold.release()
        await bot.resumed.wait()
        assert bot.reactions == ["✉️", "❌"]
        assert bot.errors == []


async def test_discord_py_starts_anew_where_the_session_is_gone(
    playground: Playground, ada: Member
) -> None:
    async with connected(SmallBot(), playground.url) as bot:
        await ada.wait_for_bot()
        await playground.faults.drop(resumable=False)
        await ada.wait_for_bot(online=False)
        await ada.wait_for_bot()
        message = await ada.say("darkroom", "hello")
        await ada.react(message, "⭐")
        await bot.reacted.wait()
        assert not bot.resumed.is_set()


async def test_discord_py_follows_the_call_to_reconnect(
    playground: Playground, ada: Member
) -> None:
    async with connected(SmallBot(), playground.url) as bot:
        await ada.wait_for_bot()
        playground.faults.ask_to_reconnect()
        await bot.resumed.wait()


async def test_discord_py_leaves_a_zombie_connection() -> None:
    limits = replace(Limits(), heartbeat_interval=0.2)
    async with (
        running_playground(limits=limits) as playground,
        connected(SmallBot(heartbeat_timeout=0.5), playground.url) as bot,
    ):
        playground.faults.mute_heartbeats()
        await bot.resumed.wait()


async def test_resume_replays_exactly_what_came_after(playground: Playground, raw: RawBot) -> None:
    async with Member(playground.url, "Ada") as ada:
        await raw.identify()
        first = await ada.say("darkroom", "one")
        assert (await raw.event("MESSAGE_CREATE"))["id"] == first.id
        seen = raw.sequence
        await playground.faults.drop()
        second = await ada.say("darkroom", "two")
        third = await ada.say("darkroom", "three")
        await raw.resume(seen)
        replayed = [await raw.receive() for _ in range(3)]
        assert [(m["t"], m["d"].get("id")) for m in replayed] == [
            ("MESSAGE_CREATE", second.id),
            ("MESSAGE_CREATE", third.id),
            ("RESUMED", None),
        ]
        assert [m["s"] for m in replayed] == [seen + 1, seen + 2, seen + 3]


async def test_an_unknown_session_cannot_be_resumed(raw: RawBot) -> None:
    raw.ready = {"session_id": "unknown"}
    await raw.resume(1)
    assert await raw.receive() == {"op": 9, "d": False, "s": None, "t": None}


async def test_a_sequence_from_the_future_ends_the_connection(raw: RawBot) -> None:
    await raw.identify()
    await raw.socket.close(code=4000)
    await raw.resume(999)
    assert await raw.closed() == 4007


async def test_goodbye_ends_the_session(raw: RawBot) -> None:
    await raw.identify()
    await raw.socket.close(code=1000)
    await raw.resume(raw.sequence)
    assert (await raw.receive())["op"] == 9


async def test_heartbeats_are_acknowledged(raw: RawBot) -> None:
    await raw.identify()
    await raw.send(1, raw.sequence)
    assert (await raw.receive())["op"] == 11


async def test_a_silent_client_is_timed_out() -> None:
    limits = replace(Limits(), heartbeat_interval=0.05)
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as raw:
        # Not waiting for READY, which so short an interval may be over before.
        await raw.connect()
        await raw.send(2, {"token": "any", "intents": 0})
        assert await raw.closed() == 4009


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"op": 2, "d": {"token": "", "intents": 0}}, 4004),
        ({"op": 2, "d": {"token": "any"}}, 4013),
        ({"op": 2, "d": {"token": "any", "intents": 0, "shard": [2, 1]}}, 4010),
        ({"op": 8, "d": {}}, 4003),
        ({"d": {}}, 4002),
        ({"op": 1, "d": "x" * 5000}, 4002),
    ],
)
async def test_what_the_gateway_does_not_accept(raw: RawBot, payload: object, code: int) -> None:
    await raw.connect()
    await raw.socket.send_json(payload)
    assert await raw.closed() == code


async def test_too_many_events_end_the_connection() -> None:
    limits = replace(Limits(), gateway_events=3)
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as raw:
        await raw.connect()
        for _ in range(4):
            await raw.send(1, None)
        assert await raw.closed() == 4008


async def test_content_of_others_needs_its_intent(playground: Playground, raw: RawBot) -> None:
    async with Member(playground.url, "Ada") as ada:
        await raw.identify()
        await ada.say("darkroom", "secret")
        assert (await raw.event("MESSAGE_CREATE"))["content"] == ""
        await ada.say("darkroom", f"hello <@{raw.ready['user']['id']}>")
        assert (await raw.event("MESSAGE_CREATE"))["content"].startswith("hello")
        await ada.say("dm", "between us")
        assert (await raw.event("MESSAGE_CREATE"))["content"] == "between us"


async def test_members_can_be_asked_for(playground: Playground, raw: RawBot) -> None:
    await raw.identify()
    guild_id = raw.ready["guilds"][0]["id"]
    await raw.send(8, {"guild_id": guild_id, "query": "ad", "limit": 5, "nonce": "n"})
    chunk = await raw.event("GUILD_MEMBERS_CHUNK")
    assert [member["user"]["username"] for member in chunk["members"]] == ["ada"]
    assert chunk["nonce"] == "n"
    assert list(playground.violations) == []


async def test_a_removed_member_is_told_to_sessions_with_the_intents_and_unknown_after_that(
    playground: Playground, ada: Member, raw: RawBot
) -> None:
    members, moderation = 1 << 1, 1 << 2
    await raw.connect()
    await raw.send(2, {"token": "any", "intents": members | moderation})
    ready = await raw.event("READY")
    await raw.event("GUILD_CREATE")
    ada_id = (await ada.say("darkroom", "hello")).raw["author"]["id"]
    member = f"/guilds/{ready['guilds'][0]['id']}/members/{ada_id}"
    assert (await raw.rest("GET", member)).status == 200
    playground.faults.remove_member("Ada", banned=True)
    for event in ("GUILD_BAN_ADD", "GUILD_MEMBER_REMOVE"):
        assert (await raw.event(event))["user"]["id"] == ada_id
    gone = await raw.rest("GET", member)
    assert (gone.status, gone.code) == (404, 10007)
    with pytest.raises(Refused):
        await ada.messages("darkroom")
    assert list(playground.violations) == []


async def test_a_new_member_is_told_to_sessions_with_the_intent_and_can_act(
    playground: Playground, raw: RawBot
) -> None:
    await raw.connect()
    await raw.send(2, {"token": "any", "intents": 1 << 1})
    await raw.event("READY")
    cleo_id = playground.administration.add_member("Cleo")
    assert (await raw.event("GUILD_MEMBER_ADD"))["user"]["id"] == str(cleo_id)
    async with Member(playground.url, "Cleo") as cleo:
        said = await cleo.say("darkroom", "hello")
        assert said.raw["author"]["id"] == str(cleo_id)
    assert list(playground.violations) == []


async def test_bots_are_told_the_address_of_a_proxy(playground: Playground, raw: RawBot) -> None:
    playground.administration.set_address("http://127.0.0.1:9")
    await raw.identify()
    assert raw.ready["resume_gateway_url"] == "ws://127.0.0.1:9/gateway"


async def test_roles_that_are_given_and_taken_are_told_and_stand_in_the_member(
    playground: Playground, ada: Member, raw: RawBot
) -> None:
    guilds, members = 1 << 0, 1 << 1
    await raw.connect()
    await raw.send(2, {"token": "any", "intents": guilds | members})
    guild = f"/guilds/{(await raw.event('READY'))['guilds'][0]['id']}"
    await raw.event("GUILD_CREATE")
    role_id = await ada.give_role("Artist", 1 << 13)
    made = (await raw.event("GUILD_ROLE_CREATE"))["role"]
    assert (made["id"], made["name"], made["permissions"]) == (role_id, "Artist", str(1 << 13))
    changed = await raw.event("GUILD_MEMBER_UPDATE")
    assert changed["roles"] == [role_id]
    member = f"{guild}/members/{changed['user']['id']}"
    assert (await raw.rest("GET", member)).body["roles"] == [role_id]
    await ada.take_role("Artist")
    assert (await raw.event("GUILD_MEMBER_UPDATE"))["roles"] == []
    assert await ada.give_role("Artist") == role_id
    assert list(playground.violations) == []


async def test_a_bot_that_leaves_its_server_is_told_so_and_knows_it_no_more(
    playground: Playground, ada: Member, raw: RawBot
) -> None:
    await raw.connect()
    await raw.identify()
    guild_id = raw.ready["guilds"][0]["id"]
    assert (await raw.rest("DELETE", f"/users/@me/guilds/{guild_id}")).status == 204
    assert (await raw.event("GUILD_DELETE"))["id"] == guild_id
    gone = await raw.rest("GET", f"/guilds/{guild_id}")
    assert (gone.status, gone.code) == (404, 10004)
    assert (await raw.rest("GET", "/users/@me/guilds")).body == []
    assert await ada.command_names("darkroom") == set()
    assert list(playground.violations) == []
