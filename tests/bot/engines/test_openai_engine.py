"""The engine by itself against stand-ins: what it sends, what it learns, what it survives."""

import asyncio
import contextlib
import io
import logging
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from bot.engines.openai import OpenAIEngine
from bot.engines.openai.known_models import draws
from diffusion.decoding.decode import png_chunk
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.events import Event, Failed, Finished, Progress
from diffusion.protocol.models import MAX_MODELS
from diffusion.protocol.requests import ImageRequest, InitImage, Noise, SeedBlend, WeightedPrompt
from diffusion.protocol.stream_parser import MAX_JSON_VALUES
from tests.support.engine.inference_server import site
from tests.support.engines.dialects import speaking
from tests.support.engines.lenient import LenientStandIn
from tests.support.engines.openai_api import OpenAIStandIn
from tests.support.engines.sglang import SglangStandIn
from tests.support.engines.vllm_omni import VllmOmniStandIn
from tests.support.pictures import picture

KEY = "sk-test"


def request(model: str, pictures: int = 2, **fields: Any) -> ImageRequest:
    noises = tuple(Noise(7, (SeedBlend(nth, 0.5),)) for nth in range(pictures))
    known = {"width": 256, "height": 256, "steps": 30, "guidance_scale": 5.0, **fields}
    return ImageRequest(model=model, prompt="a fox", noises=noises, **known)


GPT = request("gpt-image-1.5", width=1024, height=1024)
QWEN = request("Qwen/Qwen-Image", steps=50, guidance_scale=4.0)
MINE = request("my-drawings")


async def events(engine: OpenAIEngine, asked: ImageRequest, previews: int = 8) -> list[Event]:
    return [event async for event in engine.generate(asked, previews=previews)]


async def pictures(engine: OpenAIEngine, asked: ImageRequest) -> list[Image.Image]:
    last = (await events(engine, asked))[-1]
    assert isinstance(last, Finished), last
    return [Image.open(io.BytesIO(file)) for file in last.pictures]


async def failure(engine: OpenAIEngine, asked: ImageRequest) -> str:
    last = (await events(engine, asked))[-1]
    assert isinstance(last, Failed), last
    return last.reason


async def test_a_strict_server_gets_only_what_it_knows_and_streams_previews() -> None:
    stand_in = OpenAIStandIn()
    async with speaking(stand_in) as at, OpenAIEngine(at.url, KEY) as engine:
        await engine.models()
        made = await events(engine, GPT)
    assert not stand_in.refused
    assert {name for call in stand_in.calls for name in call.fields} == {
        "model",
        "prompt",
        "size",
        "stream",
        "partial_images",
    }
    previews = [event.previews for event in made if isinstance(event, Progress)]
    assert any(len(shown) == 2 for shown in previews)
    assert isinstance(made[-1], Finished)


async def test_what_is_at_its_default_is_not_sent() -> None:
    stand_in = VllmOmniStandIn()
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        await engine.models()
        await pictures(engine, QWEN)
        assert {*stand_in.calls[0].fields} == {
            "model",
            "prompt",
            "size",
            "seed",
            "response_format",
        }
        await pictures(engine, replace(QWEN, steps=20, guidance_scale=3, negative_prompt="blur"))
    sent = stand_in.calls[-1].fields
    assert (sent["num_inference_steps"], sent["true_cfg_scale"]) == (20, 3)
    assert sent["negative_prompt"] == "blur"


async def test_an_unknown_parameter_is_dropped_remembered_and_told() -> None:
    stand_in = LenientStandIn(
        forms=("lines",), forbidden=frozenset({"negative_prompt", "seed", "guidance_scale"})
    )
    asked = replace(MINE, negative_prompt="blur", guidance_scale=9, steps=12)
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        (before,) = await engine.models()
        assert before.negative_prompts
        assert before.seeds
        await pictures(engine, asked)
        refused = len(stand_in.calls)
        await pictures(engine, asked)
        (after,) = await engine.models()
    assert len(stand_in.calls) == refused + 2
    assert "seed" not in stand_in.calls[-1].fields
    assert stand_in.calls[-1].fields["num_inference_steps"] == 12
    assert (after.negative_prompts, after.seeds, after.guidance) == (False, False, "none")
    assert not after.fixed_steps


