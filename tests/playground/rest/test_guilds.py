"""What libraries ask about the server when they log in."""

from __future__ import annotations

from typing import Any

import pytest

from playground import Playground
from playground.app.faults import Faults
from tests.support.playground.raw_bot import RawBot, channel_of


@pytest.fixture
async def place(raw: RawBot) -> dict[str, str]:
    """The ids of the application, the server and one of its channels."""
    channel = await channel_of(raw)
    guild = raw.ready["guilds"][0]["id"]
    return {"channel": channel, "guild": guild, "application": raw.ready["application"]["id"]}


THREADS = {"threads": [], "members": [], "has_more": False}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/guilds/{guild}/threads/active", THREADS),
        ("/channels/{channel}/threads/archived/public", THREADS),
        ("/channels/{channel}/threads/archived/private", THREADS),
        ("/channels/{channel}/users/@me/threads/archived/private", THREADS),
        ("/channels/{channel}/pins", []),
        ("/channels/{channel}/messages/pins", {"items": [], "has_more": False}),
        ("/channels/{channel}/webhooks", []),
        ("/guilds/{guild}/webhooks", []),
        ("/guilds/{guild}/emojis", []),
        ("/guilds/{guild}/stickers", []),
        ("/guilds/{guild}/scheduled-events", []),
        ("/guilds/{guild}/soundboard-sounds", {"items": []}),
        ("/soundboard-default-sounds", []),
        ("/sticker-packs", {"sticker_packs": []}),
        ("/voice/regions", []),
        ("/applications/{application}/emojis", {"items": []}),
        ("/applications/{application}/entitlements", []),
        ("/applications/{application}/guilds/{guild}/commands/permissions", []),
    ],
)
async def test_there_is_none_of_this(
    raw: RawBot, place: dict[str, str], path: str, answer: Any
) -> None:
    reply = await raw.rest("GET", path.format(**place))
    assert (reply.status, reply.body) == (200, answer)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/guilds/1/threads/active", 10004),
        ("/guilds/1/webhooks", 10004),
        ("/guilds/1/roles", 10004),
        ("/channels/1/messages/pins", 10003),
        ("/channels/1/threads/archived/public", 10003),
        ("/applications/1/entitlements", 10002),
    ],
)
async def test_places_that_are_not_there(raw: RawBot, path: str, code: int) -> None:
    reply = await raw.rest("GET", path)
    assert (reply.status, reply.code) == (404, code)


async def test_a_hidden_channel_lists_nothing(
    playground: Playground, raw: RawBot, place: dict[str, str]
) -> None:
    faults: Faults = playground.faults
    faults.hide("darkroom")
    for what in ("webhooks", "pins", "messages/pins", "threads/archived/public"):
        reply = await raw.rest("GET", f"/channels/{place['channel']}/{what}")
        assert (reply.status, reply.code) == (403, 50001)


async def test_roles_are_those_of_the_guild(raw: RawBot, place: dict[str, str]) -> None:
    roles = (await raw.rest("GET", f"/guilds/{place['guild']}/roles")).body
    assert [role["name"] for role in roles] == ["@everyone", "Darkroom"]
    assert roles == (await raw.rest("GET", f"/guilds/{place['guild']}")).body["roles"]


async def test_members_and_guilds_are_listed_page_by_page(
    raw: RawBot, place: dict[str, str]
) -> None:
    """hikari reads on until a page is empty: without `after` it would read for ever."""
    members = f"/guilds/{place['guild']}/members"
    names, after = [], "0"
    while page := (await raw.rest("GET", f"{members}?limit=2&after={after}")).body:
        assert len(page) <= 2
        names += [member["user"]["username"] for member in page]
        after = page[-1]["user"]["id"]
    assert names == ["you", "ada", "ben", "Darkroom"]
    assert (await raw.rest("GET", f"{members}?limit=1001")).code == 50035

    (guild,) = (await raw.rest("GET", "/users/@me/guilds?with_counts=true")).body
    assert (guild["id"], guild["approximate_member_count"]) == (place["guild"], 4)
    assert (await raw.rest("GET", f"/users/@me/guilds?after={guild['id']}")).body == []


async def test_the_application_has_the_summary_that_libraries_want(raw: RawBot) -> None:
    assert (await raw.rest("GET", "/oauth2/applications/@me")).body["summary"] == ""


async def test_a_form_carries_its_json_with_and_without_files(
    raw: RawBot, place: dict[str, str]
) -> None:
    """py-cord writes a form without files as aiohttp does then: urlencoded."""
    url = f"{raw.url}/api/v10/channels/{place['channel']}/messages"
    headers = {"Authorization": "Bot any"}
    form = {"payload_json": '{"content": "50 % & a fox 🦊"}'}
    async with raw.session.post(url, data=form, headers=headers) as response:
        assert response.request_info.headers["Content-Type"].endswith("form-urlencoded")
        assert (await response.json())["content"] == "50 % & a fox 🦊"
    many = {f"field{number}": "1" for number in range(101)}
    for broken in ({"payload_json": "{"}, many):
        async with raw.session.post(url, data=broken, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, 50109)


async def test_a_command_is_answered_without_what_was_left_open(raw: RawBot) -> None:
    """interactions.py writes null for what it leaves open; Discord answers without it."""
    option = {"type": 3, "name": "prompt", "description": "What", "min_length": None}
    (command,) = (
        await raw.register(
            {"name": "draw", "description": "Draw", "options": [option], "nsfw": None}
        )
    ).body
    assert "min_length" not in command["options"][0]
    assert command["nsfw"] is False


async def test_what_nobody_serves_stands_in_the_record(playground: Playground, raw: RawBot) -> None:
    assert (await raw.rest("GET", "/guilds/1/bans")).status == 404
    assert playground.requests[-1].route == "GET /guilds/1/bans"
