"""The official `openai` package, pointed at our server, finds what it expects."""

import base64
import io
from collections.abc import AsyncIterator

import pytest
from openai import (
    APIError,
    APIStatusError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)
from PIL import Image

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from tests.support.engine.inference_server import Serving, held, serving


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny), api_key="sesame") as running:
        yield running


@pytest.fixture
async def client(server: Serving) -> AsyncIterator[AsyncOpenAI]:
    async with _client(server) as opened:
        yield opened


def _client(server: Serving, key: str = "sesame") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0, timeout=60)


def _picture(text: str | None) -> Image.Image:
    assert text is not None
    return Image.open(io.BytesIO(base64.b64decode(text)))


async def test_models_are_listed(client: AsyncOpenAI) -> None:
    (model,) = (await client.models.list()).data
    assert (model.id, model.object, model.owned_by) == ("tiny", "model", "darkroom")


async def test_pictures_are_generated(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(
        prompt="a red fox", n=2, size="auto", output_format="webp", user="someone"
    )
    assert answer.data is not None
    assert answer.output_format == "webp"
    for entry in answer.data:
        picture = _picture(entry.b64_json)
        assert (picture.format, picture.size) == ("WEBP", (64, 64))


async def test_our_fields_go_beside_theirs(client: AsyncOpenAI) -> None:
    more = {"seed": 7, "num_inference_steps": 2, "guidance_scale": 1.0}
    one, two = [await client.images.generate(prompt="a red fox", extra_body=more) for _ in range(2)]
    assert one.data is not None
    assert two.data is not None
    assert one.data[0].b64_json == two.data[0].b64_json


async def test_a_stream_shows_partial_images_and_then_the_picture(client: AsyncOpenAI) -> None:
    stream = await client.images.generate(
        prompt="a red fox", stream=True, partial_images=2, extra_body={"num_inference_steps": 6}
    )
    events = [event async for event in stream]
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    first, second, done = events
    assert first.type == second.type == "image_generation.partial_image"
    assert (first.partial_image_index, second.partial_image_index) == (0, 1)
    for event in events:
        assert _picture(event.b64_json).size == (64, 64)
    assert _picture(done.b64_json).format == "PNG"


async def test_a_bad_request_is_its_own_exception(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError, match="multiples of 8") as caught:
        await client.images.generate(prompt="a red fox", size="1x1")  # type: ignore
    assert (caught.value.param, caught.value.type) == ("size", "invalid_request_error")
    with pytest.raises(BadRequestError, match="no model") as caught:
        await client.images.generate(prompt="a red fox", model="dall-e-3")
    assert caught.value.param == "model"


async def test_a_wrong_key_is_its_own_exception(server: Serving) -> None:
    async with _client(server, "other") as client:
        with pytest.raises(AuthenticationError, match="API key") as caught:
            await client.images.generate(prompt="a red fox")
    assert caught.value.code == "invalid_api_key"


async def test_a_full_queue_is_its_own_exception(tiny: Checkpoint) -> None:
    async with held(tiny, max_waiting=1) as (server, _), _client(server) as client:
        waiting = await client.images.generate(prompt="a red fox", stream=True)
        with pytest.raises(RateLimitError, match="full") as caught:
            await client.images.generate(prompt="a red fox")
        await waiting.close()
    assert caught.value.code == "queue_full"
    assert caught.value.response.headers["Retry-After"] == "1"


async def test_a_server_that_stops_is_a_server_error(server: Serving, client: AsyncOpenAI) -> None:
    await server.engine_thread.drain(0)
    with pytest.raises(InternalServerError) as caught:
        await client.images.generate(prompt="a red fox")
    assert (caught.value.status_code, caught.value.code) == (503, "not_serving")


async def test_what_there_is_not_is_its_own_exception(client: AsyncOpenAI) -> None:
    with pytest.raises(NotFoundError):
        await client.chat.completions.create(model="tiny", messages=[])


async def test_a_failure_in_a_stream_is_an_exception(
    client: AsyncOpenAI, tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny.decoder, "picture", lambda *_: 1 / 0)
    stream = await client.images.generate(prompt="a red fox", stream=True)
    with pytest.raises(APIError, match="failed while finishing") as caught:
        [event async for event in stream]
    assert not isinstance(caught.value, APIStatusError)
