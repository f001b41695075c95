"""The bot with ComfyUI behind it, over the playground's real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Member, Upload
from playground.testing.views import Message
from storage.database import Database
from storage.models import JobState
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    card,
    caught_at_work,
    difference,
    finished,
    job_of,
    labels,
    picture_of,
    told,
)
from tests.support.engines.comfyui import NodeFailed, StandInComfyUI

WAITS = "(Waiting: the image model is offline or busy"
SMALL = "--size 512x512 --steps 3"


@pytest.fixture
def limits() -> Limits:
    """Without the pace of edits, which would only make these tests wait."""
    return replace(PATIENT, buckets={})


@pytest.fixture
def server() -> StandInComfyUI:
    return StandInComfyUI()


@pytest.fixture
async def comfy(server: StandInComfyUI) -> AsyncIterator[str]:
    async with server.serving() as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, comfy: str) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=f"comfyui+{comfy}",
        DARKROOM_DATA=tmp_path / "data",
        DARKROOM_FILTER="off",
        DARKROOM_VERSIONS="xl=sd_xl_base_1.0, klein=flux2-klein",
    )


async def drawn(member: Member, prompt: str) -> Message:
    return await finished(member, await member.slash("darkroom", "imagine", prompt=prompt))


def let(server: StandInComfyUI, steps: int) -> None:
    assert server.allowed is not None
    for _ in range(steps):
        server.allowed.release()


async def quarters(member: Member, grid: Message) -> list[Image.Image]:
    """The pictures of a grid."""
    whole = await picture_of(member, grid)
    width, height = whole.width // 2, whole.height // 2
    return [whole.crop((x, y, x + width, y + height)) for y in (0, height) for x in (0, width)]


async def test_a_prompt_ends_in_a_grid_of_four_pictures(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI
) -> None:
    grid = await drawn(ada, f"a red fox {SMALL}")
    assert {"U1", "V4", "🔄"} <= {*labels(grid)}
    assert len({one.tobytes() for one in await quarters(ada, grid)}) == 4
    prompts = [prompt["6"]["inputs"]["text"] for prompt in server.prompts]
    assert prompts == ["a red fox"] * 4


async def test_previews_are_seen_while_it_is_drawn(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI
) -> None:
    server.allowed = asyncio.Semaphore(2)
    waiting = await ada.slash("darkroom", "imagine", prompt=f"a red fox {SMALL}")
    shown = await ada.wait_for(
        lambda m: m.id == waiting.id and "%)" in m.content and bool(m.attachments)
    )
    first, *others = await quarters(ada, shown)
    assert first.getpixel((5, 5)) != others[0].getpixel((5, 5))
    let(server, 100)
    assert "U1" in labels(await finished(ada, waiting))


async def test_every_button_of_a_grid_works(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI
) -> None:
    grid = await drawn(ada, f"a red fox {SMALL}")
    second = (await quarters(ada, grid))[1]
    alone = await finished(ada, (await ada.press(grid, "U2")).message)
    assert difference(await picture_of(ada, alone), second) < 3
    varied = await quarters(ada, await finished(ada, (await ada.press(grid, "V2")).message))
    assert len({one.tobytes() for one in (*varied, second)}) == 5
    again = await quarters(ada, await finished(ada, (await ada.press(grid, "🔄")).message))
    before = {one.tobytes() for one in await quarters(ada, grid)}
    assert not before & {one.tobytes() for one in again}
    assert len(server.prompts) == 12


async def test_a_part_is_drawn_anew_and_the_rest_is_kept(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI
) -> None:
    grid = await drawn(ada, f"a red fox {SMALL}")
    alone = await finished(ada, (await ada.press(grid, "U1")).message)
    alone = await ada.wait_for(lambda m: m.id == alone.id and m.button("❤️"))
    wider = await finished(ada, (await ada.press(alone, "➡️")).message)
    (first, *_) = await quarters(ada, wider)
    assert first.width > first.height
    before = (await picture_of(ada, alone)).convert("RGB").getpixel((100, 100))
    seen = first.convert("RGB").getpixel((100, 100))
    assert isinstance(before, tuple)
    assert isinstance(seen, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(before, seen, strict=True))


async def test_a_queued_and_a_running_job_are_cancelled_there_too(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI, database: Database
) -> None:
    server.allowed = asyncio.Semaphore(1)
    running = await ada.slash("darkroom", "imagine", prompt=f"a red fox {SMALL}")
    await caught_at_work(ada, running)
    queued = await ada.slash("darkroom", "imagine", prompt=f"a blue fox {SMALL}")
    while len(server.queue) < 1:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await ada.press(queued, "Cancel")
    await finished(ada, queued)
    assert not server.queue
    await ada.press(running, "Cancel")
    await finished(ada, running)
    while server.running:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    (entry,) = server.history.values()
    assert not entry["status"]["completed"]
    for message in (queued, running):
        assert (await job_of(database, message)).state is JobState.CANCELLED
    # Nothing is left behind that would hold up the next one.
    let(server, 100)
    assert "U1" in labels(await drawn(ada, f"a green fox {SMALL}"))


async def test_a_node_that_fails_is_told_to_the_member(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI
) -> None:
    server.failing["KSampler"] = NodeFailed("RuntimeError", "the sampler has no time")
    ended = await drawn(ada, f"a red fox {SMALL}")
    assert "the sampler has no time" in card(ended)


async def test_a_server_that_is_started_again_draws_the_job_from_anew(
    settings: Settings, database: Database, ada: Member, server: StandInComfyUI
) -> None:
    async with AsyncExitStack() as serving:
        url = await serving.enter_async_context(server.serving())
        settings = settings.model_copy(update={"inference_url": f"comfyui+{url}"})
        async with Deployment(settings, database).open():
            await ada.wait_for_command("imagine")
            server.allowed = asyncio.Semaphore(1)
            waiting = await ada.slash("darkroom", "imagine", prompt=f"a red fox {SMALL}")
            await caught_at_work(ada, waiting)
            await serving.aclose()
            await ada.wait_for(lambda m: m.id == waiting.id and WAITS in m.content)
            server.allowed = None
            async with server.serving(int(url.rsplit(":", 1)[1])):
                assert "U1" in labels(await finished(ada, waiting))


async def test_a_picture_is_what_the_prompt_changes(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI, database: Database
) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), (10, 200, 10)).save(stream, "PNG")
    sent = await ada.slash(
        "darkroom",
        "imagine",
        prompt=f"make it red --v klein {SMALL.split(' --steps')[0]} --n 1",
        image=Upload("start.png", stream.getvalue()),
    )
    ended = await finished(ada, sent)
    assert ended.attachments
    request = (await job_of(database, ended)).request
    assert request["model"] == "flux2-klein"
    (prompt,) = server.prompts
    assert prompt["63"]["inputs"]["positive"] == ["30", 0]
    assert prompt["20"]["inputs"]["image"] in server.uploads


@pytest.mark.parametrize(
    "flag", ["--stop 50", "--tile", "--weird 100", "--chaos 20", "--sameseed 1", "--v klein --no x"]
)
async def test_what_a_workflow_has_no_place_for_is_refused_before_it_is_queued(
    bot: DarkroomBot, ada: Member, server: StandInComfyUI, flag: str
) -> None:
    answer = await ada.slash("darkroom", "imagine", prompt=f"a fox {flag}")
    assert f"`{flag.split()[-2 if ' ' in flag else 0]}`" in await told(ada, answer)
    assert not server.prompts
