"""docs/engines.md: its recipes draw with the stand-ins, and its table says what is refused."""

import re
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest
from yarl import URL

from bot.config import Settings
from bot.engines.comfyui import ComfyUIEngine
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.engines.openai.known_models import known_model
from bot.errors import ModelCannot
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parser import parse
from diffusion.protocol.events import Finished
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise
from tests.support.engines.comfyui import StandInComfyUI
from tests.support.engines.dialects import speaking, stand_in_of

DOCUMENT = (Path(__file__).parents[3] / "docs" / "engines.md").read_text(encoding="utf-8")

STAND_INS = {
    "OpenAI": "openai",
    "vLLM-Omni": "vllm-omni",
    "SGLang": "sglang",
    "ComfyUI": "comfyui",
    "Other servers": "lenient",
}
"""The stand-in for each section of the document."""


def blocks(section: str) -> list[tuple[str, str]]:
    """The code blocks of a section: their language and their text."""
    text = DOCUMENT.split(f"## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def variables(section: str) -> dict[str, str]:
    """What the first block sets, by names."""
    (_, first), *_ = blocks(section)
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", first, re.MULTILINE))


@asynccontextmanager
async def answering(name: str) -> AsyncIterator[str]:
    async with AsyncExitStack() as opened:
        if name == "comfyui":
            yield await opened.enter_async_context(StandInComfyUI().serving())
        else:
            yield (await opened.enter_async_context(speaking(stand_in_of(name), name))).url


def moved(address: str, to: str) -> str:
    """An address of a recipe, with the stand-in's host and port in place of its own."""
    kind, plus, url = address.rpartition("+")
    moved = URL(url).with_scheme("http").with_host("127.0.0.1").with_port(URL(to).port)
    return f"{kind}{plus}{moved}"


async def draw_with(settings: Settings) -> Versions:
    """Draw with the first model, as the settings say; all models by their names."""
    configuration = read_configuration(settings)
    async with open_engines(configuration) as connected:
        registry = ModelRegistry(
            {one.name: one.engine for one in connected.engines},
            None,
            None,
            {**configuration.named_versions, **settings.named_versions},
            configuration.apply,
        )
        versions = await registry.versions()
        model = versions.models[versions.default]
        width, height = map(int, model.sizes[0].split("x")) if model.sizes else (512, 512)
        request = ImageRequest(
            model=model.id,
            prompt="a fox",
            noises=(Noise(1),),
            width=width,
            height=height,
            steps=model.steps,
            guidance_scale=model.guidance_scale,
            sampler=model.sampler,
        )
        async with aclosing(connected.engines[0].engine.generate(request, previews=0)) as events:
            *_, last = [event async for event in events]
        assert isinstance(last, Finished), last
        return versions


@pytest.mark.parametrize("section", list(STAND_INS))
async def test_a_recipe_draws(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = variables(section)
    async with answering(STAND_INS[section]) as url:
        said["INFERENCE_URL"] = moved(said["INFERENCE_URL"], url)
        if said.get("INFERENCE_API_KEY"):
            said["INFERENCE_API_KEY"] = "sk-test"
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        settings = Settings(_env_file=None)
        versions = await draw_with(settings)
    assert set(settings.named_versions) <= set(versions.models), "a name leads to no model"


async def test_the_toml_recipe_draws(tmp_path: Path) -> None:
    (text,) = (block for language, block in blocks("ComfyUI") if language == "toml")
    written = tomllib.loads(text)
    async with answering("comfyui") as url:
        address = written["engines"]["comfy"]["url"]
        file = tmp_path / "darkroom.toml"
        file.write_text(text.replace(address, moved(address, url)))
        versions = await draw_with(Settings(_env_file=None, DARKROOM_CONFIG=file))
    assert list(versions.models) == ["xl", "klein"]
    assert versions.models["klein"].licence == "Apache-2.0"


# The table.

SERVED = ("Qwen/Qwen-Image", "Qwen/Qwen-Image-Edit", "FLUX.2-klein-4B", "Z-Image-Turbo")
TYPED = {
    "pictures in the prompt": "",
    "--seed": "--seed 1",
    "--no": "--no x",
    "--cfg": "--cfg 3",
    "--steps": "--steps 9",
    "--draft": "--draft",
    "--sampler": "--sampler euler",
    "--iw": "--iw 2",
    "--chaos": "--chaos 9",
    "--sameseed": "--sameseed 1",
    "--stop": "--stop 50",
    "--weird": "--weird 9",
    "--tile": "--tile",
    "--lora": "--lora ink",
}
"""What is typed for each row that says what is refused."""


def rows() -> Mapping[str, Mapping[str, str]]:
    """The cells of the table by rows and columns."""
    lines = [line for line in DOCUMENT.split("## What works")[1].splitlines() if line[:1] == "|"]
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    (_, *columns), _, *body = cells
    return {row: dict(zip(columns, said, strict=True)) for row, *said in body}


@pytest.fixture
async def models() -> Mapping[str, Sequence[ModelInfo]]:
    """Models that stand for each column."""
    async with answering("comfyui") as url, ComfyUIEngine(url, None) as comfyui:
        workflows = await comfyui.models()
    return {
        "OpenAI": [known_model(one, "openai").info for one in ("gpt-image-2", "gpt-image-1-mini")],
        "vLLM-Omni": [known_model(one, "vllm").info for one in SERVED],
        "SGLang": [known_model(one, "sglang").info for one in SERVED],
        "others": [known_model(one, "me").info for one in ("foxes-image", "sdxl-turbo")],
        "ComfyUI": workflows,
    }


def is_refused(row: str, model: ModelInfo) -> bool:
    # How much of a picture counts matters only with one; that has a row of its own.
    has_pictures = row == "pictures in the prompt" or (row == "--iw" and model.edits)
    if row == "--iw" and not model.edits:
        return True
    prompt = parse(f"a fox {TYPED[row]}")
    versions = Versions({"1": model}, "1")
    try:
        effective_settings(prompt, SettingsSources(), versions, has_pictures=has_pictures)
    except ModelCannot:
        return True
    return False


def test_the_table_has_every_row_that_can_be_refused() -> None:
    named = {row for row in rows() if row.startswith("--")} - {"--ar"}
    assert named == {row for row in TYPED if row.startswith("--")}


@pytest.mark.parametrize("row", list(TYPED))
def test_the_table_says_what_is_refused(
    row: str, models: Mapping[str, Sequence[ModelInfo]]
) -> None:
    for column, said in rows()[row].items():
        refused = {is_refused(row, model) for model in models[column]}
        if said.startswith("refused"):
            assert refused == {True}, column
        elif said.startswith(("if ", "with ")):
            assert refused == {True, False}, column
        else:
            assert refused == {False}, column
