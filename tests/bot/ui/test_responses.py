"""An answer that takes long is announced once, and comes all the same."""

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.client import DarkroomBot
from bot.ui import responses
from bot.ui.dynamic_items import view_of
from bot.ui.responses import Responder
from playground.testing.member import Member
from tests.support.bot.job_messages import told, written


class Response:
    """Takes one first answer, as Discord does."""

    def __init__(self) -> None:
        self.deferred: list[dict[str, Any]] = []

    def is_done(self) -> bool:
        return bool(self.deferred)

    async def defer(self, **how: Any) -> None:
        assert not self.is_done(), "an interaction is answered once"
        self.deferred.append(how)


async def test_of_two_slow_pieces_of_work_only_the_first_is_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    interaction: Any = SimpleNamespace(response=Response(), extras={})

    async def slow(result: str) -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        return result

    responder = Responder(interaction)
    assert await responder.run(slow("found")) == "found"
    assert await responder.run(slow("shown"), ephemeral=True) == "shown"
    assert interaction.response.deferred == [{"thinking": True, "ephemeral": False}]
    assert interaction.extras[responses.PLACEHOLDER_IS_EPHEMERAL] is False


async def test_a_slow_answer_takes_the_place_of_the_placeholder(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    answer = await ada.slash("darkroom", "queue")
    shown = await ada.wait_for(lambda m: m.interaction_id == answer.interaction_id and m.embeds)
    assert shown.id == answer.id
    assert shown.ephemeral
    assert not shown.thinking


async def test_a_slow_page_is_turned_in_place(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    place = await ada.say("darkroom", "Where am I?")
    channel = bot.get_partial_messageable(int(place.channel_id))
    turn: discord.ui.Button[Any] = discord.ui.Button(label="turn", custom_id="history:0:")
    posted = await channel.send("page", view=view_of(turn))
    page = await ada.wait_for(lambda m: m.id == str(posted.id))
    await ada.press(page, "turn")
    turned = await ada.wait_for(lambda m: "no finished pictures yet" in written(m))
    assert turned.id == page.id


async def test_a_refusal_replaces_a_public_placeholder_and_only_its_member_sees_it(
    bot: DarkroomBot, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    answer = await ada.slash("darkroom", "show", id="nonsense")
    assert "nonsense" in await told(ada, answer)
    assert not [m for m in await ada.messages("darkroom") if m.thinking]
    assert not await ben.messages("darkroom")
