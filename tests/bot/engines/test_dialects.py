"""The bot and the playground over four servers that speak OpenAI's dialect in their own ways."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.decoding.decode import plain_png
from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Member, Upload
from playground.testing.views import Message
from storage import jobs, pictures
from storage.database import Database
from storage.pictures import PictureFolder, PictureStore
from tests.support.bot.deployment import PATIENT
from tests.support.bot.job_messages import (
    card,
    finished,
    job_id_of,
    labels,
    picture_of,
    request_of,
    told,
)
from tests.support.engines import drawing, openai_api, vllm_omni
from tests.support.engines.dialects import Dialect, speaking, stand_in_of
from tests.support.engines.lenient import LenientStandIn
from tests.support.engines.openai_api import OpenAIStandIn
from tests.support.pictures import encoded

NAMES = ("openai", "vllm-omni", "sglang", "lenient")
SHAPES = {
    "openai": (1536, 1024),
    "vllm-omni": (1248, 832),
    "sglang": (1248, 832),
    "lenient": (1216, 832),
}
"""What each draws for `--ar 3:2`. The lenient one rounds by itself."""


@pytest.fixture
def limits() -> Limits:
    return replace(PATIENT, buckets={})


@pytest.fixture
def name() -> str:
    return "openai"


@pytest.fixture
async def dialect(name: str) -> AsyncIterator[Dialect]:
    async with speaking(stand_in_of(name), name) as dialect:
        yield dialect


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, dialect: Dialect) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=f"openai+{dialect.url}",
        inference_api_key=SecretStr("sk-test"),
        DARKROOM_DATA=tmp_path / "data",
        DARKROOM_FILTER="off",
    )


async def imagine(ada: Member, prompt: str) -> Message:
    return await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))


async def pressed(ada: Member, message: Message, button: str) -> Message:
    return await finished(ada, (await ada.press(message, button)).message)


async def stored(database: Database, settings: Settings, message: Message) -> list[Image.Image]:
    """The pictures of a job, at full size."""
    folder = PictureStore(PictureFolder(settings.picture_folder))
    files = []
    for index in range(4):
        if picture := await pictures.at(database, job_id_of(message), index):
            files.append(Image.open(io.BytesIO(await folder.read(picture))))
    return files


@pytest.mark.parametrize("name", NAMES)
async def test_a_day_with_each_server(
    name: str,
    dialect: Dialect,
    bot: DarkroomBot,
    ada: Member,
    database: Database,
    settings: Settings,
) -> None:
    """`/imagine`, 🔄, V2, U1, Vary (Strong): each ends in pictures that nobody has seen before."""
    grid = await imagine(ada, "a red fox --ar 3:2")
    assert "U4" in labels(grid)
    first = await stored(database, settings, grid)
    assert [one.size for one in first] == [SHAPES[name]] * 4
    width, height = (await picture_of(ada, grid)).size
    assert width / height == pytest.approx(SHAPES[name][0] / SHAPES[name][1], rel=0.01)

    again = await stored(database, settings, await pressed(ada, grid, "🔄"))
    varied_grid = await pressed(ada, grid, "V2")
    varied = await stored(database, settings, varied_grid)
    answer = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    assert (await picture_of(ada, single)).size == SHAPES[name]
    strongly = await stored(database, settings, await pressed(ada, single, "Vary (Strong)"))

    seen = [*first, *again, *varied, *strongly]
    assert len(seen) == 16
    assert len({one.tobytes() for one in seen}) == 16, "some pictures came twice"
    assert "Steps:" in first[0].info["parameters"]


@pytest.mark.parametrize("name", ["openai", "vllm-omni"])
async def test_a_png_of_a_server_is_shown_without_encoding_it_again(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encoding one of 1024 pixels squared takes longer than all else that the bot does."""
    sent: list[bytes] = []

    def noted(file: bytes) -> str:
        sent.append(file)
        return drawing.encoded(file)

    for stand_in in (openai_api, vllm_omni):
        monkeypatch.setattr(stand_in, "encoded", noted)
    shown = await imagine(ada, "a red fox --n 1 --size 1024x1024")
    file = await ada.download(shown.attachments[0])
    assert plain_png(file) == plain_png(sent[-1])


@pytest.mark.parametrize("name", NAMES)
async def test_buttons_are_what_the_server_can_do(
    name: str, bot: DarkroomBot, ada: Member, dialect: Dialect
) -> None:
    grid = await imagine(ada, "a red fox")
    answer = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    offered = set(labels(single))
    assert "Upscale (Subtle)" not in offered
    assert {"Vary (Subtle)", "Vary (Strong)", "❤️"} <= offered
    assert ("Vary (Region)" in offered) == (name == "openai")
    assert ("Zoom Out 2×" in offered) == (name == "openai")
    assert ("⬅️" in offered) == (name == "openai")
    assert ("Upscale (Creative)" in offered) == (name == "sglang")


