"""`/models`, the panel's menu and the completion of `--v`, where an engine has many models."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from bot.prompts.parser import parse
from diffusion.protocol.models import ModelInfo
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from tests.support.bot.job_messages import card, value_of
from tests.support.engine.inference_server import site

COUNT = 60


def model(number: int) -> ModelInfo:
    return ModelInfo(f"painter-{number}", 64, 3, 4.0, edits=number == 7, examples=("a fox",))


@pytest.fixture
async def engine() -> AsyncIterator[str]:
    """An engine that lists many models and draws nothing."""
    known = [model(number).to_json() for number in range(1, COUNT)]
    flux = ModelInfo("black-forest-labs/FLUX.1-schnell", fixed_steps=True, guidance="none")

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"data": [*known, flux.to_json()]})

    app = web.Application()
    app.router.add_get("/v1/models", listed)
    async with site(app) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, engine: str) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=f"darkroom+{engine}",
        DARKROOM_DATA=tmp_path / "data",
    )


def titles(shown: Message) -> list[str]:
    return [field["name"] for field in shown.embeds[0]["fields"]]


async def test_every_model_has_a_card_with_a_line_that_can_be_copied(
    bot: DarkroomBot, ada: Member
) -> None:
    shown = await ada.slash("darkroom", "models")
    assert shown.ephemeral
    assert f"{COUNT} models" in card(shown)
    seen, lines = titles(shown), re.findall(r"Try: `([^`]+)`", card(shown))
    while any(button.emoji == "▶️" for button in shown.buttons):
        shown = (await ada.press(shown, "▶️")).message
        seen += titles(shown)
        lines += re.findall(r"Try: `([^`]+)`", card(shown))
    assert len({*seen}) == len(lines) == COUNT
    versions = await bot.services.registry.versions()
    copied = [versions.models[versions.find(parse(line).version or "")].id for line in lines]
    assert copied == [one.id for one in versions.models.values()]


async def test_a_card_says_who_made_it_what_it_can_and_what_it_refuses(
    bot: DarkroomBot, ada: Member
) -> None:
    shown = await ada.slash("darkroom", "models", search="SCHNELL")
    assert len(titles(shown)) == 1
    for words in ("Made by Black Forest Labs", "Licence: Apache-2.0", "Family: FLUX.1"):
        assert words in card(shown)
    assert re.search(r"cannot be used with .*--cfg.*--steps", card(shown))
    shown = await ada.slash("darkroom", "models", search="painter-7")
    assert "start from pictures" in card(shown)
    assert "Made by" not in card(shown)
    shown = await ada.slash("darkroom", "models", search="nobody's")
    assert "nobody's" in card(shown)
    assert not shown.buttons


async def test_the_search_is_completed(bot: DarkroomBot, ada: Member) -> None:
    found = await ada.autocomplete("darkroom", "models", "search", "schnell")
    assert [one.value for one in found] == ["black-forest-labs/FLUX.1-schnell"]
    assert len(await ada.autocomplete("darkroom", "models", "search", "")) == 25


async def test_the_panel_reaches_every_model(bot: DarkroomBot, ada: Member) -> None:
    panel = await ada.slash("darkroom", "settings")
    reached: list[str] = []
    while True:
        (menu,) = (one for one in panel.selects if one.custom_id == "me:model")
        reached += [option.value for option in menu.options if option.value != "usual"]
        turn = next((one.label for one in panel.buttons if one.label.startswith("▶ Models")), None)
        if turn is None:
            break
        panel = (await ada.press(panel, turn)).message
    assert reached == [str(number) for number in range(1, COUNT + 1)]
    panel = await ada.slash("darkroom", "settings")
    assert value_of(panel, "me:model") == "usual", "turning pages chooses nothing"
    for part in ("▶ Models 25 to 48", "▶ Models 49 to 60"):
        panel = (await ada.press(panel, part)).message
    panel = (await ada.choose(panel, "59", select="me:model")).message
    assert value_of(panel, "me:model") == "59"
    # What was chosen is in sight again, and the way back is there.
    panel = await ada.slash("darkroom", "settings")
    assert value_of(panel, "me:model") == "59"
    assert any(one.label.startswith("◀ Models 25 to 48") for one in panel.buttons)


async def test_v_is_completed_with_every_model_by_its_name_or_by_what_it_is_called(
    bot: DarkroomBot, ada: Member
) -> None:
    for typed, expected in (("--v 59", "--v 59"), ("--v schnell", f"--v {COUNT}")):
        found = await ada.autocomplete("darkroom", "imagine", "prompt", f"a fox {typed}")
        assert f"a fox {expected}" in [one.value for one in found]