OLD_ERROR = {"error": {"message": "Unrecognized request argument supplied: seed"}}
VLLM_ERROR = {
    "error": {
        "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs'}]"
    }
}
STREAM_ERROR = {
    "error": {"message": "You must be verified", "param": "stream", "code": "unsupported_value"}
}


@pytest.mark.parametrize(
    ("answer", "name"), [(OLD_ERROR, "seed"), (VLLM_ERROR, "seed"), (STREAM_ERROR, "stream")]
)
async def test_other_ways_to_name_a_parameter(answer: dict[str, Any], name: str) -> None:
    stand_in = LenientStandIn(forms=("raw",))

    @web.middleware
    async def refuse(sent: web.Request, handler: Any) -> web.StreamResponse:
        if sent.method == "POST" and name in await sent.json():
            return web.json_response(answer, status=400)
        response: web.StreamResponse = await handler(sent)
        return response

    app = stand_in.app()
    app.middlewares.append(refuse)
    async with site(app) as url, OpenAIEngine(url) as engine:
        await pictures(engine, MINE)
    assert len(stand_in.calls) == 2


async def test_allowed_sizes_are_learned_from_a_refusal() -> None:
    stand_in = LenientStandIn(forms=("raw",), sizes=("512x512", "512x768", "768x512"))
    asked = replace(MINE, width=700, height=1000)
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        await engine.models()
        made = await pictures(engine, asked)
        (model,) = await engine.models()
    assert [one.size for one in made] == [(512, 768)] * 2
    assert model.sizes == stand_in.sizes


@pytest.mark.parametrize("form", ["lines", "data", "link", "stream", "raw"])
async def test_every_form_of_answer_is_read(form: str) -> None:
    stand_in = LenientStandIn(forms=(form,))
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        made = await pictures(engine, MINE)
    assert len({one.tobytes() for one in made}) == 2
    assert {one.format for one in made} == {"PNG"}
    assert bool(stand_in.fetched) == (form == "link")


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9/secret.png",
        "https://127.0.0.1/secret.png",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_links_lead_nowhere_into_the_bots_own_network(link: str) -> None:
    stand_in = LenientStandIn(forms=("link",), link=link)
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        reason = await failure(engine, MINE)
    assert "link" in reason or "fetched" in reason


async def test_its_own_links_are_fetched_with_the_key_and_redirects_are_not_followed() -> None:
    stand_in = SglangStandIn(links=True)
    app = stand_in.app()
    seen = []

    @web.middleware
    async def watch(sent: web.Request, handler: Any) -> web.StreamResponse:
        seen.append((sent.path, sent.headers.get("Authorization")))
        if sent.path.endswith("/content") and len(seen) > 20:
            raise web.HTTPFound("http://127.0.0.1:9/")
        response: web.StreamResponse = await handler(sent)
        return response

    app.middlewares.append(watch)
    klein = request("black-forest-labs/FLUX.2-klein-4B", steps=4)
    async with site(app) as url, OpenAIEngine(url, KEY) as engine:
        await pictures(engine, klein)
        assert {key for path, key in seen if path.endswith("/content")} == {f"Bearer {KEY}"}
        seen.extend([("", None)] * 20)
        assert "302" in await failure(engine, klein)


def _black(side: int) -> bytes:
    stream = io.BytesIO()
    Image.new("1", (side, side)).save(stream, "PNG")
    return stream.getvalue()


