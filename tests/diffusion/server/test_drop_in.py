"""Clients that know OpenAI's models only: links, warnings, usage, other names for the model."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from PIL import Image, ImageOps
from sd_parsers import ParserManager

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.protocol.client import InferenceClient
from diffusion.server.picture_links import LINK_LIFETIME_S, PictureLinks
from tests.support.engine.image_uploads import half_mask, pixels_of, saved, scene
from tests.support.engine.inference_server import Serving, serving

KEY = {"Authorization": "Bearer sesame"}
PICTURE = saved(scene())


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    aliases = ("dall-e-*", "gpt-image-*")
    async with serving(lambda: Engine(tiny), api_key="sesame", aliases=aliases) as running:
        yield running


@pytest.fixture
async def client(server: Serving) -> AsyncIterator[AsyncOpenAI]:
    url = server.url + "/v1"
    async with AsyncOpenAI(base_url=url, api_key="sesame", max_retries=0, timeout=60) as opened:
        yield opened


@pytest.fixture
async def session(server: Serving) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as opened:
        yield opened


async def _drawn(session: aiohttp.ClientSession, **body: Any) -> dict[str, Any]:
    body = {"prompt": "a red fox", "num_inference_steps": 1, "seed": 7} | body
    async with session.post("/v1/images/generations", json=body, headers=KEY) as response:
        answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


def _form(images: list[bytes], **fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, text in {"prompt": "a red fox", "seed": "7", "num_inference_steps": "4"}.items():
        form.add_field(name, fields.pop(name, text))
    for name, text in fields.items():
        form.add_field(name, text)
    for image in images:
        form.add_field("image[]", io.BytesIO(image), filename="image.png")
    return form


async def _edited(
    session: aiohttp.ClientSession, images: list[bytes], **fields: str
) -> dict[str, Any]:
    form = _form(images, **fields)
    async with session.post("/v1/images/edits", data=form, headers=KEY) as response:
        answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


# Models.


async def test_a_model_is_retrieved_by_its_id_and_by_its_aliases(client: AsyncOpenAI) -> None:
    listed = (await client.models.list()).data
    assert [model.id for model in listed] == ["tiny"], "an alias is no model of its own"
    assert await client.models.retrieve("tiny") == listed[0]
    alias = await client.models.retrieve("dall-e-3")
    assert (alias.id, alias.owned_by) == ("dall-e-3", "darkroom")
    assert (alias.model_extra or {})["root"] == "tiny"
    for other in ("gpt-5", "folder/model"):
        with pytest.raises(NotFoundError, match="no model") as caught:
            await client.models.retrieve(other)
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_the_bot_sees_one_model(server: Serving) -> None:
    async with InferenceClient(server.url, "sesame") as bot:
        assert [model.id for model in await bot.models()] == ["tiny"]


async def test_the_menu_of_a_client_works(session: aiohttp.ClientSession) -> None:
    for name in ("dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5"):
        answer = await _drawn(session, model=name, n=1, size="512x512", response_format="b64_json")
        file = base64.b64decode(answer["data"][0]["b64_json"])
        assert Image.open(io.BytesIO(file)).size == (64, 64)
        assert answer["size"] == "64x64"
        (warning,) = answer["warnings"]
        assert warning["param"] == "size"
        assert warning["message"] == "The model “tiny” has no 512x512: the picture has 64x64."


# Answers.


async def test_what_is_not_done_is_reported(session: aiohttp.ClientSession) -> None:
    assert "warnings" not in await _drawn(session)
    (warning,) = (await _drawn(session, colour="red"))["warnings"]
    assert warning == {
        "param": "colour",
        "message": "Unknown parameter: 'colour'.",
        "code": "unknown_parameter",
    }
    (warning,) = (await _edited(session, [PICTURE], colour="red"))["warnings"]
    assert warning["param"] == "colour"
    assert "warnings" not in await _edited(session, [PICTURE], strength="0.5", quality="medium")


async def test_a_strict_caller_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        await client.images.generate(prompt="a fox", extra_body={"colour": "red", "strict": True})
    assert (caught.value.param, caught.value.code) == ("colour", "unknown_parameter")
    with pytest.raises(BadRequestError) as caught:
        await client.images.edit(
            image=PICTURE, prompt="a fox", extra_body={"colour": "red", "strict": "true"}
        )
    assert (caught.value.param, caught.value.code) == ("colour", "unknown_parameter")


@pytest.mark.parametrize("path", ["/v1/prompts/weights", "/v1/prompts/tokens"])
async def test_questions_about_prompts_report_it_too(
    session: aiohttp.ClientSession, path: str
) -> None:
    body: dict[str, Any] = {"prompt": "a red fox", "colour": "red"}
    async with session.post(path, json=body, headers=KEY) as response:
        (warning,) = (await response.json())["warnings"]
    assert warning["param"] == "colour"
    async with session.post(path, json=body | {"strict": True}, headers=KEY) as response:
        assert (await response.json())["error"]["param"] == "colour"
    async with session.post(
        path, json={"prompt": "a fox", "strict": True}, headers=KEY
    ) as response:
        assert "warnings" not in await response.json()


@pytest.mark.parametrize("path", ["/v1/images/upscales", "/v1/images/descriptions"])
async def test_questions_about_pictures_report_it_too(
    session: aiohttp.ClientSession, path: str
) -> None:
    for strict in ("false", "true"):
        form = aiohttp.FormData({"colour": "red", "strict": strict}, default_to_multipart=True)
        form.add_field("image", PICTURE, filename="image.png")
        async with session.post(path, data=form, headers=KEY) as response:
            answer = await response.json()
        reported = answer["error"] if strict == "true" else answer["warnings"][0]
        assert (reported["param"], reported["code"]) == ("colour", "unknown_parameter")


async def test_usage_counts_words_and_squares_of_the_picture(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(
        prompt="a red fox", n=2, size="72x64", extra_body={"negative_prompt": "a fox"}
    )
    usage = answer.usage
    assert usage is not None
    assert usage.input_tokens_details.image_tokens == 0
    text = usage.input_tokens_details.text_tokens
    assert usage.input_tokens == text
    assert usage.output_tokens == 2 * 5 * 4
    assert usage.total_tokens == text + 40
    assert answer.quality == "medium"

    edited = await client.images.edit(image=PICTURE, prompt="a red fox", size="auto")
    assert edited.usage is not None
    assert edited.usage.input_tokens_details.image_tokens == 16
    # The words of the prompt alone: the negative prompt counted above.
    assert 0 < edited.usage.input_tokens_details.text_tokens < text


async def test_a_stream_has_usage_and_warnings_at_its_end(client: AsyncOpenAI) -> None:
    stream = await client.images.generate(
        prompt="a red fox", n=2, stream=True, partial_images=1, extra_body={"colour": "red"}
    )
    done = [event async for event in stream if event.type == "image_generation.completed"]
    assert len(done) == 2
    for event in done:
        assert event.type == "image_generation.completed"
        assert event.usage.output_tokens == 16
        assert event.usage.total_tokens == event.usage.input_tokens + 16
        assert event.quality == "medium"
        (warning,) = (event.model_extra or {})["warnings"]
        assert warning["param"] == "colour"
    edits = await client.images.edit(image=PICTURE, prompt="a red fox", stream=True)
    (last,) = [event async for event in edits]
    assert last.type == "image_edit.completed"
    assert last.usage.input_tokens_details.image_tokens == 16


@pytest.mark.parametrize("form", ["jpeg", "webp"])
async def test_compression_makes_files_smaller_and_keeps_the_recipe(
    session: aiohttp.ClientSession, form: str
) -> None:
    sizes = []
    for compression in (None, 100, 95, 0):
        answer = await _drawn(session, output_format=form, output_compression=compression)
        file = base64.b64decode(answer["data"][0]["b64_json"])
        sizes.append(len(file))
        info = ParserManager().parse(Image.open(io.BytesIO(file)))
        assert info is not None
        assert info.raw_parameters["parameters"].startswith("a red fox\nSteps: 1,")
    usual, best, same, worst = sizes
    assert usual == same
    assert best > usual > worst


# Links.


async def test_a_link_brings_the_picture_without_the_key(
    client: AsyncOpenAI, session: aiohttp.ClientSession, server: Serving
) -> None:
    one = {"seed": 7, "num_inference_steps": 1}
    answer = await client.images.generate(
        prompt="a fox", n=2, response_format="url", output_format="webp", extra_body=one
    )
    plain = await client.images.generate(prompt="a fox", n=2, output_format="webp", extra_body=one)
    assert answer.data is not None
    assert plain.data is not None
    for linked, sent in zip(answer.data, plain.data, strict=True):
        assert linked.b64_json is None
        assert linked.url is not None
        assert linked.url.startswith(server.url + "/v1/images/files/")
        async with session.get(linked.url) as response:
            assert (response.status, response.content_type) == (200, "image/webp")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert await response.read() == base64.b64decode(sent.b64_json or "")
        async with session.head(linked.url) as response:
            assert response.status == 200


async def test_edits_are_linked_too_and_dall_e_is_answered_as_ever(
    session: aiohttp.ClientSession,
) -> None:
    edited = await _edited(session, [PICTURE], response_format="url")
    drawn = await _drawn(session, model="dall-e-2")
    for answer in (edited, drawn):
        async with session.get(answer["data"][0]["url"]) as response:
            assert response.content_type == "image/png"
    assert "b64_json" in (await _drawn(session, model="gpt-image-1"))["data"][0]


async def test_a_link_that_was_changed_opens_nothing(session: aiohttp.ClientSession) -> None:
    link = (await _drawn(session, response_format="url"))["data"][0]["url"]
    path, _, query = link.partition("?")
    expires = int(query.removeprefix("expires=").partition("&")[0])
    for changed in (
        path,
        link.replace(f"expires={expires}", f"expires={expires + 1}"),
        link.replace(f"expires={expires}", "expires=never"),
        link.replace(f"expires={expires}", f"expires={'9' * 5000}"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace(".png", ".webp"),
        link.replace("/files/", "/files/../../models/"),
        f"/v1/models?{query}",
    ):
        async with session.get(changed) as response:
            assert response.status == 401, changed
        async with session.get(changed, headers=KEY) as response:
            # With the key it is told what is wrong; other addresses are served as ever.
            assert response.status in (403, 404) or changed.startswith("/v1/models")
    async with session.post(link) as response:
        assert response.status == 401


async def test_a_link_says_https_where_a_proxy_says_so(session: aiohttp.ClientSession) -> None:
    body = {"prompt": "a fox", "response_format": "url", "num_inference_steps": 1}
    headers = KEY | {"X-Forwarded-Proto": "https", "Host": "draw.example"}
    async with session.post("/v1/images/generations", json=body, headers=headers) as response:
        link = (await response.json())["data"][0]["url"]
    assert link.startswith("https://draw.example/v1/images/files/")
    path = link.removeprefix("https://draw.example")
    async with session.get(path, headers={"Host": "draw.example"}) as response:
        assert response.status == 200


async def test_links_end_and_the_memory_is_bounded() -> None:
    now = 1000.0
    links = PictureLinks(most_bytes=100, now=lambda: now)
    own = [links.keep("192.0.2.1", b"x" * 40, "png") for _ in range(2)]
    assert links.held == 80
    # Who holds the most makes room, not who came first.
    other = links.keep("192.0.2.2", b"y" * 40, "png")
    assert links.held == 80
    left = [link for link in (*own, other) if _name(link) in links._kept]
    assert left == [own[1], other]
    # The newest picture stays, even if it is larger than all the room.
    huge = links.keep("192.0.2.3", b"z" * 101, "png")
    assert [_name(huge)] == list(links._kept)
    now += LINK_LIFETIME_S
    links.keep("192.0.2.1", b"x", "png")
    assert links.held == 1


def _name(link: str) -> str:
    return link.partition("?")[0].rpartition("/")[2]


async def test_an_ended_link_is_refused_and_a_displaced_picture_is_gone(
    session: aiohttp.ClientSession, server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = server.service.links
    first = (await _drawn(session, response_format="url"))["data"][0]["url"]
    monkeypatch.setattr(links, "_most_bytes", 1)
    second = (await _drawn(session, response_format="url"))["data"][0]["url"]
    async with session.get(first) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "picture_gone"
    started = links._now()
    monkeypatch.setattr(links, "_now", lambda: started + LINK_LIFETIME_S)
    for headers, status in (({}, 401), (KEY, 403)):
        async with session.get(second, headers=headers) as response:
            assert response.status == status
    async with session.get("/metrics", headers=KEY) as response:
        assert "darkroom_link_bytes " in await response.text()


# Edits.


def _pixels(answer: dict[str, Any]) -> Any:
    return pixels_of(base64.b64decode(answer["data"][0]["b64_json"]))


async def test_several_images_are_blended(session: aiohttp.ClientSession) -> None:
    """As in the bot: each counts as much, and has the shape of the first."""
    second, third = scene(96, 64).transpose(Image.Transpose.ROTATE_180), half_mask().convert("RGB")
    mixed = Image.blend(scene(), ImageOps.fit(second, (64, 64), Image.Resampling.LANCZOS), 1 / 2)
    mixed = Image.blend(mixed, third, 1 / 3)
    together = await _edited(session, [PICTURE, saved(second), saved(third)], strength="0.25")
    alone = await _edited(session, [saved(mixed)], strength="0.25")
    assert np.array_equal(_pixels(together), _pixels(alone))
    first = await _edited(session, [PICTURE], strength="0.25")
    assert not np.array_equal(_pixels(together), _pixels(first))
    assert "warnings" not in together


async def test_several_images_are_bounded_and_have_no_mask(
    session: aiohttp.ClientSession,
) -> None:
    small = saved(Image.new("RGB", (8, 8)))
    many = _form([small] * 17)
    masked = _form([PICTURE, PICTURE])
    masked.add_field("mask", saved(half_mask()), filename="mask.png")
    broken = _form([PICTURE, b"no picture"])
    for form, param, said in (
        (many, "image", "more than 16"),
        (masked, "mask", "one picture"),
        (broken, "image", "no picture that can be read"),
    ):
        async with session.post("/v1/images/edits", data=form, headers=KEY) as response:
            error = (await response.json())["error"]
        assert (response.status, error["param"]) == (400, param)
        assert said in error["message"]
    await _edited(session, [small] * 16, num_inference_steps="1")


async def test_the_transparent_part_of_a_picture_is_redrawn(
    session: aiohttp.ClientSession,
) -> None:
    holed = scene().convert("RGBA")
    holed.putalpha(half_mask().point([255 - level for level in range(256)]))
    answer = await _edited(session, [saved(holed)])
    drawn, before = _pixels(answer), np.array(scene())
    assert np.array_equal(drawn[:, :32], before[:, :32])
    assert not np.array_equal(drawn[:, 40:], before[:, 40:])
    # The same as with the picture as its own mask, and so it is written into it.
    form = _form([saved(holed)])
    form.add_field("mask", saved(holed), filename="mask.png")
    async with session.post("/v1/images/edits", data=form, headers=KEY) as response:
        masked = await response.json()
    assert masked["data"] == answer["data"]


async def test_a_faint_picture_has_no_hole(session: aiohttp.ClientSession) -> None:
    """Only what is wholly transparent says where to draw."""
    faint = scene().convert("RGBA")
    faint.putalpha(1)
    on_white = await _edited(session, [saved(faint)], strength="0.1")
    blank = await _edited(
        session, [saved(Image.new("RGB", (64, 64), (255, 255, 255)))], strength="0.1"
    )
    assert np.abs(_pixels(on_white).astype(int) - _pixels(blank)).mean() < 4


async def test_loras_and_seeds_are_said_in_forms_too(session: aiohttp.ClientSession) -> None:
    form = _form([PICTURE], seed="-1", loras="ink:0.5")
    async with session.post("/v1/images/edits", data=form, headers=KEY) as response:
        error = (await response.json())["error"]
    assert (response.status, error["param"]) == (400, "loras")
    assert "“ink”" in error["message"]
    seeds = {
        (await _edited(session, [PICTURE], seed="-1", num_inference_steps="1"))["data"][0]["seed"]
        for _ in range(3)
    }
    assert len(seeds) == 3


async def test_the_queue_is_fair_to_the_newer_name_of_users(
    session: aiohttp.ClientSession, server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    follow = server.engine_thread.follow
    monkeypatch.setattr(
        server.engine_thread,
        "follow",
        lambda *rest: (asked.append(rest[-1].user), follow(*rest))[1],
    )
    await asyncio.gather(
        _drawn(session, user="ada", safety_identifier="bob"),
        _edited(session, [PICTURE], safety_identifier="bob"),
    )
    assert asked == ["bob", "bob"]
