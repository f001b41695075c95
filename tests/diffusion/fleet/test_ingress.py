"""The one address of a fleet: the same API, the same bytes, and what becomes of lost replicas."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

import aiohttp
import pytest
from yarl import URL

from diffusion.engine.engine import Engine
from diffusion.fleet import ingress, overview
from diffusion.loading.load import Checkpoint
from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.events import Event, Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest
from diffusion.server.admission.bodies import MAX_BODY_BYTES
from tests.support.engine.fleet import local_fleet
from tests.support.engine.inference_requests import EightRows, a_request
from tests.support.engine.inference_server import HeldEngine, serving
from tests.support.pictures import picture
from tests.support.processes import ROOT

GENERATIONS = "/v1/images/generations"


async def drawn(client: InferenceClient, request: ImageRequest) -> list[Event]:
    return [event async for event in client.generate(request, previews=1, user="ada")]


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - the engine's thread changes it
        await asyncio.sleep(0.01)


async def ready(url: str) -> None:
    """The ingress has learnt what its models are."""
    async with aiohttp.ClientSession(url) as session:
        while True:
            async with session.get("/readyz") as response:
                if response.status == 200:
                    return
            await asyncio.sleep(0.01)


async def test_pictures_and_events_are_those_of_a_single_server(tiny: Checkpoint) -> None:
    request = a_request(model=tiny.info.id)
    async with (
        serving(lambda: Engine(tiny, costs=EightRows())) as single,
        InferenceClient(single.url) as client,
    ):
        wanted = await drawn(client, request)
        models = await client.models()
        tokens = await client.count_tokens("a red fox", tiny.info.id)
    engines = [Engine(tiny, costs=EightRows()) for _ in range(2)]
    async with local_fleet(("m", engines)) as (url, _), InferenceClient(url) as client:
        await ready(url)
        assert await client.models() == models
        assert await client.is_ours()
        for _ in engines:  # in turns
            assert await drawn(client, request) == wanted
        assert await client.count_tokens("a red fox", tiny.info.id) == tokens
        assert await client.load() == (0, 0)
        refused = await drawn(client, a_request(model=tiny.info.id, width=9000))
    assert [engine.steps for engine in engines] == [4, 4]
    assert isinstance(refused[-1], Failed)


async def test_each_request_goes_to_the_model_that_it_names(tiny: Checkpoint) -> None:
    other = replace(tiny, info=replace(tiny.info, id="other"))
    engines = {one.info.id: Engine(one, costs=EightRows()) for one in (tiny, other)}
    first, second = engines
    models = [(name, [engine]) for name, engine in engines.items()]
    async with (
        local_fleet(*models, aliases=["dall-e-*"]) as (url, _),
        aiohttp.ClientSession(url) as session,
    ):
        await ready(url)
        async with session.get("/v1/models") as response:
            assert [one["id"] for one in (await response.json())["data"]] == [first, second]
        async with session.get("/v1/models/dall-e-3") as response:
            assert (await response.json())["root"] == first
        body = {"prompt": "a fox", "size": "64x64", "num_inference_steps": 1}
        for name, engine in (
            (second, engines[second]),
            (None, engines[first]),
            ("dall-e-3", engines[first]),
        ):
            before = engine.steps
            async with session.post(GENERATIONS, json=body | {"model": name}) as response:
                assert response.status == 200, await response.text()
            assert engine.steps == before + 1
        form = aiohttp.FormData()
        for field, value in {**body, "model": second}.items():
            form.add_field(field, str(value))
        form.add_field(
            "image", picture("red", (64, 64)), filename="a.png", content_type="image/png"
        )
        before = engines[second].steps
        async with session.post("/v1/images/edits", data=form) as response:
            assert response.status == 200, await response.text()
        assert engines[second].steps == before + 1
        async with session.post(GENERATIONS, json=body | {"model": "sdxl"}) as response:
            assert response.status == 400
            error = (await response.json())["error"]
            assert error["param"] == "model"
            message = error["message"]
            assert all(name in message for name in engines)


async def test_a_replica_is_looked_for_by_loras_that_the_model_has(tiny: Checkpoint) -> None:
    """Others would push those that it has out of Ray's short list."""
    other = replace(tiny, info=replace(tiny.info, loras=("ink",)))
    async with (
        local_fleet(("m", [Engine(other, costs=EightRows())])) as (url, (model,)),
        aiohttp.ClientSession(url) as session,
    ):
        await ready(url)
        model.loras.clear()
        # Whether it can be drawn is the replica's to say; this one lacks the file.
        for loras in ("ink:0.5", "wool", [{"name": "ink"}, {"name": "wool"}], []):
            body = {"prompt": "a fox", "size": "9x9", "loras": loras}
            async with session.post(GENERATIONS, json=body) as response:
                assert response.status == 400
        assert model.loras == ["ink", "", "ink", ""]


