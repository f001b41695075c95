"""ComfyUI as an engine, against a stand-in that speaks as its sources do."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest
from PIL import Image

from bot.engines.comfyui import ComfyUIEngine, run
from bot.engines.comfyui.connection import Connection
from bot.engines.comfyui.run import Ears, PromptRun
from bot.engines.comfyui.wording import OUT_OF_MEMORY
from bot.engines.noise_seed import noise_seed
from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.events import Event, Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest, InitImage, Lora, Noise, SeedBlend
from diffusion.protocol.stream_parser import InferenceRefused
from tests.support.engines.comfyui import NodeFailed, StandInComfyUI

XL = "sd_xl_base_1.0"
SIZE = (64, 96)


@pytest.fixture
def server() -> StandInComfyUI:
    return StandInComfyUI()


@pytest.fixture
async def url(server: StandInComfyUI) -> AsyncIterator[str]:
    async with server.serving() as url:
        yield url


@pytest.fixture
async def engine(url: str) -> AsyncIterator[ComfyUIEngine]:
    async with ComfyUIEngine(url, None) as engine:
        yield engine


def request(**changes: Any) -> ImageRequest:
    noises = (Noise(7), Noise(7, (SeedBlend(8, 0.5),)), Noise(7, (SeedBlend(9, 0.5),)))
    about: dict[str, Any] = {
        "model": XL,
        "prompt": "a red fox",
        "noises": noises,
        "width": SIZE[0],
        "height": SIZE[1],
        "steps": 4,
        "guidance_scale": 6.0,
    }
    return ImageRequest(**{**about, **changes})


async def drawn(engine: ComfyUIEngine, previews: int = 0, **changes: Any) -> list[Event]:
    generated = engine.generate(request(**changes), previews=previews)
    return [event async for event in generated]


def pictures(events: list[Event]) -> list[Image.Image]:
    finished = events[-1]
    assert isinstance(finished, Finished), finished
    return [Image.open(io.BytesIO(file)) for file in finished.pictures]


def png(colour: tuple[int, int, int] | int, size: tuple[int, int] = SIZE) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB" if isinstance(colour, tuple) else "L", size, colour).save(stream, "PNG")
    return stream.getvalue()


async def queued(server: StandInComfyUI, count: int) -> None:
    while len(server.prompts) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def begun(server: StandInComfyUI) -> None:
    while not server.running:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


def let(server: StandInComfyUI, steps: int) -> None:
    assert server.allowed is not None
    for _ in range(steps):
        server.allowed.release()


async def idle(server: StandInComfyUI) -> None:
    while server.running or server.queue:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


# From the queue to the pictures.


async def test_each_noise_is_a_picture_with_a_seed_of_its_own(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    events = await drawn(engine)
    made = pictures(events)
    assert [picture.size for picture in made] == [SIZE] * 3
    assert len({picture.tobytes() for picture in made}) == 3
    seeds = [prompt["3"]["inputs"]["seed"] for prompt in server.prompts]
    assert seeds == [noise_seed(noise) for noise in request().noises]
    assert events[0] == Queued(0)


async def test_progress_counts_the_steps_of_all_pictures(engine: ComfyUIEngine) -> None:
    events = await drawn(engine)
    progress = [event for event in events if isinstance(event, Progress)]
    assert [(one.step, one.steps) for one in progress] == [(n, 12) for n in range(1, 13)]
    assert not any(one.previews for one in progress)


@pytest.mark.parametrize("metadata", [True, False], ids=["type 4", "type 1"])
async def test_previews_show_all_pictures_in_tiles_of_one_size(
    server: StandInComfyUI, engine: ComfyUIEngine, metadata: bool
) -> None:
    server.preview_metadata = metadata
    events = await drawn(engine, previews=2)
    shown = [event.previews for event in events if isinstance(event, Progress) and event.previews]
    tiles = [[Image.open(io.BytesIO(tile)).convert("RGB") for tile in one] for one in shown]
    assert {len(one) for one in tiles} == {3}
    assert {tile.size for one in tiles for tile in one} == {SIZE}
    final = [picture.convert("RGB").getpixel((1, 1)) for picture in pictures(events)]

    def alike(tile: Image.Image, place: int) -> bool:
        seen, wanted = tile.getpixel((1, 1)), final[place]
        assert isinstance(seen, tuple)
        assert isinstance(wanted, tuple)
        return all(abs(a - b) < 12 for a, b in zip(seen, wanted, strict=True))

    # One after another: the first is there while the others are not, and at the end all are.
    assert [[alike(tile, n) for n, tile in enumerate(one)] for one in (tiles[0], tiles[-1])] == [
        [True, False, False],
        [True, True, True],
    ]
    # Two new previews of each picture were asked for.
    assert len(set(shown)) <= 2 * 3 + 2


async def test_pictures_say_how_they_were_made_and_nothing_of_the_server(
    engine: ComfyUIEngine,
) -> None:
    first, *_ = pictures(await drawn(engine))
    assert set(first.text) == {"parameters"}  # type: ignore[attr-defined]
    assert first.info["parameters"].startswith("a red fox\nSteps: 4, Sampler: DPM++ 2M")


async def test_the_same_request_gives_the_same_bytes_from_the_cache(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    one = (Noise(3),)
    first = await drawn(engine, noises=one)
    steps = len(server.stored)
    second = await drawn(engine, noises=one)
    assert first[-1] == second[-1]
    # It was not drawn again: not a step, and no other file.
    assert not any(isinstance(event, Progress) for event in second)
    assert len(server.stored) == steps


async def test_a_picture_that_is_cached_but_deleted_is_failed_in_words(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    await drawn(engine, noises=(Noise(3),))
    server.stored.clear()
    assert (await drawn(engine, noises=(Noise(3),)))[-1] == Failed(
        "ComfyUI no longer has the picture that it made."
    )


async def test_who_waits_is_told_how_many_are_before(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    first = asyncio.create_task(drawn(engine, noises=(Noise(1),)))
    await queued(server, 1)
    second = engine.generate(request(noises=(Noise(2),)), previews=0)
    assert await anext(second) == Queued(1)
    let(server, 8)
    *_, last = [event async for event in second]
    assert isinstance(last, Finished)
    assert isinstance((await first)[-1], Finished)


# Start pictures.


@pytest.fixture
async def models(engine: ComfyUIEngine) -> tuple[str, ...]:
    return tuple(model.id for model in await engine.models())


SHIPPED = (
    "flux1",
    "flux2-klein",
    "qwen-image",
    "qwen-image-edit",
    XL,
    "v1-5-pruned-emaonly-fp16",
    "z-image-turbo",
)


@pytest.mark.parametrize("model", SHIPPED)
async def test_every_shipped_workflow_draws_words_pictures_and_masks(
    engine: ComfyUIEngine, model: str
) -> None:
    size = {"width": SIZE[0], "height": SIZE[1], "model": model, "noises": (Noise(5),)}
    (words,) = pictures(await drawn(engine, **size))
    assert words.size == SIZE
    image, mask = png((10, 200, 10)), png(0)
    left = Image.open(io.BytesIO(mask))
    left.paste(255, (0, 0, SIZE[0] // 2, SIZE[1]))
    stream = io.BytesIO()
    left.save(stream, "PNG")
    files = {hashlib.sha256(one).hexdigest(): one for one in (image, stream.getvalue())}
    first, second = files

    async def with_start(start: InitImage) -> Image.Image:
        generated = engine.generate(request(**size, start=start), previews=0, files=files)
        (picture,) = pictures([event async for event in generated])
        return picture.convert("RGB")

    started = await with_start(InitImage(first, 0.5))
    assert started.size == SIZE
    assert started.tobytes() != words.convert("RGB").tobytes()
    redrawn = await with_start(InitImage(first, 1.0, second))
    assert redrawn.getpixel((SIZE[0] - 1, 0)) == (10, 200, 10)
    assert redrawn.getpixel((0, 0)) != (10, 200, 10)


async def test_a_start_picture_counts_for_as_much_as_its_strength_says(
    engine: ComfyUIEngine,
) -> None:
    image = png((200, 200, 200))
    digest = hashlib.sha256(image).hexdigest()
    distances = []
    for strength in (0.2, 0.8):
        start = InitImage(digest, strength)
        generated = engine.generate(
            request(noises=(Noise(1),), start=start), previews=0, files={digest: image}
        )
        (picture,) = pictures([event async for event in generated])
        pixel = picture.convert("RGB").getpixel((0, 0))
        assert isinstance(pixel, tuple)
        distances.append(sum(abs(200 - part) for part in pixel))
    assert distances[0] < distances[1]


async def test_loras_come_one_behind_the_other(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    loras = (Lora("ink", 0.8), Lora("oil_paint", -1.0))
    plain = pictures(await drawn(engine, noises=(Noise(1),)))
    styled = pictures(await drawn(engine, noises=(Noise(1),), loras=loras))
    assert plain[0].tobytes() != styled[0].tobytes()
    prompt = server.prompts[-1]
    chain = [prompt["lora-1"]["inputs"], prompt["lora-2"]["inputs"]]
    assert [(one["lora_name"], one["strength_model"]) for one in chain] == [
        ("ink.safetensors", 0.8),
        ("styles/oil paint.safetensors", -1.0),
    ]
    assert prompt["3"]["inputs"]["model"] == ["lora-2", 0]
    assert prompt["6"]["inputs"]["clip"] == prompt["7"]["inputs"]["clip"] == ["lora-2", 1]
    assert prompt["8"]["inputs"]["vae"] == ["4", 2]


# Cancelling.


async def test_closing_while_it_runs_interrupts_it_and_nothing_else(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    async with aclosing(engine.generate(request(), previews=0)) as events:
        server.allowed.release()
        async for event in events:
            if isinstance(event, Progress):
                break
        other = asyncio.create_task(drawn(engine, noises=(Noise(9),)))
        await queued(server, 2)
    let(server, 20)
    assert isinstance((await other)[-1], Finished)
    first, second = server.history.values()
    assert [first["status"]["completed"], second["status"]["completed"]] == [False, True]
    assert len(server.prompts) == 2


async def test_closing_while_it_waits_deletes_it_from_the_queue(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    other = asyncio.create_task(drawn(engine, noises=(Noise(9),)))
    await queued(server, 1)
    async with aclosing(engine.generate(request(), previews=0)) as events:
        assert await anext(events) == Queued(1)
        assert len(server.queue) == 1
    assert not server.queue
    assert "POST /interrupt" not in server.requests
    let(server, 20)
    assert isinstance((await other)[-1], Finished)


async def test_a_cancelled_task_takes_its_prompt_back(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    task = asyncio.create_task(drawn(engine))
    await queued(server, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await idle(server)
    (entry,) = server.history.values() or [None]
    assert entry is None or not entry["status"]["completed"]


# What goes wrong.


async def test_a_node_that_fails_says_which_and_why(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.failing["VAEDecode"] = NodeFailed("RuntimeError", "mat1 and mat2 shapes differ\nand so")
    events = await drawn(engine)
    assert events[-1] == Failed("ComfyUI failed in VAEDecode (node 8): mat1 and mat2 shapes differ")
    assert len(server.prompts) == 1


async def test_no_memory_is_said_so(server: StandInComfyUI, engine: ComfyUIEngine) -> None:
    error = NodeFailed("torch.OutOfMemoryError", "Allocation on device")
    server.failing["KSampler"] = error
    assert (await drawn(engine))[-1] == Failed(OUT_OF_MEMORY)


async def test_somebody_elses_interruption_fails_with_words(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    task = asyncio.create_task(drawn(engine))
    await queued(server, 1)
    await begun(server)
    server.interrupted = True
    server.allowed.release()
    assert (await task)[-1] == Failed("Somebody interrupted this in ComfyUI.")


async def test_being_deleted_from_the_queue_fails_with_words(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(0)
    running = asyncio.create_task(drawn(engine, noises=(Noise(9),)))
    await queued(server, 1)
    waiting = asyncio.create_task(drawn(engine))
    await queued(server, 2)
    server.queue.clear()
    await server._queue_updated()
    assert (await waiting)[-1] == Failed("Somebody removed this from ComfyUI's queue.")
    let(server, 20)
    assert isinstance((await running)[-1], Finished)


async def test_a_refusal_names_the_node_and_what_is_wrong(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    await engine.models()
    server.files.checkpoints.remove("sd_xl_base_1.0.safetensors")
    try:
        (event,) = await drawn(engine)
    finally:
        server.files.checkpoints.insert(0, "sd_xl_base_1.0.safetensors")
    assert event == Failed(
        "ComfyUI refused the workflow. It has no “sd_xl_base_1.0.safetensors” to choose as "
        "ckpt_name in “Checkpoint” (CheckpointLoaderSimple, node 4)."
    )


async def test_a_value_out_of_bounds_is_named_with_its_bounds(engine: ComfyUIEngine) -> None:
    (event,) = await drawn(engine, width=20000)
    assert isinstance(event, Failed)
    assert (
        "width is 20000 in EmptyLatentImage (node 5), but must be from 16 to 16384" in event.reason
    )


async def test_an_unknown_node_is_named(server: StandInComfyUI, engine: ComfyUIEngine) -> None:
    await engine.models()
    server.missing_nodes.add("KSampler")
    (event,) = await drawn(engine)
    assert isinstance(event, Failed)
    assert "has no node “KSampler”" in event.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stop": 0.5}, "--stop"),
        ({"tile": True}, "--tile"),
        ({"condition_noise": 0.1}, "--weird"),
        ({"loras": (Lora("gone"),)}, "no LoRA “gone”"),
        ({"model": "gone"}, "no model “gone”"),
    ],
)
async def test_what_a_workflow_has_no_place_for_is_refused_and_not_dropped(
    server: StandInComfyUI, engine: ComfyUIEngine, changes: dict[str, Any], words: str
) -> None:
    (event,) = await drawn(engine, **changes)
    assert isinstance(event, Failed)
    assert words in event.reason
    assert not server.prompts


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with ComfyUIEngine("http://127.0.0.1:9", None) as engine:
        with pytest.raises(InferenceUnavailable) as error:
            await drawn(engine)
        with pytest.raises(InferenceUnavailable):
            await engine.models()
    assert not error.value.broke_off


async def test_a_server_that_ends_during_a_job_is_unavailable(server: StandInComfyUI) -> None:
    async with AsyncExitStack() as serving:
        url = await serving.enter_async_context(server.serving())
        async with ComfyUIEngine(url, None) as engine:
            server.allowed = asyncio.Semaphore(1)
            events = engine.generate(request(), previews=0)
            while not isinstance(await anext(events), Progress):
                pass
            await serving.aclose()
            with pytest.raises(InferenceUnavailable) as error:
                await anext(events)
            # It ran: so it may have been what ended the server.
            assert error.value.broke_off


async def test_a_server_that_was_started_again_has_forgotten_the_job(
    server: StandInComfyUI,
) -> None:
    async with AsyncExitStack() as serving:
        url = await serving.enter_async_context(server.serving())
        async with ComfyUIEngine(url, None) as engine:
            await engine.models()
            server.allowed = asyncio.Semaphore(0)
            events = engine.generate(request(), previews=0)
            assert await anext(events) == Queued(0)
            # All but the port is new: the sockets break, and the queue is empty.
            server.forget()
            with pytest.raises(InferenceUnavailable, match="started again"):
                async for _ in events:
                    pass


async def test_a_socket_that_breaks_is_opened_again(
    server: StandInComfyUI, engine: ComfyUIEngine
) -> None:
    server.allowed = asyncio.Semaphore(1)
    task = asyncio.create_task(drawn(engine, noises=(Noise(1),)))
    await begun(server)
    (client,) = server.sockets
    await server.sockets[client].close()
    let(server, 8)
    assert isinstance((await task)[-1], Finished)
    assert server.requests.count("GET /ws") == 2
    assert len(server.prompts) == 1


async def test_a_quiet_socket_is_not_waited_for_for_ever(
    server: StandInComfyUI, engine: ComfyUIEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if another client had taken its id: it hears nothing any more.
    monkeypatch.setattr(run, "QUIET_S", 0.05)
    server.allowed = asyncio.Semaphore(0)
    task = asyncio.create_task(drawn(engine, noises=(Noise(1),)))
    await begun(server)
    server.sockets.clear()
    let(server, 8)
    assert isinstance((await task)[-1], Finished)


async def test_a_good_answer_with_errors_of_nodes_is_refused_and_taken_back(
    server: StandInComfyUI, url: str
) -> None:
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "there.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        "3": {"class_type": "LoadImage", "inputs": {"image": "gone.png"}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }
    server.uploads["there.png"] = png((1, 2, 3))
    server.allowed = asyncio.Semaphore(0)
    async with Connection(url, None, None) as connection:
        ears = Ears(connection)
        await ears.open()
        with pytest.raises(InferenceRefused, match=r"gone\.png"):
            async for _ in PromptRun(connection, ears, graph, "4").news():
                pass
        await ears.close()
    # The stand-in took it, with one of its outputs dropped.
    assert len(server.prompts) == 1
    assert "POST /queue" in server.requests


@pytest.mark.parametrize(
    ("login", "key", "header"),
    [("", "sesame", "Bearer sesame"), ("ada:sesame@", None, "Basic YWRhOnNlc2FtZQ==")],
)
async def test_a_key_or_a_login_goes_with_every_request(
    server: StandInComfyUI, url: str, login: str, key: str | None, header: str
) -> None:
    server.authorization = header
    async with ComfyUIEngine(url.replace("://", f"://{login}"), key) as engine:
        assert isinstance((await drawn(engine))[-1], Finished)
    async with ComfyUIEngine(url, None) as engine:
        (event,) = await drawn(engine)
    assert event == Failed("What stands before ComfyUI does not accept the API key.")


async def test_a_proxy_is_used_for_everything(server: StandInComfyUI, url: str) -> None:
    # A stand-in as proxy answers for an address that does not exist.
    async with ComfyUIEngine("http://comfy.invalid", None, proxy=url) as engine:
        assert isinstance((await drawn(engine))[-1], Finished)


async def test_what_no_workflow_does_is_refused(engine: ComfyUIEngine) -> None:
    with pytest.raises(InferenceRefused):
        await engine.describe(b"")
    with pytest.raises(InferenceRefused):
        await engine.weigh("a fox")
    with pytest.raises(InferenceRefused):
        await engine.count_tokens("a fox")
    with pytest.raises(InferenceRefused):
        await engine.upscale(b"")
