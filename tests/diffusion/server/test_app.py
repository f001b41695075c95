"""The server over a real socket: OpenAI's shapes, every refusal, streams, and hanging up."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from sd_parsers import ParserManager

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.engine.scheduler import Shape
from diffusion.loading.load import Checkpoint
from diffusion.server.admission.bodies import MAX_BODY_BYTES
from diffusion.server.metrics import MAX_SIZES
from tests.support.engine.inference_requests import a_request
from tests.support.engine.inference_server import Serving, held, serving

GENERATIONS = "/v1/images/generations"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny)) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def _picture(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


async def _events(response: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    heard = []
    for block in (await response.text()).strip().split("\n\n"):
        name, content = block.split("\n")
        heard.append(json.loads(content.removeprefix("data: ")))
        assert name == f"event: {heard[-1]['type']}"
    return heard


async def _until(engine: Engine, *, running: int, waiting: int) -> None:
    """Wait for the engine, which lives in another thread, to have as many requests."""
    while (len(engine) - engine.waiting, engine.waiting) != (running, waiting):  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def test_a_plain_answer_has_openais_shape(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    body = {"model": "tiny", "prompt": "a red fox 🦊", "n": 2, "size": "72x64", "seed": 7}
    async with session.post(server.url + GENERATIONS, json=body) as response:
        answer = await response.json()
    assert response.status == 200
    assert isinstance(answer["created"], int)
    assert (answer["size"], answer["output_format"]) == ("72x64", "png")
    assert [entry["seed"] for entry in answer["data"]] == [7, 8]
    for entry in answer["data"]:
        picture = _picture(entry["b64_json"])
        assert (picture.format, picture.size) == ("PNG", (72, 64))
        assert picture.info["parameters"].startswith("a red fox 🦊\nSteps: 4,")


@pytest.mark.parametrize("form", ["jpeg", "webp"])
async def test_other_formats(server: Serving, session: aiohttp.ClientSession, form: str) -> None:
    body = {"prompt": "a fox", "output_format": form}
    async with session.post(server.url + GENERATIONS, json=body) as response:
        (entry,) = (await response.json())["data"]
    picture = _picture(entry["b64_json"])
    assert picture.format == form.upper()
    info = ParserManager().parse(picture)
    assert info is not None
    assert info.raw_parameters["parameters"].startswith("a fox\nSteps: ")


async def test_the_same_request_has_the_same_bytes_streamed_or_not(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    body = a_request().to_json()
    async with session.post(server.url + GENERATIONS, json=body) as response:
        plain = [entry["b64_json"] for entry in (await response.json())["data"]]
    body |= {"stream": True, "partial_images": 2}
    async with session.post(server.url + GENERATIONS, json=body) as response:
        heard = await _events(response)
    done = [event for event in heard if event["type"] == "image_generation.completed"]
    assert [event["b64_json"] for event in done] == plain
    assert [(event["index"], event["seed"]) for event in done] == [(0, 1), (1, 2)]


async def test_a_stream_has_openais_events_and_ours_only_if_asked(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    body = a_request(steps=4).to_json() | {"stream": True, "partial_images": 1}
    async with session.post(server.url + GENERATIONS, json=body) as response:
        heard = await _events(response)
    kinds = [event["type"].removeprefix("image_generation.") for event in heard]
    assert kinds == ["partial_image"] * 2 + ["completed"] * 2
    partial = heard[1]
    assert (partial["index"], partial["step"], partial["steps"]) == (1, 2, 4)
    assert (partial["partial_image_index"], partial["seed"]) == (0, 2)
    assert (partial["size"], partial["output_format"]) == ("64x64", "jpeg")
    assert _picture(partial["b64_json"]).size == (64, 64)

    async with session.post(server.url + GENERATIONS, json=body | {"progress": True}) as response:
        heard = await _events(response)
    kinds = [event["type"].removeprefix("image_generation.") for event in heard]
    assert (
        kinds == ["queued", "progress"] + ["partial_image"] * 2 + ["progress"] + ["completed"] * 2
    )
    assert heard[0]["position"] == 0
    assert [(e["step"], e["steps"]) for e in heard if e["type"].endswith("progress")] == [
        (1, 4),
        (3, 4),
    ]


async def test_seeds_are_new_where_none_is_given(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    seeds = set()
    for _ in range(3):
        body = {"prompt": "a fox", "num_inference_steps": 1}
        async with session.post(server.url + GENERATIONS, json=body) as response:
            seeds.add((await response.json())["data"][0]["seed"])
    assert len(seeds) == 3


async def test_the_models_say_what_they_want(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    async with session.get(server.url + "/v1/models") as response:
        answer = await response.json()
    assert answer["object"] == "list"
    (entry,) = answer["data"]
    assert (entry["id"], entry["object"], entry["native_size"]) == ("tiny", "model", 64)
    assert entry["backends"]["unet"] == "torch"


# Refusals.


async def _refused(response: aiohttp.ClientResponse, status: int) -> dict[str, Any]:
    answer = await response.json()
    assert response.status == status, answer
    error: dict[str, Any] = answer["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("param", "change"),
    [
        ("model", {"model": "dall-e-3"}),
        ("size", {"size": "61x64"}),
        ("size", {"size": "4096x4096"}),
        ("n", {"n": 0}),
        ("n", {"n": 17}),
        ("num_inference_steps", {"num_inference_steps": 0}),
        ("num_inference_steps", {"num_inference_steps": 151}),
        ("guidance_scale", {"guidance_scale": float("nan")}),
        ("guidance_scale", {"guidance_scale": float("inf")}),
        ("prompt", {"prompt": ""}),
        ("prompt", {"prompt": None}),
        ("prompt", {"prompt": "x" * 6001}),
        ("prompt", {"prompt": "\ud800"}),
        ("sampler", {"sampler": "magic"}),
        ("stream", {"stream": "yes"}),
    ],
)
async def test_a_bad_field_is_a_400_that_names_it(
    server: Serving, session: aiohttp.ClientSession, param: str, change: dict[str, Any]
) -> None:
    body = json.dumps({"prompt": "a fox"} | change)
    async with session.post(server.url + GENERATIONS, data=body, headers=JSON) as response:
        error = await _refused(response, 400)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[]", b"5", b'"x"', b"null", b"[" * 100_000, b"1" * 10_000]
)
async def test_a_body_that_is_no_json_object_is_a_400(
    server: Serving, session: aiohttp.ClientSession, body: bytes
) -> None:
    async with session.post(server.url + GENERATIONS, data=body, headers=JSON) as response:
        assert (await _refused(response, 400))["param"] is None


async def test_a_large_body_is_a_413(server: Serving, session: aiohttp.ClientSession) -> None:
    body = b'{"prompt": "' + b"x" * MAX_BODY_BYTES + b'"}'
    sent = {"data": io.BytesIO(body), "headers": JSON}
    async with session.post(server.url + GENERATIONS, **sent) as response:
        await _refused(response, 413)


async def test_unknown_paths_and_methods(server: Serving, session: aiohttp.ClientSession) -> None:
    async with session.get(server.url + "/v1/chat/completions") as response:
        assert (await _refused(response, 404))["code"] == "unknown_url"
    async with session.get(server.url + GENERATIONS) as response:
        await _refused(response, 405)
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/v1/models", GENERATIONS, "/metrics", "/nowhere"])
async def test_a_key_is_needed_where_one_is_set(
    tiny: Checkpoint, session: aiohttp.ClientSession, path: str
) -> None:
    async with serving(lambda: Engine(tiny), api_key="sésame") as server:
        for given in ({}, {"Authorization": "Bearer other"}, {"Authorization": "sésame"}):
            method = "POST" if path == GENERATIONS else "GET"
            async with session.request(method, server.url + path, headers=given) as response:
                error = await _refused(response, 401)
            assert error["code"] == "invalid_api_key"
        for open_path in ("/health", "/readyz", "/healthz"):
            async with session.get(server.url + open_path) as response:
                assert response.status == 200
        right = {"Authorization": "Bearer sésame"}
        async with session.get(server.url + "/v1/models", headers=right) as response:
            assert response.status == 200


async def test_a_full_queue_is_a_429_with_a_time(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    body = {"prompt": "a fox", "stream": True}
    async with (
        held(tiny, max_waiting=1) as (server, _),
        session.post(server.url + GENERATIONS, json=body),
        session.post(server.url + GENERATIONS, json=body) as response,
    ):
        error = await _refused(response, 429)
        assert response.headers["Retry-After"] == "1"
        assert (error["type"], error["code"]) == ("rate_limit_error", "queue_full")


async def test_one_caller_cannot_take_all_places(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    """Half of them at the most; by its `user` another one is let in, and is next but one."""

    async def statuses(user: str, count: int) -> list[tuple[int, str]]:
        got = []
        for _ in range(count):
            body = {"prompt": "a fox", "stream": True, "progress": True, "user": user}
            response = await session.post(server.url + GENERATIONS, json=body)
            opened.append(response)
            said = "" if response.status == 200 else (await response.json())["error"]["code"]
            got.append((response.status, said))
        return got

    opened: list[aiohttp.ClientResponse] = []
    async with held(tiny, max_waiting=8) as (server, _):
        try:
            greedy = await statuses("alice", 8)
            assert greedy == [(200, "")] * 4 + [(429, "rate_limit_exceeded")] * 4
            assert int(opened[-1].headers["Retry-After"]) >= 1
            assert await statuses("bob", 1) == [(200, "")]
            first = await opened[-1].content.readuntil(b"\n\n")
            assert json.loads(first.split(b"data: ")[1])["position"] == 1
        finally:
            for response in opened:
                response.close()


async def test_sizes_without_end_have_figures_with_an_end(
    server: Serving, session: aiohttp.ClientSession
) -> None:
    for width in range(64, 64 + 2000):
        for chunks in (1, 2):
            server.engine.costs.note(Shape(8, width // 8, chunks), 2, 0.5)
            server.engine.costs.note(Shape(8, width, chunks), 2, 0.5)
    figures = await _metrics(server)
    families = {family.name: family for family in text_string_to_metric_families(figures)}
    counts = {
        sample.labels["size"]: sample.value
        for sample in families["darkroom_pass_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert len(counts) == MAX_SIZES + 1
    assert sum(counts.values()) == 8000
    assert figures.count('darkroom_pass_rows_count{size="other"}') == 1


async def test_a_failed_request_is_a_500_and_the_next_one_is_fine(
    server: Serving, session: aiohttp.ClientSession, tiny: Checkpoint
) -> None:
    decoder = tiny.decoder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "picture", lambda _: 1 / 0)
        async with session.post(server.url + GENERATIONS, json={"prompt": "a fox"}) as response:
            error = await _refused(response, 500)
        assert (error["type"], error["code"]) == ("server_error", "generation_failed")
        body = {"prompt": "a fox", "stream": True}
        async with session.post(server.url + GENERATIONS, json=body) as response:
            (event,) = await _events(response)
        assert (event["type"], event["error"]["code"]) == ("error", "generation_failed")
    async with session.post(server.url + GENERATIONS, json={"prompt": "a fox"}) as response:
        assert response.status == 200


# Load, and what becomes of those who leave.


async def test_many_at_once_get_what_each_gets_alone(
    server: Serving, session: aiohttp.ClientSession, tiny: Checkpoint
) -> None:
    async def ask(seed: int) -> str:
        body = {"prompt": "a fox", "seed": seed, "num_inference_steps": 2 + seed % 3}
        async with session.post(server.url + GENERATIONS, json=body) as response:
            text: str = (await response.json())["data"][0]["b64_json"]
            return text

    together = await asyncio.gather(*map(ask, range(12)))
    assert [await ask(seed) for seed in (0, 5, 11)] == [together[seed] for seed in (0, 5, 11)]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("begun", [True, False])
async def test_hanging_up_frees_the_rows(tiny: Checkpoint, stream: bool, begun: bool) -> None:
    body = a_request(steps=100).to_json() | {"stream": stream}
    async with held(tiny) as (server, engine), aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.post(server.url + GENERATIONS, json=body))
        await _until(engine, running=0, waiting=1)
        if begun:
            engine.let(1)
            await _until(engine, running=1, waiting=0)
        if stream:
            (await asking).close()
        else:
            asking.cancel()
        await _until(engine, running=0, waiting=0)
        assert engine.rows_running == 0
        assert 'outcome="cancelled"} 1.0' in await _metrics(server)


async def test_a_write_to_one_who_hung_up_is_no_mistake(
    server: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(_self: web.StreamResponse, _chunk: bytes) -> None:
        raise aiohttp.ClientConnectionResetError

    body = a_request(steps=100).to_json() | {"stream": True, "progress": True}
    async with aiohttp.ClientSession() as session:
        with monkeypatch.context() as patch:
            patch.setattr(web.StreamResponse, "write", gone)
            async with session.post(server.url + GENERATIONS, json=body) as response:
                assert await response.read() == b""
        await _until(server.engine, running=0, waiting=0)
    assert 'outcome="cancelled"} 1.0' in await _metrics(server)
    assert not caplog.records


async def _metrics(server: Serving) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.url + "/metrics") as response,
    ):
        assert response.content_type == "text/plain"
        return await response.text()


async def test_the_figures_count(tiny: Checkpoint) -> None:
    async with held(tiny) as (server, engine), aiohttp.ClientSession() as session:
        body = a_request(noises=a_request().noises * 2, steps=1).to_json()
        asked = [
            asyncio.create_task(session.post(server.url + GENERATIONS, json=body)) for _ in range(2)
        ]
        await _until(engine, running=0, waiting=2)
        async with session.get(server.url + "/health") as response:
            assert await response.json() == {"status": "ready", "waiting": 2, "running": 0}
        engine.let(1)
        # The first makes its only step, and is answered though no other step is made.
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        assert len(done) == 1
        await _until(engine, running=0, waiting=1)
        engine.let_go()
        for answer in await asyncio.gather(*asked):
            assert answer.status == 200
        figures = await _metrics(server)
    read = {
        f"{sample.name}{tuple(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(figures)
        for sample in family.samples
    }
    assert read["darkroom_steps_total()"] == 2
    assert read["darkroom_requests_total('finished',)"] == 2
    assert read["darkroom_requests_total('failed',)"] == 0
    assert read["darkroom_requests_waiting()"] == read["darkroom_rows_running()"] == 0
    assert read["darkroom_pass_seconds_count('64x64',)"] == 2
    assert read["darkroom_pass_rows_sum('64x64',)"] == 16
    assert read["darkroom_pass_seconds_sum('64x64',)"] > 0
    # The prompt and its negative, twice; the encoder has served other tests before.
    assert read["darkroom_text_hits_total()"] + read["darkroom_text_misses_total()"] >= 4


async def test_pictures_are_delivered_without_waiting_for_the_step_that_runs(
    tiny: Checkpoint,
) -> None:
    async with held(tiny) as (server, engine):
        short = server.engine_thread.follow(a_request(steps=1), 0)
        long = server.engine_thread.follow(a_request(steps=9), 0)
        engine.let(1)
        async with asyncio.timeout(60):
            while not isinstance(await short.next(), GenerationFinished):
                pass
        assert engine.steps == 1
        short.close()
        long.close()


# Loading and stopping.


async def test_while_it_loads_the_server_answers_503(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    loading = threading.Event()

    def load() -> Engine:
        loading.wait()
        return Engine(tiny)

    async with serving(load, wait=False) as server:
        try:
            async with session.get(server.url + "/health") as response:
                assert response.status == 503
                assert await response.json() == {"status": "loading"}
            async with session.post(server.url + GENERATIONS, json={"prompt": "x"}) as response:
                assert (await _refused(response, 503))["code"] == "not_serving"
            assert "darkroom_requests_total" in await _metrics(server)
        finally:
            loading.set()
        await server.engine_thread.ready.wait()
        async with session.get(server.url + "/health") as response:
            assert response.status == 200


async def test_stopping_tells_those_who_wait(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    async with held(tiny) as (server, engine):
        body = a_request(steps=50).to_json()
        plain = asyncio.create_task(session.post(server.url + GENERATIONS, json=body))
        stream = await session.post(server.url + GENERATIONS, json=body | {"stream": True})
        await _until(engine, running=0, waiting=2)
        server.engine_thread.stop()
        await _refused(await plain, 503)
        (event,) = await _events(stream)
        assert event["error"]["code"] == "not_serving"
        async with session.post(server.url + GENERATIONS, json=body) as response:
            await _refused(response, 503)


async def test_draining_finishes_what_runs_and_refuses_the_rest(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    async with held(tiny) as (server, engine):
        body = a_request(noises=a_request().noises * 2, steps=3).to_json()
        running = asyncio.create_task(session.post(server.url + GENERATIONS, json=body))
        await _until(engine, running=0, waiting=1)
        engine.let(1)
        await _until(engine, running=1, waiting=0)
        waiting = asyncio.create_task(session.post(server.url + GENERATIONS, json=body))
        await _until(engine, running=1, waiting=1)
        draining = asyncio.create_task(server.engine_thread.drain(60))
        assert (await _refused(await waiting, 503))["code"] == "not_serving"
        async with session.post(server.url + GENERATIONS, json=body) as response:
            assert (await _refused(response, 503))["code"] == "not_serving"
        async with session.get(server.url + "/health") as response:
            assert await response.json() == {"status": "stopping"}
        engine.let_go()
        assert (await running).status == 200
        await draining
        await server.ended


async def test_draining_has_an_end(tiny: Checkpoint, session: aiohttp.ClientSession) -> None:
    async with held(tiny) as (server, engine):
        body = a_request(steps=50).to_json()
        running = asyncio.create_task(session.post(server.url + GENERATIONS, json=body))
        await _until(engine, running=0, waiting=1)
        engine.let(1)
        await _until(engine, running=1, waiting=0)
        await server.engine_thread.drain(0)
        assert (await _refused(await running, 503))["code"] == "not_serving"


async def test_an_engine_that_dies_is_no_longer_healthy(
    tiny: Checkpoint, session: aiohttp.ClientSession
) -> None:
    class Dying(Engine):
        def step(self) -> Any:
            raise SystemError("a mistake of ours")

    async with serving(lambda: Dying(tiny)) as server:
        async with session.post(server.url + GENERATIONS, json={"prompt": "x"}) as response:
            await _refused(response, 503)
        async with session.get(server.url + "/health") as response:
            assert response.status == 503
        with pytest.raises(SystemError):
            await server.ended