async def test_of_two_models_with_one_name_the_first_is_used_with_a_word(
    tiny: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    engines = [Engine(tiny, costs=EightRows()) for _ in range(2)]
    async with (
        local_fleet(("first", engines[:1]), ("second", engines[1:])) as (url, _),
        InferenceClient(url) as client,
    ):
        await until(lambda: "named" in caplog.text)
        assert "first" in caplog.text
        assert "second" in caplog.text
        assert [model.id for model in await client.models()] == [tiny.info.id]
        await drawn(client, a_request(model=tiny.info.id))
    assert engines[0].steps > 0
    assert engines[1].steps == 0


@pytest.fixture
def held(tiny: Checkpoint) -> HeldEngine:
    return HeldEngine(tiny, 64)


async def test_who_hangs_up_frees_the_rows(tiny: Checkpoint, held: HeldEngine) -> None:
    async with local_fleet(("m", [held])) as (url, _), InferenceClient(url) as client:
        await ready(url)
        async with aclosing(
            client.generate(a_request(model=tiny.info.id, steps=40), previews=0)
        ) as stream:
            assert isinstance(await anext(stream), Queued)
            held.let(1)
            assert isinstance(await anext(stream), Progress)
            assert len(held) == 1
        held.let_go()
        await until(lambda: len(held) == 0)
        assert held.steps < 40


async def test_a_lost_replica_breaks_its_streams_off(tiny: Checkpoint, held: HeldEngine) -> None:
    async with local_fleet(("m", [held])) as (url, (model,)), InferenceClient(url) as client:
        await ready(url)
        stream = client.generate(a_request(model=tiny.info.id), previews=0)
        assert isinstance(await anext(stream), Queued)
        model.lose()
        with pytest.raises(InferenceUnavailable) as lost:
            await anext(stream)
        assert lost.value.broke_off
        # Before anything was sent it is no fault of the request's.
        with pytest.raises(InferenceUnavailable) as away:
            await drawn(client, a_request(model=tiny.info.id))
        assert not away.value.broke_off
        assert away.value.retry_after == 1


async def test_who_waits_for_a_replica_hears_signs_of_life(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingress, "KEEP_ALIVE_INTERVAL_S", 0.01)
    monkeypatch.setattr(overview, "SEEN_FOR_S", 0)
    engine = Engine(tiny, costs=EightRows())
    body = {"prompt": "a fox", "size": "64x64", "num_inference_steps": 1, "stream": True}
    async with (
        local_fleet(("m", [engine])) as (url, (model,)),
        aiohttp.ClientSession(url) as session,
        InferenceClient(url) as client,
    ):
        await ready(url)
        model.free.clear()
        async with session.post(GENERATIONS, json=body) as response:
            assert await response.content.readline() == b": still here\n"
            async with session.get("/health") as health:
                assert (await health.json())["waiting"] == 1
            model.free.set()
            assert b"image_generation.completed" in await response.read()
        # What is refused so late is told in the stream: this body has no prompt.
        model.free.clear()
        async with session.post(GENERATIONS, json={"stream": True}) as response:
            assert await response.content.readline() == b": still here\n"
            model.free.set()
            assert b'"param": null, "code": "' in (said := await response.read())
            assert b"event: error" in said
            assert b"prompt" in said
        # A replica that is lost meanwhile is one of the reasons to ask again.
        model.free.clear()
        waiting = asyncio.create_task(drawn(client, a_request(model=tiny.info.id)))
        async with session.get("/health") as health:
            assert (await health.json())["status"] == "ready"
        model.lose()
        model.free.set()
        with pytest.raises(InferenceUnavailable):
            await waiting


async def test_the_key_holds_at_the_ingress(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=EightRows())
    body = {"prompt": "a fox", "size": "64x64", "num_inference_steps": 1}
    key = {"Authorization": "Bearer sesame"}
    async with (
        local_fleet(("m", [engine]), api_key="sesame") as (url, _),
        aiohttp.ClientSession(url) as session,
    ):
        await ready(url)
        for path in ("/v1/models", "/metrics", "/v1/models/m"):
            async with session.get(path) as response:
                assert response.status == 401, path
        for headers in ({}, {"Authorization": "Bearer x"}, {"X-Darkroom-Caller": "127.0.0.1"}):
            async with session.post(GENERATIONS, json=body, headers=headers) as response:
                assert response.status == 401
        # A signature stands for the key where a picture is fetched, and nowhere else.
        signed = "/v1/images/files/x?signature=1"
        async with session.post(signed, data=b"x" * 1000) as response:
            assert response.status == 401
        async with session.get(signed) as response:
            assert response.status == 403
        assert engine.steps == 0
        async with session.post(GENERATIONS, json=body, headers=key) as response:
            assert response.status == 200
        for path in ("/health", "/healthz", "/readyz"):
            async with session.get(path) as response:
                assert response.status == 200
        foreign = {**key, "Origin": "https://evil.example"}
        async with session.post(GENERATIONS, json=body, headers=foreign) as response:
            assert response.status == 403


async def test_links_lead_to_the_replica_that_has_the_picture(tiny: Checkpoint) -> None:
    engines = [Engine(tiny, costs=EightRows()) for _ in range(2)]
    body = {"prompt": "a fox", "size": "64x64", "num_inference_steps": 1, "seed": 1}
    key = {"Authorization": "Bearer sesame"}
    async with (
        local_fleet(("m", engines), api_key="sesame") as (url, (model,)),
        aiohttp.ClientSession() as session,
    ):
        await ready(url)
        links = []
        for _ in engines:
            asked = {**body, "response_format": "url"}
            async with session.post(url + GENERATIONS, json=asked, headers=key) as response:
                links.append((await response.json())["data"][0]["url"])
        files = []
        for link in links:
            assert link.startswith(url)
            async with session.get(link) as response:
                assert response.content_type == "image/png"
                files.append(await response.read())
        assert files[0] == files[1]
        asked = model.asked_everywhere
        later = str(URL(links[0]).update_query(expires=2_000_000_000))
        for bad in (links[0] + "0", later, links[0].replace("signature=", "signature=é")):
            async with session.get(bad) as response:
                assert response.status == 403
        assert model.asked_everywhere == asked, "no replica is asked for what nobody signed"


async def test_health_and_metrics_are_those_of_all(tiny: Checkpoint, held: HeldEngine) -> None:
    free = Engine(tiny, costs=EightRows())
    async with (
        local_fleet(("m", [held, free])) as (url, _),
        aiohttp.ClientSession(url) as session,
        InferenceClient(url) as client,
    ):
        await ready(url)
        streams = [
            client.generate(a_request(model=tiny.info.id, steps=40), previews=0) for _ in range(2)
        ]
        for stream in streams:
            await anext(stream)
        async with session.get("/metrics") as response:
            text = await response.text()
        name = tiny.info.id
        assert f'darkroom_replicas{{model="{name}"}} 2.0' in text
        for number in (0, 1):
            assert f'darkroom_steps_total{{model="{name}",replica="{number}"}}' in text
        async with session.get("/health") as response:
            said = await response.json()
        assert said["status"] == "ready"
        assert said["replicas"] == {name: 2}
        held.let_go()
        for stream in streams:
            assert isinstance([event async for event in stream][-1], Finished)


async def test_no_caller_takes_all_places_and_no_body_is_too_large(
    tiny: Checkpoint, held: HeldEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingress, "MAX_REQUESTS", 4)
    body = {"prompt": "a fox", "size": "64x64", "user": "ada", "stream": True}
    async with local_fleet(("m", [held])) as (url, _), aiohttp.ClientSession(url) as session:
        await ready(url)
        streams = [await session.post(GENERATIONS, json=body) for _ in range(3)]
        assert [one.status for one in streams] == [200, 200, 429]
        assert (await streams[2].json())["error"]["code"] == "rate_limit_exceeded"
        async with session.post(GENERATIONS, json=body | {"user": "ben"}) as response:
            assert response.status == 200
        for one in streams:
            one.close()
        await until(lambda: len(held) == 0)
        large = io.BytesIO(json.dumps({"prompt": "x" * MAX_BODY_BYTES}).encode())
        json_type = {"Content-Type": "application/json"}
        async with session.post(GENERATIONS, data=large, headers=json_type) as response:
            assert response.status == 413


async def test_forms_are_bounded_in_bytes_each_and_in_number_together(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingress, "MAX_FORMS", 2)
    monkeypatch.setattr(ingress, "MAX_FORM_BYTES", 20_000)
    edits = "/v1/images/edits"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    opened, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def large() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b"x" * 1000

    async def slow() -> AsyncIterator[bytes]:
        yield b"--b\r\n"
        opened.release()
        await go_on.wait()

    async with (
        local_fleet(("m", [Engine(tiny, costs=EightRows())])) as (url, _),
        aiohttp.ClientSession(url) as session,
    ):
        await ready(url)
        for body in (b"x" * 21_000, large()):
            async with session.post(edits, data=body, headers=headers) as response:
                assert response.status == 413
                said = (await response.json())["error"]["message"]
                assert said == "The body is larger than 20000 bytes."

        async def post(data: AsyncIterator[bytes] | bytes) -> int:
            async with session.post(edits, data=data, headers=headers) as response:
                return response.status

        # Those that only come in count too.
        coming = [asyncio.create_task(post(slow())) for _ in range(2)]
        for _ in coming:
            await opened.acquire()
        while await post(b"--b--") != 429:
            pass
        go_on.set()
        assert await asyncio.gather(*coming) == [400, 400]
        assert await post(b"--b--") == 400


def test_the_ingress_needs_no_torch() -> None:
    """It has a process of its own, which others wait for."""
    code = "import sys, diffusion.fleet.ingress; assert not {'torch', 'ray'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
