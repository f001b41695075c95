"""The life of an interaction: deadlines, double answers, follow-ups, expiry."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from playground import Limits, running_playground
from playground.app.faults import CALLBACK
from playground.testing.member import Answer, Member, NoAnswer
from tests.support.playground.limits import UNHURRIED
from tests.support.playground.raw_bot import RawBot, raw_bot
from tests.support.playground.small_bot import SmallBot, connected

SAY = {"name": "say", "description": "Say something", "type": 1}


@pytest.fixture
def limits() -> Limits:
    return replace(UNHURRIED, interaction_deadline=20)


class Asking:
    """A raw bot with one command, and a member who uses it."""

    def __init__(self, raw: RawBot, ada: Member) -> None:
        self.raw = raw
        self.ada = ada

    async def ask(self) -> tuple[Any, asyncio.Task[Answer]]:
        """The interaction the bot receives, and the member's wait for its answer."""
        waiting = asyncio.create_task(self.ada.use("darkroom", "say"))
        return await self.raw.event("INTERACTION_CREATE"), waiting


@pytest.fixture
async def asking(raw: RawBot, ada: Member) -> Asking:
    await raw.identify()
    assert (await raw.register(SAY)).status == 200
    return Asking(raw, ada)


async def test_a_late_acknowledgement_meets_an_unknown_interaction() -> None:
    limits = replace(UNHURRIED, interaction_deadline=0.3)
    bot = SmallBot()
    may_answer = asyncio.Event()

    @bot.tree.command(description="Late")
    async def late(interaction: discord.Interaction) -> None:
        await may_answer.wait()
        await interaction.response.send_message("too late")

    async with (
        running_playground(limits=limits) as playground,
        Member(playground.url, "Ada") as ada,
        connected(bot, playground.url),
    ):
        await ada.wait_for_command("late")
        with pytest.raises(NoAnswer, match="The application did not respond"):
            await ada.slash("darkroom", "late")
        hold = playground.faults.hold(CALLBACK)
        may_answer.set()
        await hold.waiting.wait()
        hold.release()
        await bot.failed.wait()
        (error,) = bot.errors
        assert isinstance(error, discord.NotFound)
        assert error.code == 10062


async def test_a_held_callback_arrives_late() -> None:
    async with (
        running_playground(limits=replace(UNHURRIED, interaction_deadline=0.3)) as playground,
        Member(playground.url, "Ada") as ada,
        raw_bot(playground.url) as raw,
    ):
        await raw.identify()
        await raw.register(SAY)
        hold = playground.faults.hold(CALLBACK)
        interaction, waiting = await Asking(raw, ada).ask()
        answer = {"type": 4, "data": {"content": "x"}}
        answering = asyncio.create_task(raw.respond(interaction, answer))
        with pytest.raises(NoAnswer):
            await waiting
        hold.release()
        reply = await answering
        assert (reply.status, reply.code) == (404, 10062)


