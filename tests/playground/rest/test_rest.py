"""REST's errors: permissions, unknown ids, malformed bodies."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground import Playground
from playground.app.faults import SEND_MESSAGE
from playground.interactions.message_drafts import draft_message
from playground.rest.routes import MALFORMED_BODY_ERRORS
from playground.state.errors import DiscordError
from playground.state.limits import Limits
from playground.state.world import World
from playground.testing.member import Member
from playground.validation.commands import check_commands
from playground.validation.components import check_modal
from tests.support.playground.raw_bot import RawBot, channel_of


async def test_the_bot_may_not_post_everywhere(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw, 'no-entry')}/messages"
    refused = await raw.rest("POST", path, {"content": "x"})
    assert (refused.status, refused.code) == (403, 50013)


async def test_posting_can_be_denied_and_allowed(playground: Playground, raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    playground.faults.deny("darkroom")
    assert (await raw.event("CHANNEL_UPDATE"))["name"] == "darkroom"
    assert (await raw.rest("POST", path, {"content": "x"})).code == 50013
    playground.faults.allow("darkroom")
    assert (await raw.rest("POST", path, {"content": "x"})).status == 200


async def test_a_nonce_that_is_enforced_makes_a_message_once(
    playground: Playground, raw: RawBot, ada: Member
) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    once = {"content": "x", "nonce": "n" * 25, "enforce_nonce": True}
    playground.faults.lose_answers(SEND_MESSAGE)
    assert (await raw.rest("POST", path, once)).status == 503
    posted = (await raw.rest("POST", path, once)).body
    assert [m.id for m in await ada.messages("darkroom")] == [posted["id"]]
    for other in ({**once, "nonce": "m"}, {**once, "enforce_nonce": False}):
        assert (await raw.rest("POST", path, other)).body["id"] != posted["id"]
    refused = await raw.rest("POST", path, {**once, "nonce": "n" * 26})
    assert (refused.status, refused.code) == (400, 50035)


async def test_an_answer_can_wait_while_its_request_is_done(
    playground: Playground, raw: RawBot, ada: Member
) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    held = playground.faults.hold_answers(SEND_MESSAGE)
    posting = asyncio.create_task(raw.rest("POST", path, {"content": "x"}))
    await held.waiting.wait()
    seen = await ada.wait_for(lambda m: m.content == "x")
    assert not posting.done()
    held.release()
    assert (await posting).body["id"] == seen.id


async def test_a_deleted_message_is_unknown(
    playground: Playground, raw: RawBot, ada: Member
) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    posted = (await raw.rest("POST", path, {"content": "x"})).body
    seen = await ada.wait_for(lambda m: m.id == posted["id"])
    await playground.faults.delete(seen)
    assert (await raw.event("MESSAGE_DELETE"))["id"] == seen.id
    await ada.wait_until_deleted(seen)
    for method, body in (("GET", None), ("PATCH", {"content": "y"}), ("DELETE", None)):
        reply = await raw.rest(method, f"{path}/{seen.id}", body)
        assert (reply.status, reply.code) == (404, 10008)


async def test_messages_of_others_can_be_deleted_but_not_edited(raw: RawBot, ada: Member) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    message = await ada.say("darkroom", "hello")
    edit = await raw.rest("PATCH", f"{path}/{message.id}", {"content": "x"})
    assert (edit.status, edit.code) == (403, 50005)
    assert (await raw.rest("DELETE", f"{path}/{message.id}")).status == 204


async def test_everyone_is_pinged_unless_allowed_mentions_forbids(raw: RawBot, ada: Member) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    text = f"@everyone <@{(await ada.say('darkroom', 'x')).raw['author']['id']}>"
    loud = (await raw.rest("POST", path, {"content": text})).body
    assert loud["mention_everyone"] is True
    assert [user["username"] for user in loud["mentions"]] == ["ada"]
    quiet = {"content": text, "allowed_mentions": {"parse": []}}
    quiet_body = (await raw.rest("POST", path, quiet)).body
    assert (quiet_body["mention_everyone"], quiet_body["mentions"]) == (False, [])


async def test_a_token_is_needed(raw: RawBot) -> None:
    for path in ("/users/@me", "/gateway/bot"):
        refused = await raw.rest("GET", path, token="")
        assert (refused.status, refused.code) == (401, 0)
    assert (await raw.rest("GET", "/gateway", token="")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, 0),
        ("GET", "/channels/1", 404, 10003),
        ("GET", "/channels/first", 400, 50035),
        ("GET", "/users/1", 404, 10013),
        ("GET", "/guilds/1", 404, 10004),
        ("GET", "/applications/1/commands", 404, 10002),
        ("POST", "/webhooks/1/token", 404, 10015),
        ("POST", "/interactions/1/token/callback", 404, 10062),
    ],
)
async def test_unknown_things(raw: RawBot, method: str, path: str, status: int, code: int) -> None:
    reply = await raw.rest(method, path, {} if method == "POST" else None)
    assert (reply.status, reply.code) == (status, code)


async def test_a_body_that_is_no_json(raw: RawBot) -> None:
    url = f"{raw.url}/api/v10/channels/{await channel_of(raw)}/messages"
    async with raw.session.post(url, data=b"{", headers={"Authorization": "Bot x"}) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)
    async with raw.session.post(url, json=[], headers={"Authorization": "Bot x"}) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50035)


async def test_json_names_no_charset(raw: RawBot) -> None:
    assert (await raw.rest("GET", "/gateway")).headers["Content-Type"] == "application/json"


async def test_other_sites_are_refused(raw: RawBot) -> None:
    for headers in ({"Origin": "http://example.org"}, {"Host": "example.org"}):
        async with raw.session.get(raw.url + "/", headers=headers) as response:
            assert response.status == 403


async def test_files_that_could_be_pages_are_only_downloads(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    body = {"attachments": [{"id": 0, "filename": "page.html"}]}
    posted = await raw.rest("POST", path, body, [b"<script>alert(1)</script>"])
    async with raw.session.get(posted.body["attachments"][0]["url"]) as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_avatars(raw: RawBot) -> None:
    user = (await raw.rest("GET", "/users/@me")).body
    for path in (f"/cdn/avatars/{user['id']}/{user['avatar']}.png", "/cdn/embed/avatars/3.png"):
        async with raw.session.get(raw.url + path) as response:
            assert response.content_type == "image/png"
    async with raw.session.get(raw.url + "/cdn/avatars/1/x.png") as response:
        assert response.status == 404


async def test_uploads_can_be_made_to_fail(playground: Playground, raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    playground.faults.fail(SEND_MESSAGE, times=1, status=503, uploads_only=True)
    assert (await raw.rest("POST", path, {"content": "x"})).status == 200
    assert (await raw.rest("POST", path, {}, [b"x"])).status == 503
    assert (await raw.rest("POST", path, {}, [b"x"])).status == 200
    route = [request for request in playground.requests if request.route == SEND_MESSAGE]
    assert [(request.status, request.files) for request in route] == [
        (200, ()),
        (503, ("file0.bin",)),
        (200, ("file0.bin",)),
    ]


FIELDS = (
    "content embeds components attachments flags allowed_mentions type id custom_id options choices"
    " name description value label style title fields footer message_reference message_id users"
    " parse url emoji required max_values items accessory component"
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(body=st.dictionaries(st.sampled_from(FIELDS.split()), ANYTHING))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nonsense_never_does_worse_than_a_400(body: dict[str, Any]) -> None:
    world = World(Limits())
    channel_id = next(iter(world.channels))
    for check in (
        lambda: draft_message(world, channel_id, body, []),
        lambda: check_commands([body], Limits()),
        lambda: check_modal(body),
    ):
        with suppress(DiscordError, *MALFORMED_BODY_ERRORS):
            check()