def _of_size(width: int, height: int) -> bytes:
    """A PNG in 8-bit RGB that says this size, with no pixels for it."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (_black(30_000), "too many pixels"),
        (_of_size(100_000, 100_000), "too many pixels"),
        (_of_size(2**32 - 1, 1), "too many pixels"),
        (_of_size(0, 0), "no picture"),
    ],
    ids=["one bit", "colours", "longest side", "empty"],
)
async def test_a_picture_that_is_a_bomb_fails_with_words(picture: bytes, words: str) -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=picture, content_type="image/png")

    app = web.Application()
    app.router.add_post("/v1/images/generations", bomb)
    async with site(app) as url, OpenAIEngine(url) as engine:
        assert words in await failure(engine, replace(MINE, noises=MINE.noises[:1]))


RATE = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}


async def test_only_what_passes_by_itself_is_waited_for() -> None:
    stand_in = OpenAIStandIn()
    async with speaking(stand_in) as at, OpenAIEngine(at.url, KEY) as engine:
        one = replace(GPT, noises=GPT.noises[:1])
        stand_in.refusals = [(429, {"Retry-After": "3"}, RATE)]
        with pytest.raises(InferenceUnavailable, match="Rate limit") as limited:
            await events(engine, one)
        assert (limited.value.retry_after, limited.value.broke_off) == (3, False)
        stand_in.refusals = [(500, {}, {"message": "The server had an error"})]
        with pytest.raises(InferenceUnavailable, match="had an error") as broken:
            await events(engine, one)
        assert broken.value.broke_off
        stand_in.refusals = [(400, {}, {"message": "Billing hard limit has been reached"})]
        assert "Billing hard limit" in await failure(engine, one)
    async with OpenAIEngine(at.url, KEY) as engine:
        with pytest.raises(InferenceUnavailable, match="not there"):
            await engine.models()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "You exceeded your quota", "type": "insufficient_quota"}),
        (429, {"message": "You exceeded your quota", "code": "insufficient_quota"}),
        (400, {"message": "You exceeded your quota", "code": "billing_hard_limit_reached"}),
        (402, {"message": "You exceeded your quota"}),
    ],
)
async def test_a_used_up_quota_is_no_reason_to_wait(
    status: int, error: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    stand_in = OpenAIStandIn(refusals=[(status, {"Retry-After": "1"}, error)] * 2)
    async with speaking(stand_in) as at, OpenAIEngine(at.url, KEY) as engine:
        assert "quota" in await failure(engine, GPT)
    assert any(record.levelno >= logging.ERROR for record in caplog.records)


async def test_pictures_that_were_under_way_at_a_rate_limit_are_not_paid_for_again() -> None:
    stand_in = OpenAIStandIn()
    app = stand_in.app()
    asked = 0

    @web.middleware
    async def third_is_refused(sent: web.Request, handler: Any) -> web.StreamResponse:
        nonlocal asked
        asked += sent.method == "POST"
        if asked == 3:
            return web.json_response({"error": RATE}, status=429)
        response: web.StreamResponse = await handler(sent)
        return response

    app.middlewares.append(third_is_refused)
    three = replace(GPT, noises=tuple(Noise(nth) for nth in range(3)))
    async with site(app) as url, OpenAIEngine(url, KEY) as engine:
        with pytest.raises(InferenceUnavailable):
            await events(engine, three)
        assert len(await pictures(engine, three)) == 3
    assert len(stand_in.calls) == 3


async def test_a_wrong_key_is_refused_with_words() -> None:
    async with speaking(OpenAIStandIn()) as at, OpenAIEngine(at.url, "wrong") as engine:
        with pytest.raises(InferenceRefused, match="API key: Incorrect API key provided"):
            await engine.models()


async def test_closing_a_request_closes_its_connections() -> None:
    gone = asyncio.Semaphore(0)
    reached = asyncio.Semaphore(0)

    async def hang(_: web.Request) -> web.Response:
        reached.release()
        try:
            await asyncio.Event().wait()
        finally:
            gone.release()
        raise AssertionError

    app = web.Application()
    app.router.add_post("/v1/images/generations", hang)
    async with site(app) as url, OpenAIEngine(url) as engine:
        asked = engine.generate(MINE, previews=0)
        running = asyncio.ensure_future(anext(asked))
        await reached.acquire()
        await reached.acquire()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await asked.aclose()
        async with asyncio.timeout(20):
            await gone.acquire()
            await gone.acquire()


async def test_weights_become_a_prompt_and_a_negative_prompt() -> None:
    stand_in = VllmOmniStandIn()
    parts = (WeightedPrompt("a fox", 2), WeightedPrompt("snow", 1), WeightedPrompt("dark", -1))
    async with speaking(stand_in) as at, OpenAIEngine(at.url) as engine:
        await pictures(engine, replace(QWEN, parts=parts))
    assert stand_in.calls[0].fields["prompt"] == "a fox, snow"
    assert stand_in.calls[0].fields["negative_prompt"] == "dark"


@pytest.mark.parametrize(
    ("model", "can"),
    [
        ("gpt-image-2.5-flare", True),
        ("chatgpt-image-latest", True),
        ("dall-e-3", True),
        ("Qwen/Qwen-Image", True),
        ("Tongyi-MAI/Z-Image-Turbo", True),
        ("black-forest-labs/FLUX.2-klein-4B", True),
        ("stabilityai/stable-diffusion-xl-base-1.0", True),
        ("my-drawings", True),
        ("whisper-1", False),
        ("whisper-large-v3-turbo", False),
        ("tts-1-hd", False),
        ("gpt-4o-mini-tts", False),
        ("gpt-4o-transcribe", False),
        ("gpt-5.4", False),
        ("o3", False),
        ("omni-moderation-latest", False),
        ("text-embedding-3-large", False),
        ("Qwen/Qwen3-8B", False),
        ("llama-3.1-8b-instruct", False),
        ("Wan-AI/Wan2.2-T2V-A14B-Diffusers", False),
        ("sora-2", False),
    ],
)
def test_models_that_draw_are_known_by_their_names(model: str, can: bool) -> None:
    assert draws(model, {}) == can


async def test_a_list_of_models_is_bounded() -> None:
    listed: list[dict[str, str]] = []

    async def tell(_: web.Request) -> web.Response:
        return web.json_response({"data": listed})

    app = web.Application()
    app.router.add_get("/v1/models", tell)
    async with site(app) as url, OpenAIEngine(url) as engine:
        odd = ("z-image" * 10_000, "", "flux\0", "flux\ud800", "flux\n# news")
        listed += [{"id": one} for one in (*odd, "flux")]
        assert [model.id for model in await engine.models()] == ["flux"]
        listed += [{"id": f"flux-{number}"} for number in range(MAX_MODELS)]
        with pytest.raises(InferenceRefused, match="more than 1000 models"):
            await engine.models()
        listed += [{"id": f"flux-{number}"} for number in range(MAX_JSON_VALUES // 2)]
        with pytest.raises(InferenceRefused, match="too many values"):
            await engine.models()


async def test_neither_the_key_nor_the_address_is_told_to_members() -> None:
    async def repeat(asked: web.Request) -> web.Response:
        said = f"Invalid proxy server token. Received: {asked.headers['Authorization']}"
        return web.json_response({"error": {"message": said}}, status=401)

    async def speak_no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n\r\n")
        writer.close()

    app = web.Application()
    app.router.add_post("/v1/images/generations", repeat)
    async with site(app) as url, OpenAIEngine(url, KEY) as engine:
        assert "Received: Bearer …" in await failure(engine, MINE)
    async with await asyncio.start_server(speak_no_http, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with OpenAIEngine(f"http://127.0.0.1:{port}", KEY) as engine:
            assert await failure(engine, MINE) == "What answers there is no engine."


def test_what_a_server_says_of_a_model_counts_more_than_its_name() -> None:
    assert draws("Qwen/Qwen3-8B", {"task_type": "T2I"})
    assert not draws("my-drawings", {"task_type": "T2V"})


@pytest.mark.parametrize(
    ("stand_in", "model"),
    [
        (VllmOmniStandIn("Qwen/Qwen-Image-Edit"), "Qwen/Qwen-Image-Edit"),
        (SglangStandIn(), "black-forest-labs/FLUX.2-klein-4B"),
        (OpenAIStandIn(), "gpt-image-2"),
    ],
    ids=["vllm-omni", "sglang", "openai"],
)
async def test_a_start_picture_goes_to_edits(
    stand_in: VllmOmniStandIn | SglangStandIn | OpenAIStandIn, model: str
) -> None:
    file = picture("red", (1024, 1024))
    asked = replace(request(model, width=1024, height=1024), start=InitImage("ab" * 32, 0.5))
    async with speaking(stand_in) as at, OpenAIEngine(at.url, KEY) as engine:
        (info,) = [one for one in await engine.models() if one.id == model]
        assert info.edits
        asked = replace(asked, steps=info.steps, guidance_scale=info.guidance_scale)
        made = engine.generate(asked, previews=0, files={"ab" * 32: file})
        last = [event async for event in made][-1]
    assert isinstance(last, Finished), last
    assert len(set(last.pictures)) == 2
    assert {call.path for call in stand_in.calls} == {"/v1/images/edits"}
    assert [call.files["image"] for call in stand_in.calls] == [file, file]