async def test_a_second_acknowledgement_is_refused(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    answer = {"type": 4, "data": {"content": "one"}}
    assert (await asking.raw.respond(interaction, answer)).status == 204
    second = await asking.raw.respond(interaction, answer)
    assert (second.status, second.code) == (400, 40060)
    assert (await waiting).message.content == "one"


async def test_an_expired_token_is_refused() -> None:
    limits = replace(UNHURRIED, interaction_lifetime=0)
    async with (
        running_playground(limits=limits) as playground,
        Member(playground.url, "Ada") as ada,
        raw_bot(playground.url) as raw,
    ):
        await raw.identify()
        await raw.register(SAY)
        interaction, waiting = await Asking(raw, ada).ask()
        await raw.respond(interaction, {"type": 4, "data": {"content": "one"}})
        message = (await waiting).message
        webhook = f"/webhooks/{interaction['application_id']}/{interaction['token']}"
        edit = await raw.rest("PATCH", f"{webhook}/messages/@original", {"content": "two"})
        assert (edit.status, edit.code) == (401, 50027)
        follow_up = await raw.rest("POST", webhook, {"content": "three"})
        assert (follow_up.status, follow_up.code) == (401, 50027)
        # A long job is edited as the bot instead.
        path = f"/channels/{message.channel_id}/messages/{message.id}"
        assert (await raw.rest("PATCH", path, {"content": "two"})).status == 200


async def test_webhook_calls_need_no_authorization(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
    deferred = await asking.raw.rest("POST", path, {"type": 5}, token="")
    assert deferred.status == 204
    assert (await waiting).message.thinking
    webhook = f"/webhooks/{interaction['application_id']}/{interaction['token']}"
    edited = await asking.raw.rest(
        "PATCH", f"{webhook}/messages/@original", {"content": "done"}, token=""
    )
    assert edited.body["content"] == "done"


async def test_the_first_follow_up_fills_a_deferred_answer(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    await asking.raw.respond(interaction, {"type": 5, "data": {"flags": 64}})
    thinking = (await waiting).message
    assert thinking.ephemeral
    webhook = f"/webhooks/{interaction['application_id']}/{interaction['token']}"
    first = await asking.raw.rest("POST", webhook, {"content": "one"})
    second = await asking.raw.rest("POST", webhook, {"content": "two"})
    assert first.body["id"] == thinking.id
    assert first.body["flags"] == 64  # Still ephemeral, no longer thinking.
    assert second.body["message_reference"]["message_id"] == thinking.id
    assert second.body["flags"] == 0


async def test_a_follow_up_needs_an_acknowledgement(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    webhook = f"/webhooks/{interaction['application_id']}/{interaction['token']}"
    early = await asking.raw.rest("POST", webhook, {"content": "early"})
    assert (early.status, early.code) == (404, 10015)
    await asking.raw.respond(interaction, {"type": 4, "data": {"content": "x"}})
    await waiting


@pytest.mark.parametrize("kind", [1, 6, 7, 8, 99, None])
async def test_a_command_takes_only_some_answers(asking: Asking, kind: object) -> None:
    interaction, waiting = await asking.ask()
    wrong = await asking.raw.respond(interaction, {"type": kind})
    assert (wrong.status, wrong.code) == (400, 50035)
    assert wrong.body["errors"]["type"]["_errors"][0]["code"] == "BASE_TYPE_CHOICES"
    await asking.raw.respond(interaction, {"type": 4, "data": {"content": "x"}})
    await waiting


async def test_a_modal_cannot_follow_a_modal(asking: Asking) -> None:
    modal = {
        "type": 9,
        "data": {
            "title": "T",
            "custom_id": "m",
            "components": [
                {
                    "type": 1,
                    "components": [{"type": 4, "custom_id": "f", "style": 1, "label": "F"}],
                }
            ],
        },
    }
    interaction, waiting = await asking.ask()
    assert (await asking.raw.respond(interaction, modal)).status == 204
    opened = (await waiting).modal
    sending = asyncio.create_task(asking.ada.submit(opened, {"F": "x"}))
    sent = await asking.raw.event("INTERACTION_CREATE")
    assert sent["data"]["components"][0]["components"][0]["value"] == "x"
    refused = await asking.raw.respond(sent, modal)
    assert (refused.status, refused.code) == (400, 50035)
    await asking.raw.respond(sent, {"type": 4, "data": {"content": "done"}})
    assert (await sending).message.content == "done"


async def test_an_empty_answer_is_refused_and_may_be_mended(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    empty = await asking.raw.respond(interaction, {"type": 4, "data": {"content": "  "}})
    assert (empty.status, empty.code) == (400, 50006)
    await asking.raw.respond(interaction, {"type": 4, "data": {"content": "x"}})
    assert (await waiting).message.content == "x"


async def test_an_ephemeral_answer_exists_only_for_its_token(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    await asking.raw.respond(interaction, {"type": 4, "data": {"content": "x", "flags": 64}})
    message = (await waiting).message
    path = f"/channels/{message.channel_id}/messages/{message.id}"
    as_bot = await asking.raw.rest("GET", path)
    assert (as_bot.status, as_bot.code) == (404, 10008)
    webhook = f"/webhooks/{interaction['application_id']}/{interaction['token']}"
    by_token = await asking.raw.rest("GET", f"{webhook}/messages/@original")
    assert by_token.body["id"] == message.id


async def test_what_every_interaction_carries(asking: Asking) -> None:
    interaction, waiting = await asking.ask()
    assert interaction["attachment_size_limit"] == 10 * 1024 * 1024
    assert interaction["context"] == 0
    assert not int(interaction["member"]["permissions"]) & 1 << 5
    assert int(interaction["app_permissions"]) & 1 << 11
    await asking.raw.respond(interaction, {"type": 4, "data": {"content": "x"}})
    await waiting