ERRORS = {
    "openai": "Your request was rejected by the safety system.",
    "vllm-omni": "Model mismatch",
    "sglang": "Image generation failed: out of memory",
    "lenient": "size: must be smaller",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_refusal_fails_the_job_with_the_servers_words(
    name: str, dialect: Dialect, bot: DarkroomBot, ada: Member
) -> None:
    stand_in = dialect.stand_in
    if isinstance(stand_in, OpenAIStandIn):
        error = {"message": ERRORS[name], "type": "image_generation_user_error"}
        error |= {"param": None, "code": "moderation_blocked"}
        stand_in.refusals = [(400, {}, error)] * 8
    elif isinstance(stand_in, LenientStandIn):
        stand_in.broken = [{"loc": ["body", "size"], "msg": "must be smaller", "type": "value"}]
    else:
        stand_in.broken = ERRORS[name]
    failed = await imagine(ada, "a red fox")
    assert ERRORS[name] in card(failed)
    assert "🔄" in labels(failed)


async def test_a_used_up_quota_fails_the_job_and_tells_the_log(
    dialect: Dialect, bot: DarkroomBot, ada: Member, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    message = "You exceeded your current quota, please check your plan and billing details."
    error = {"message": message, "type": "insufficient_quota", "code": "insufficient_quota"}
    dialect.stand_in.refusals = [(429, {"Retry-After": "1"}, error)] * 8
    failed = await imagine(ada, "a red fox")
    assert message in card(failed)
    assert message in caplog.text


async def test_a_rate_limit_is_waited_for_and_nothing_is_paid_for_twice(
    dialect: Dialect, bot: DarkroomBot, ada: Member
) -> None:
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    error = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}
    dialect.stand_in.refusals = [(429, {"Retry-After": "0"}, error)]
    grid = await imagine(ada, "a red fox")
    assert "U4" in labels(grid)
    assert len(dialect.stand_in.calls) == 4


async def test_vary_region_redraws_only_the_region(
    dialect: Dialect, bot: DarkroomBot, ada: Member, database: Database, settings: Settings
) -> None:
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    grid = await imagine(ada, "a red fox")
    answer = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    (before,) = await stored(database, settings, single)
    asked = await ada.press(single, "Vary (Region)")
    chooser = await ada.wait_for(
        lambda m: m.interaction_id == asked.message.interaction_id and m.selects
    )
    chosen = await ada.choose(chooser, "0")
    assert chosen.modal is not None
    region = await finished(ada, (await ada.submit(chosen.modal)).message)
    after = await stored(database, settings, region)
    assert len(after) == 4
    corner = (600, 600, 1024, 1024)
    for one in after:
        assert one.size == before.size
        assert one.crop(corner).tobytes() == before.crop(corner).tobytes()
        assert one.crop((0, 0, 100, 100)).tobytes() != before.crop((0, 0, 100, 100)).tobytes()
    assert all("mask" in call.files for call in dialect.stand_in.calls[-4:])


async def test_what_the_model_does_not_know_is_said_in_the_help_and_refused_where_typed(
    dialect: Dialect, bot: DarkroomBot, ada: Member
) -> None:
    opened = await ada.slash("darkroom", "help")
    shown = (await ada.press(opened, "Models")).message
    assert "whisper" not in card(shown)
    assert "tts" not in card(shown)
    assert "gpt-5.4" not in card(shown)
    assert "gpt-image-2" in card(shown)
    assert "--seed" in card(shown)
    assert "--no" in card(shown)
    for flag in ("--no grass", "--cfg 3", "--steps 9"):
        answer = await ada.slash("darkroom", "imagine", prompt=f"a fox {flag}")
        assert f"`{flag.split()[0]}`" in await told(ada, answer)
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    assert not dialect.stand_in.calls


UNHEARD = ("--sampler euler", "--stop 50", "--weird 100", "--tile", "--chaos 20", "--sameseed 1")


@pytest.mark.parametrize("name", NAMES)
async def test_what_the_dialect_has_no_word_for_is_refused_before_it_is_queued(
    dialect: Dialect, bot: DarkroomBot, ada: Member
) -> None:
    for flag in UNHEARD:
        answer = await ada.slash("darkroom", "imagine", prompt=f"a fox {flag}")
        assert f"`{flag.split()[0]}`" in await told(ada, answer)
    assert not dialect.stand_in.calls


@pytest.mark.parametrize("name", ["openai"])
async def test_how_much_of_a_picture_is_kept_is_refused_where_it_cannot_be_told(
    dialect: Dialect, bot: DarkroomBot, ada: Member
) -> None:
    picture = Upload("fox.png", encoded())
    answer = await ada.slash("darkroom", "imagine", prompt="a fox --iw 2", image=picture)
    assert "`--iw`" in await told(ada, answer)
    assert not dialect.stand_in.calls


async def test_a_size_that_it_does_not_draw_is_refused_before_it_is_queued(
    dialect: Dialect, bot: DarkroomBot, ada: Member, database: Database
) -> None:
    answer = await ada.slash("darkroom", "imagine", prompt="a fox --size 1000x1000")
    shown = await ada.wait_for(lambda m: m.interaction_id == answer.interaction_id and m.embeds)
    assert "1536x1024" in card(shown)
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    assert not dialect.stand_in.calls


async def test_the_nearest_shape_is_stored_with_the_job(
    dialect: Dialect, bot: DarkroomBot, ada: Member, database: Database
) -> None:
    request = await request_of(database, await imagine(ada, "a fox --ar 9:16"))
    assert (request.width, request.height) == (1024, 1536)
    assert await jobs.get(database, job_id_of(await imagine(ada, "a fox --v 2 --ar 9:16")))
    assert isinstance(dialect.stand_in, OpenAIStandIn)
    assert dialect.stand_in.calls[-1].fields["size"] == "768x1360"
