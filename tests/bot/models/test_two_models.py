"""Two models: the menu of `/settings`, and `--v` and `--niji`, through the real client.

Inference lists the models and draws nothing: jobs are queued, and what they will be drawn with is
decided by then.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.protocol.models import ModelInfo
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import card, chosen, job_id_of, told, value_of, written

PHOTO = ModelInfo(
    id="photo-model",
    native_size=128,
    steps=20,
    guidance_scale=3,
    guidance="none",
    negative_prompts=False,
    fixed_steps=True,
    seeds=False,
)
ANIME = ModelInfo(id="anime-model", native_size=256, steps=12, guidance_scale=5, tiles=True)
NAMED = "1=photo-model, photo=photo-model, niji=anime-model"


async def _models(_: web.Request) -> web.Response:
    return web.json_response({"data": [model.to_json() for model in (PHOTO, ANIME)]})


async def _busy(_: web.Request) -> web.Response:
    return web.json_response({"error": {"message": "loading"}}, status=503)


@pytest.fixture
async def settings(settings: Settings) -> AsyncIterator[Settings]:
    app = web.Application()
    app.router.add_get("/v1/models", _models)
    app.router.add_route("*", "/{path:.*}", _busy)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("")).rstrip("/")
        yield settings.model_copy(update={"inference_url": url, "versions": NAMED})


@pytest.fixture
async def bot(deployment: Deployment, ada: Member) -> AsyncIterator[DarkroomBot]:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        yield bot


async def drawn_by(ada: Member, database: Database, prompt: str) -> str:
    """The model that a prompt will be drawn by, in the model's own number of steps."""
    waiting = await ada.slash("darkroom", "imagine", prompt=prompt)
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    model = {one.id: one for one in (PHOTO, ANIME)}[job.request["model"]]
    assert job.request["num_inference_steps"] == model.steps
    await ada.press(waiting, "Cancel")
    return model.id


def lines_of(panel: Message) -> list[str]:
    (menu,) = [menu for menu in panel.selects if menu.custom_id == "me:model"]
    return [option.label for option in menu.options]


async def test_the_menu_chooses_the_model_of_every_prompt_that_names_none(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    panel = await ada.slash("darkroom", "settings")
    assert lines_of(panel) == ["Model: default", "Model 1", "Model photo", "Model niji"]
    assert value_of(panel, "me:model") == "usual"
    assert await drawn_by(ada, database, "a fox") == PHOTO.id
    panel = (await ada.choose(panel, "niji", select="me:model")).message
    assert value_of(panel, "me:model") == "niji"
    assert "--v niji" in written(panel)
    assert (await chosen(database, panel)).model == "niji"
    assert await drawn_by(ada, database, "a fox") == ANIME.id
    assert await drawn_by(ada, database, "a fox --v 1") == PHOTO.id
    panel = (await ada.choose(panel, "usual", select="me:model")).message
    assert (await chosen(database, panel)).model is None
    assert await drawn_by(ada, database, "a fox") == PHOTO.id


@pytest.mark.parametrize(
    ("parameter", "model"),
    [
        ("--v 1", PHOTO),
        ("--v photo", PHOTO),
        ("--version PHOTO", PHOTO),
        ("--v photo-model", PHOTO),
        ("--v niji", ANIME),
        ("--niji", ANIME),
        ("--v anime-model", ANIME),
    ],
)
async def test_a_prompt_names_its_model(
    bot: DarkroomBot, ada: Member, database: Database, parameter: str, model: ModelInfo
) -> None:
    assert await drawn_by(ada, database, f"a fox {parameter}") == model.id


async def test_choices_in_braces_may_be_of_models(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    answer = await ada.slash("darkroom", "imagine", prompt="a fox --{v photo, niji}")
    asked = await ada.wait_for(
        lambda m: m.interaction_id == answer.interaction_id and m.button("No")
    )
    assert "a fox --v photo" in card(asked)
    await ada.press(asked, "Yes, start them")
    for prompt, model in (("a fox --v photo", PHOTO), ("a fox --niji", ANIME)):
        waiting = await ada.wait_for(lambda m, said=prompt: f"**{said}**" in m.content)
        job = await jobs.get(database, job_id_of(waiting))
        assert job is not None
        assert job.request["model"] == model.id


async def test_what_is_not_there_or_cannot_be_done_is_refused_with_what_can(
    bot: DarkroomBot, ada: Member
) -> None:
    for prompt, words in (
        ("a fox --v 2", "Available models: `1`, `photo`, `niji`"),
        ("a fox --niji 6", "There is no model named `niji-6`"),
        ("a fox --tile", "Models that can: `--v niji`"),
        ("a fox --niji --v 1", "can't be used together"),
        ("a fox --no trees", "The model `1` can't leave things out (`--no`"),
        ("a fox:: trees::-.5", "can't leave things out"),
        ("a fox --cfg 3", "can't change how closely it follows the prompt (`--cfg`)"),
        ("a fox --steps 30", "can't change its number of steps (`--steps`"),
        ("a fox --q 2", "Models that can: `--v niji`"),
        ("a fox --sameseed 1", "can't draw the same picture again (`--seed`)"),
    ):
        assert words in await told(ada, await ada.slash("darkroom", "imagine", prompt=prompt))


async def test_the_help_tells_of_each_model(bot: DarkroomBot, ada: Member) -> None:
    answer = await ada.slash("darkroom", "help")
    shown = card((await ada.press(answer, "Models")).message)
    assert "128 px, steps of its own" in shown
    assert "256 px, 12 steps" in shown
    refused = ("no", "cfg", "steps", "quality", "seed", "sameseed")
    listed = ", ".join(f"`--{flag}`" for flag in refused)
    assert f"This model cannot be used with {listed}." in shown


async def test_models_by_role_are_offered_and_drawn_and_no_others(
    bot: DarkroomBot, ada: Member, owner: Member, database: Database
) -> None:
    await owner.slash("darkroom", "server access limits", role="@everyone", models="niji")
    for prompt in ("a fox", "a fox --v photo"):
        refused = await told(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
        assert "You may not use the model “photo-model” here." in refused
        assert "Use one of these, or choose it in `/settings`: `--v niji`" in refused
    offered = await ada.autocomplete("darkroom", "imagine", "prompt", "a fox --v ")
    assert [one.value for one in offered] == ["a fox --v niji"]
    panel = await ada.slash("darkroom", "settings")
    assert lines_of(panel) == ["Model: default", "Model niji"]
    await ada.choose(panel, "niji", select="me:model")
    assert await drawn_by(ada, database, "a fox") == ANIME.id


async def test_the_operators_models_are_for_those_whom_the_file_names(
    settings: Settings, database: Database, ada: Member, ben: Member, tmp_path: Path
) -> None:
    patron = await ada.give_role("Patron")
    file = tmp_path / "darkroom.toml"
    file.write_text(f"[models.photo-model]\nroles = [{patron}]\n")
    restricted = Deployment(settings.model_copy(update={"config": file}), database)
    async with restricted.open():
        await ada.wait_for_command("imagine")
        assert await drawn_by(ada, database, "a fox --v photo") == PHOTO.id
        words = "You may not use the model “photo-model” here."
        assert words in await told(ben, await ben.slash("darkroom", "imagine", prompt="a fox"))
        assert lines_of(await ben.slash("darkroom", "settings")) == ["Model: default", "Model niji"]
        await ada.take_role("Patron")
        assert words in await told(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
        # Nobody has roles in a conversation.
        assert words in await told(ben, await ben.slash("dm", "imagine", prompt="a fox"))
