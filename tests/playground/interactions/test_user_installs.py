"""An application installed by its user: on a server without it, and in a direct message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Answer, Member, Refused
from tests.support.playground.limits import UNHURRIED
from tests.support.playground.raw_bot import RawBot, Reply

EVERYWHERE: dict[str, Any] = {
    "name": "say",
    "description": "Say something",
    "type": 1,
    "contexts": [0, 1, 2],
    "integration_types": [0, 1],
}


@pytest.fixture
def limits() -> Limits:
    return replace(UNHURRIED, interaction_deadline=20)


@pytest.fixture
async def bot(raw: RawBot) -> RawBot:
    await raw.identify()
    assert (await raw.register(EVERYWHERE)).status == 200
    return raw


async def asked(bot: RawBot, member: Member, channel: str) -> tuple[Any, asyncio.Task[Answer]]:
    """The interaction the bot receives, and the member's wait for its answer."""
    waiting = asyncio.create_task(member.use(channel, "say"))
    return await bot.event("INTERACTION_CREATE"), waiting


async def answer(bot: RawBot, interaction: Any, **message: Any) -> Reply:
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
    body = {"type": 4, "data": {"content": "here", **message}}
    return await bot.rest("POST", path, body, token="")


def webhook(interaction: Any) -> str:
    return f"/webhooks/{interaction['application_id']}/{interaction['token']}"


@pytest.mark.parametrize("place", ["elsewhere", "@Ben"])
async def test_commands_are_offered_where_a_user_brings_them_along(
    bot: RawBot, ada: Member, place: str
) -> None:
    assert await ada.command_names(place) == set()
    with pytest.raises(Refused):
        await ada.slash(place, "say")
    await ada.install_app()
    assert await ada.command_names(place) == {"say"}
    await ada.uninstall_app()
    assert await ada.command_names(place) == set()


@pytest.mark.parametrize(
    "kept_to", [{"integration_types": [0]}, {"contexts": [1]}, {"integration_types": None}]
)
async def test_a_command_that_is_not_for_users_stays_at_home(
    bot: RawBot, ada: Member, kept_to: dict[str, Any]
) -> None:
    assert (await bot.register({**EVERYWHERE, **kept_to})).status == 200
    await ada.install_app()
    assert await ada.command_names("elsewhere") == set()
    assert await ada.command_names("dm") == {"say"}


async def test_an_interaction_says_who_brought_the_application_along(
    bot: RawBot, ada: Member
) -> None:
    await ada.install_app()
    seen = {}
    for place in ("darkroom", "dm", "elsewhere", "@Ben"):
        interaction, waiting = await asked(bot, ada, place)
        assert (await answer(bot, interaction)).status in (200, 204)
        user = interaction.get("user") or interaction["member"]["user"]
        owners = interaction["authorizing_integration_owners"]
        assert owners["1"] == user["id"]
        assert (await waiting).message.raw["interaction_metadata"][
            "authorizing_integration_owners"
        ] == owners
        seen[place] = (interaction["context"], owners.get("0"), interaction.get("guild_id"))
    home = seen["darkroom"][2]
    assert seen["darkroom"] == (0, home, home)
    assert seen["dm"] == (1, "0", None)
    assert seen["elsewhere"][:2] == (0, None)
    assert seen["elsewhere"][2] not in (None, home)
    assert seen["@Ben"] == (2, None, None)


@pytest.mark.parametrize("place", ["elsewhere", "@Ben"])
async def test_the_bot_has_only_the_answers_token_there(
    bot: RawBot, ada: Member, place: str
) -> None:
    await ada.install_app()
    interaction, waiting = await asked(bot, ada, place)
    await answer(bot, interaction)
    message = (await waiting).message
    channel = f"/channels/{message.channel_id}"
    for method, path in (
        ("GET", channel),
        ("POST", f"{channel}/messages"),
        ("PATCH", f"{channel}/messages/{message.id}"),
        ("DELETE", f"{channel}/messages/{message.id}"),
    ):
        refusal = await bot.rest(method, path, {"content": "mine"})
        assert (refusal.status, refusal.code) == (403, 50001)
    edited = f"{webhook(interaction)}/messages/{message.id}"
    assert (await bot.rest("PATCH", edited, {"content": "by token"}, token="")).status == 200
    await ada.wait_for(lambda m: m.id == message.id and m.content == "by token")


async def test_five_follow_ups_and_no_more_where_only_a_user_brought_it(
    bot: RawBot, ada: Member
) -> None:
    await ada.install_app()
    for place, last in (("elsewhere", 400), ("darkroom", 200)):
        interaction, waiting = await asked(bot, ada, place)
        await answer(bot, interaction)
        await waiting
        sent = [
            await bot.rest("POST", webhook(interaction), {"content": f"{n}"}, token="")
            for n in range(6)
        ]
        assert [reply.status for reply in sent] == [200] * 5 + [last]
        if last == 400:
            assert sent[-1].code == 40094


async def test_where_applications_must_be_quiet_only_their_user_sees_them(
    bot: RawBot, playground: Playground, ada: Member
) -> None:
    await ada.install_app()
    async with Member(playground.url, "you") as other:
        for place, hidden in (("no-apps", True), ("elsewhere", False)):
            interaction, waiting = await asked(bot, ada, place)
            await answer(bot, interaction)
            assert (await waiting).message.ephemeral is hidden
            assert len(await other.messages(place)) == (0 if hidden else 1)


async def test_the_bot_hears_nothing_of_places_where_it_is_not(bot: RawBot, ada: Member) -> None:
    await ada.say("elsewhere", "among us")
    await ada.say("@Ben", "between us")
    said = await ada.say("darkroom", "to all")
    assert (await bot.event("MESSAGE_CREATE"))["id"] == said.id
    (guild,) = bot.ready["guilds"]
    listed = await bot.rest("GET", f"/guilds/{guild['id']}/channels")
    assert {channel["name"] for channel in listed.body} == {"darkroom", "gallery", "no-entry"}


async def test_a_conversation_of_two_is_theirs_alone(playground: Playground, ada: Member) -> None:
    said = await ada.say("@Ben", "between us")
    async with Member(playground.url, "Ben") as ben, Member(playground.url, "you") as other:
        assert [m.id for m in await ben.messages("@Ada")] == [said.id]
        with pytest.raises(Refused):
            await other.messages(said.channel_id)


async def test_whoever_presses_a_button_the_owner_is_who_brought_it_along(
    bot: RawBot, playground: Playground, ada: Member
) -> None:
    await ada.install_app()
    interaction, waiting = await asked(bot, ada, "@Ben")
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
    await answer(bot, interaction, components=[{"type": 1, "components": [button]}])
    message = (await waiting).message
    async with Member(playground.url, "Ben") as ben:
        pressing = asyncio.create_task(ben.press(message, "Go"))
        pressed = await bot.event("INTERACTION_CREATE")
        await answer(bot, pressed)
        await pressing
    owners = interaction["authorizing_integration_owners"]
    assert pressed["authorizing_integration_owners"] == owners
    assert pressed["user"]["id"] not in owners.values()
