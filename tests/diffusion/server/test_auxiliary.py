"""What the server does besides drawing, over a real socket: words, weights and enlarging."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.stream_parser import InferenceRefused
from diffusion.server import auxiliary
from diffusion.text.encoder import TextTooLong
from diffusion.vision.image_files import Pixels, encode
from diffusion.vision.interrogator import Interrogator
from diffusion.vision.upscaler import TILE_SIDE_PX, Unwanted
from tests.support.engine.image_uploads import pixels_of, saved, scene
from tests.support.engine.inference_requests import a_request
from tests.support.engine.inference_server import Serving, held, serving, site
from tests.support.models.tiny_model import PHRASES

JSON = {"Content-Type": "application/json"}
PICTURE = saved(scene(40, 32))


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny), api_key="sesame") as running:
        yield running


@pytest.fixture
async def client(server: Serving) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(server.url, "sesame") as opened:
        yield opened


async def test_the_model_says_what_it_can(client: InferenceClient) -> None:
    (model,) = await client.models()
    assert (model.edits, model.describes, model.upscales) == (True, True, 4)


async def test_a_picture_becomes_four_prompts(client: InferenceClient) -> None:
    prompts = await client.describe(PICTURE, "tiny")
    assert len(set(prompts)) == 4
    assert any(thing in prompts[0] for thing in PHRASES["things"])
    assert await client.describe(PICTURE) == prompts


async def test_words_get_weights(client: InferenceClient) -> None:
    weights = await client.weigh("a red fox 🦊", "tiny")
    assert [word for word, _ in weights] == ["a", "red", "fox", "🦊"]
    assert max(weight for _, weight in weights) == 1
    assert await client.weigh("a red fox 🦊") == weights


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_picture_becomes_four_times_as_large(
    client: InferenceClient, tiny: Checkpoint, form: str
) -> None:
    file = saved(scene(40, 32), form)
    enlarged = pixels_of(await client.upscale(file, "tiny"))
    assert enlarged.shape == (128, 160, 3)
    assert tiny.upscaler is not None
    with Image.open(io.BytesIO(file)) as sent:
        expected = tiny.upscaler.enlarge(np.array(sent.convert("RGB")))
    assert np.array_equal(enlarged, expected)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
async def test_an_enlarged_picture_says_what_made_it(client: InferenceClient, form: str) -> None:
    file = encode(np.array(scene(16, 16)), form, "a red fox 🦊\nSteps: 4, Seed: 7, Size: 16x16")
    enlarged = await client.upscale(file)
    with Image.open(io.BytesIO(enlarged)) as opened:
        assert opened.info["parameters"] == (
            "a red fox 🦊\nSteps: 4, Seed: 7, Size: 64x64, Postprocess upscale by: 4"
        )


async def test_many_ask_at_once_while_pictures_are_drawn(tiny: Checkpoint) -> None:
    """No step is needed, and none is waited for."""
    async with (
        held(tiny) as (server, engine),
        InferenceClient(server.url) as client,
        aclosing(client.generate(a_request(), previews=0)) as drawing,
    ):
        await anext(drawing)
        enlarged = await asyncio.gather(
            *(client.upscale(saved(scene(16 + 8 * place, 16))) for place in range(4))
        )
        assert [pixels_of(file).shape[1] for file in enlarged] == [64, 96, 128, 160]
        assert await client.weigh("a red fox")
        assert await client.describe(PICTURE)
        assert engine.steps == 0


async def test_tokens_are_counted_as_they_are_read(
    client: InferenceClient, tiny: Checkpoint
) -> None:
    """Emphasis is no text, and what is too long to be drawn has more than the most."""
    one, most = await client.count_tokens("fox")
    assert await client.count_tokens("(fox:1.3)") == (one, most)
    assert await client.count_tokens("") == (0, most)
    fitting = " ".join(["fox"] * (most // one))
    assert tiny.text.chunks([fitting])
    assert (await client.count_tokens(fitting))[0] <= most
    too_long = f"{fitting} fox fox"
    tokens, _ = await client.count_tokens(too_long)
    with pytest.raises(TextTooLong, match=f"{tokens} tokens is too long"):
        tiny.text.chunks([too_long])


# Refusals.

Ask = Callable[[InferenceClient], Any]
ASKS: dict[str, Ask] = {
    "describe": lambda client: client.describe(b"no picture"),
    "upscale": lambda client: client.upscale(b"no picture"),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_what_is_no_picture_is_refused(client: InferenceClient, ask: Ask) -> None:
    with pytest.raises(InferenceRefused, match="“image” is no picture"):
        await ask(client)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.describe(PICTURE, "other"),
        lambda client: client.weigh("a fox", "other"),
        lambda client: client.count_tokens("a fox", "other"),
        lambda client: client.upscale(PICTURE, "other"),
    ],
)
async def test_an_unknown_model_is_refused(client: InferenceClient, ask: Ask) -> None:
    with pytest.raises(InferenceRefused, match=r"no model “other”\. Known: tiny"):
        await ask(client)


@pytest.mark.parametrize("prompt", ["", " \n"])
async def test_nothing_to_weigh_is_refused(client: InferenceClient, prompt: str) -> None:
    with pytest.raises(InferenceRefused, match="prompt"):
        await client.weigh(prompt)


async def test_a_model_without_the_parts_says_so(tiny: Checkpoint) -> None:
    clip = tiny.text.clips[0]
    plain = replace(tiny, interrogator=Interrogator(clip.tokenizer, clip.model), upscaler=None)
    async with (
        serving(lambda: Engine(plain)) as server,
        InferenceClient(server.url) as client,
    ):
        with pytest.raises(InferenceRefused, match="“tiny” cannot put pictures into words"):
            await client.describe(PICTURE)
        with pytest.raises(InferenceRefused, match="“tiny” cannot enlarge pictures"):
            await client.upscale(PICTURE)
        assert await client.weigh("a fox")


async def test_too_large_a_picture_is_refused(
    client: InferenceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auxiliary, "MAX_UPSCALE_INPUT_PIXELS", 40 * 32)
    await client.upscale(PICTURE)
    with pytest.raises(InferenceRefused, match="1,280 pixels is the most"):
        await client.upscale(saved(scene(41, 32)))


async def test_too_many_at_once_are_turned_away(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, let = threading.Event(), threading.Event()

    def enlarge(pixels: Pixels, _wanted: object) -> Pixels:
        began.set()
        assert let.wait(60)
        return pixels

    monkeypatch.setattr(auxiliary, "MAX_WAITING_CALLS", 1)
    monkeypatch.setattr(tiny.upscaler, "enlarge", enlarge)
    async with serving(lambda: Engine(tiny)) as server, InferenceClient(server.url) as client:
        first = asyncio.create_task(client.upscale(PICTURE))
        assert await asyncio.to_thread(began.wait, 60)
        with pytest.raises(InferenceUnavailable, match="full") as unavailable:
            await client.upscale(PICTURE)
        assert unavailable.value.retry_after
        let.set()
        assert (await first).startswith(b"\x89PNG")


async def test_enlarging_holds_up_no_reading_and_no_counting(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, let = threading.Event(), threading.Event()

    def enlarge(pixels: Pixels, _wanted: object) -> Pixels:
        began.set()
        assert let.wait(60)
        return pixels

    monkeypatch.setattr(tiny.upscaler, "enlarge", enlarge)
    async with serving(lambda: Engine(tiny)) as server, InferenceClient(server.url) as client:
        first = asyncio.create_task(client.upscale(PICTURE))
        assert await asyncio.to_thread(began.wait, 60)
        assert len(await client.describe(PICTURE)) == 4
        assert await client.weigh("a red fox")
        assert await client.count_tokens("a red fox")
        assert not first.done()
        let.set()
        assert (await first).startswith(b"\x89PNG")


async def test_abandoned_enlargements_are_not_made_and_hold_nothing(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, let = threading.Event(), threading.Event()
    made: list[int] = []

    def enlarge(pixels: Pixels, _wanted: object) -> Pixels:
        made.append(pixels.shape[1])
        began.set()
        assert let.wait(60)
        return pixels

    monkeypatch.setattr(tiny.upscaler, "enlarge", enlarge)
    async with (
        serving(lambda: Engine(tiny)) as server,
        InferenceClient(server.url) as client,
        asyncio.timeout(60),
    ):
        bodies = server.service.bodies
        running = asyncio.create_task(client.upscale(saved(scene(16, 16))))
        assert await asyncio.to_thread(began.wait, 60)
        held = bodies.held
        for _ in range(3):
            left = [
                asyncio.create_task(client.upscale(saved(scene(24 + 8 * place, 16))))
                for place in range(8)
            ]
            sizes = sum(len(saved(scene(24 + 8 * place, 16))) for place in range(8))
            while bodies.held < held + sizes:  # noqa: ASYNC110 - callers change it
                await asyncio.sleep(0.001)
            for asked in left:
                asked.cancel()
            while bodies.held > held:  # noqa: ASYNC110 - callers change it
                await asyncio.sleep(0.001)
        let.set()
        await running
        await client.upscale(saved(scene(32, 16)))
        assert made == [16, 32]
        assert bodies.held == 0


def test_an_enlargement_that_nobody_wants_any_more_ends_at_the_next_tile(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusion.vision.upscaler.TILE_SIDE_PX", 16)
    asked: list[int] = []

    def wanted() -> bool:
        asked.append(1)
        return len(asked) < 4

    assert tiny.upscaler is not None
    with pytest.raises(Unwanted):
        tiny.upscaler.enlarge(np.zeros((64, 64, 3), np.uint8), wanted)
    assert len(asked) == 4


async def test_a_prompt_of_thousands_of_words_is_weighed_by_those_that_are_read(
    client: InferenceClient, tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, texts = tiny.interrogator.read, list[str]()
    monkeypatch.setattr(tiny.interrogator, "read", lambda said: texts.extend(said) or read(said))
    weights = await client.weigh("a " * 3000)
    assert len(weights) == 3000
    assert len(texts) <= 78
    assert {weight for _, weight in weights[77:]} == {0.0}


async def test_a_key_is_asked_for(server: Serving) -> None:
    async with InferenceClient(server.url, "other") as client:
        for ask in (
            client.describe(PICTURE),
            client.weigh("a fox"),
            client.count_tokens("a fox"),
            client.upscale(PICTURE),
        ):
            with pytest.raises(InferenceRefused, match="API key"):
                await ask


async def test_a_server_that_stops_is_unavailable(tiny: Checkpoint) -> None:
    async with held(tiny) as (server, _), InferenceClient(server.url) as client:
        server.engine_thread.stop()
        for ask in (client.describe(PICTURE), client.weigh("a fox"), client.upscale(PICTURE)):
            with pytest.raises(InferenceUnavailable):
                await ask


@pytest.mark.parametrize("path", ["/v1/images/descriptions", "/v1/images/upscales"])
async def test_a_form_without_its_file_is_a_400(server: Serving, path: str) -> None:
    key = {"Authorization": "Bearer sesame"}
    async with aiohttp.ClientSession(headers=key) as session:
        form = aiohttp.FormData({"model": "tiny"}, default_to_multipart=True)
        for body, param in (({"data": form}, "image"), ({"json": {"image": "x"}}, None)):
            async with session.post(server.url + path, **body) as response:
                assert response.status == 400
                assert (await response.json())["error"]["param"] == param


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000])
async def test_weights_want_an_object(server: Serving, body: bytes) -> None:
    key = {"Authorization": "Bearer sesame"}
    async with (
        aiohttp.ClientSession(headers=key | JSON) as session,
        session.post(server.url + "/v1/prompts/weights", data=body) as response,
    ):
        assert response.status == 400


# Servers that answer nonsense, or have never heard of this.

NONSENSE: list[dict[str, Any]] = [
    {},
    {"data": 5},
    {"data": [5]},
    {"data": [{}]},
    {"data": [{"prompt": 5, "word": "a", "weight": 2, "b64_json": "AAAA"}]},
    {"data": [{"prompt": None, "word": "a", "weight": True, "b64_json": 7}]},
    {"error": {"message": "out of paint"}},
]


@pytest.mark.parametrize("answer", NONSENSE, ids=str)
async def test_nonsense_is_refused_in_one_sentence(answer: dict[str, Any]) -> None:
    async def answered(_request: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/v1/{rest:.*}", answered)
    async with site(app) as url, InferenceClient(url) as client:
        for ask in (client.describe(PICTURE), client.weigh("a fox"), client.upscale(PICTURE)):
            with pytest.raises(InferenceRefused):
                await ask


async def test_a_foreign_server_does_not_know_these() -> None:
    async with site(web.Application()) as url, InferenceClient(url) as client:
        for ask in (client.describe(PICTURE), client.weigh("a fox"), client.upscale(PICTURE)):
            with pytest.raises(InferenceRefused):
                await ask


def test_a_picture_in_tiles_has_no_seams(tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiny.upscaler is not None
    picture = np.random.default_rng(0).integers(0, 256, (60, 70, 3), dtype=np.uint8)
    assert max(picture.shape) < TILE_SIDE_PX
    whole = tiny.upscaler.enlarge(picture)
    monkeypatch.setattr("diffusion.vision.upscaler.TILE_SIDE_PX", 16)
    tiled = tiny.upscaler.enlarge(picture)
    assert np.abs(whole.astype(int) - tiled).max() <= 1
