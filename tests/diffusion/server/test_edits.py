"""Pictures from pictures over a real socket: OpenAI's form, ours, and every refusal of it."""

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from numpy.typing import NDArray
from openai import AsyncOpenAI, BadRequestError
from PIL import Image

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.events import Event, Failed, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest, InitImage
from diffusion.server import uploads
from diffusion.server.uploads import MAX_FIELDS
from tests.support.engine.image_uploads import half_mask, pixels_of, saved, scene, see_through
from tests.support.engine.inference_requests import a_request
from tests.support.engine.inference_server import Serving, serving, site
from tests.support.hostile_pictures import encoded, repeated_scans

EDITS = "/v1/images/edits"
PICTURE, MASK = saved(scene()), saved(half_mask())
FIELDS = {"prompt": "a red fox", "seed": "7", "num_inference_steps": "5"}

Files = Mapping[str, bytes]


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny)) as running:
        yield running


@pytest.fixture
async def session(server: Serving) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as opened:
        yield opened


def _form(fields: Mapping[str, str], files: Files) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, text in fields.items():
        form.add_field(name, text)
    for name, file in files.items():
        form.add_field(name, io.BytesIO(file), filename=f"{name}.png")
    return form


async def _edit(
    session: aiohttp.ClientSession, files: Files, **fields: str
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """The first picture of the answer, and the answer."""
    async with session.post(EDITS, data=_form(FIELDS | fields, files)) as response:
        answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return pixels_of(base64.b64decode(answer["data"][0]["b64_json"])), answer


async def _refused(
    session: aiohttp.ClientSession, files: Files, **fields: str
) -> tuple[str | None, str]:
    async with session.post(EDITS, data=_form(FIELDS | fields, files)) as response:
        error = (await response.json())["error"]
    assert (response.status, error["type"]) == (400, "invalid_request_error"), error
    return error["param"], error["message"]


def _started(strength: float, mask: bytes | None = None) -> InitImage:
    digests = [file and hashlib.sha256(file).hexdigest() for file in (PICTURE, mask)]
    return InitImage(str(digests[0]), strength, digests[1] and str(digests[1]))


async def _ask(url: str, request: ImageRequest, previews: int = 0) -> list[Event]:
    files = {hashlib.sha256(file).hexdigest(): file for file in (PICTURE, MASK)}
    async with InferenceClient(url) as client:
        return [event async for event in client.generate(request, previews=previews, files=files)]


# What is asked for happens.


async def test_an_edit_is_answered_as_a_generation_is(session: aiohttp.ClientSession) -> None:
    drawn, answer = await _edit(session, {"image": PICTURE}, n="2", strength="0.5")
    assert drawn.shape == (64, 64, 3)
    assert [entry["seed"] for entry in answer["data"]] == [7, 8]
    assert (answer["size"], answer["output_format"]) == ("64x64", "png")
    again, _ = await _edit(session, {"image": PICTURE}, strength="0.5")
    assert np.array_equal(drawn, again)
    weaker, _ = await _edit(session, {"image": PICTURE}, strength="0.2")
    assert not np.array_equal(drawn, weaker)


async def test_masks_of_both_kinds_keep_what_they_keep(session: aiohttp.ClientSession) -> None:
    ours, _ = await _edit(session, {"image": PICTURE, "mask": MASK})
    assert np.array_equal(ours[:, :32], np.array(scene())[:, :32])
    assert not np.array_equal(ours[:, 40:], np.array(scene())[:, 40:])
    theirs, _ = await _edit(session, {"image": PICTURE, "mask": saved(see_through(half_mask()))})
    assert np.array_equal(ours, theirs)


async def test_fields_and_one_request_say_the_same(session: aiohttp.ClientSession) -> None:
    plain, _ = await _edit(
        session,
        {"image": PICTURE},
        strength="0.6",
        guidance_scale="4.5",
        parts='[{"text": "a fox", "weight": 2}, {"text": "red", "weight": -1}]',
        tile="false",
    )
    request = {
        "prompt": "a red fox",
        "seed": 7,
        "num_inference_steps": 5,
        "guidance_scale": 4.5,
        "parts": [{"text": "a fox", "weight": 2}, {"text": "red", "weight": -1}],
        "strength": 0.6,
    }
    whole, _ = await _edit(session, {"image": PICTURE}, request=json.dumps(request), seed="99")
    assert np.array_equal(plain, whole)


@pytest.mark.parametrize(
    ("upload", "size", "expected"),
    [
        ((72, 64), None, (72, 64)),
        ((72, 64), "auto", (72, 64)),
        ((72, 64), "64x64", (64, 64)),
        ((640, 320), None, (88, 48)),
        ((65, 63), None, (64, 64)),
        ((8, 8), "auto", (64, 64)),
        ((4000, 10), None, (256, 16)),
    ],
)
async def test_the_size_is_the_pictures_own_or_one_of_its_shape(
    session: aiohttp.ClientSession,
    upload: tuple[int, int],
    size: str | None,
    expected: tuple[int, int],
) -> None:
    fields = {"size": size} if size else {}
    drawn, answer = await _edit(session, {"image": saved(scene(*upload))}, **fields)
    assert (drawn.shape[1], drawn.shape[0]) == expected
    assert answer["size"] == f"{expected[0]}x{expected[1]}"


async def test_a_list_of_one_picture_is_a_picture(session: aiohttp.ClientSession) -> None:
    one, _ = await _edit(session, {"image": PICTURE})
    listed, _ = await _edit(session, {"image[]": PICTURE})
    assert np.array_equal(one, listed)


# Our client.


async def test_our_client_sends_what_its_request_names(server: Serving) -> None:
    request = a_request(start=_started(0.5), steps=8)
    events = await _ask(server.url, request, previews=1)
    assert events[0] == Queued(0)
    progress = [event for event in events if isinstance(event, Progress)]
    assert [(one.step, one.steps, len(one.previews)) for one in progress] == [
        (1, 4, 0),
        (2, 4, 2),
        (3, 4, 0),
    ]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert len(finished.pictures) == 2
    assert (await _ask(server.url, request))[-1] == finished


async def test_our_client_sends_masks(server: Serving) -> None:
    (*_, finished) = await _ask(server.url, a_request(start=_started(1.0, MASK), steps=5))
    assert isinstance(finished, Finished)
    for file in finished.pictures:
        assert np.array_equal(pixels_of(file)[:, :32], np.array(scene())[:, :32])


async def test_a_request_with_everything_survives_the_form(server: Serving) -> None:
    request = a_request(
        prompt="a “fox” 🦊\r\n--boundary",
        start=_started(1.0),
        condition_noise=0.3,
        guidance_rescale=0.5,
        guidance_interval=(0.1, 0.9),
    )
    assert isinstance((await _ask(server.url, request))[-1], Finished)
    plain = replace(request, condition_noise=0.0)
    assert (await _ask(server.url, plain))[-1] != (await _ask(server.url, request))[-1]


async def test_a_generation_with_a_start_is_sent_to_where_files_go(
    session: aiohttp.ClientSession,
) -> None:
    body = a_request(start=_started(0.5)).to_json()
    async with session.post("/v1/images/generations", json=body) as response:
        error = (await response.json())["error"]
    assert (response.status, error["param"]) == (400, "start")
    assert EDITS in error["message"]


async def test_a_foreign_server_gets_openais_form() -> None:
    heard: dict[str, Any] = {}

    async def edit(request: web.Request) -> web.Response:
        posted = await request.post()
        for name, value in posted.items():
            heard[name] = value.file.read() if isinstance(value, web.FileField) else value
        entries = [{"b64_json": base64.b64encode(PICTURE).decode()}] * 2
        return web.json_response({"data": entries})

    app = web.Application()
    app.router.add_post(EDITS, edit)
    async with site(app) as url:
        (event,) = await _ask(url, a_request(start=_started(0.5, MASK)), previews=3)
    assert event == Finished((PICTURE, PICTURE))
    said = {name: heard[name] for name in ("prompt", "n", "size", "stream", "partial_images")}
    assert said == {
        "prompt": "a red fox",
        "n": "2",
        "size": "64x64",
        "stream": "true",
        "partial_images": "3",
    }
    assert (heard["image"], heard["mask"]) == (PICTURE, MASK)


# The official client.


async def test_the_official_client_edits(server: Serving) -> None:
    async with AsyncOpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0) as client:
        answer = await client.images.edit(
            image=("fox.png", PICTURE),
            mask=("mask.png", saved(see_through(half_mask()))),
            prompt="a red fox",
            n=2,
            size="auto",
            output_format="webp",
        )
        assert answer.data is not None
        assert len(answer.data) == 2
        file = base64.b64decode(answer.data[0].b64_json or "")
        assert Image.open(io.BytesIO(file)).format == "WEBP"

        stream = await client.images.edit(
            image=[PICTURE],
            prompt="a red fox",
            stream=True,
            partial_images=2,
            extra_body={"strength": 0.9, "num_inference_steps": 10, "seed": 3},
        )
        kinds = [event.type async for event in stream]
        assert kinds == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]

        with pytest.raises(BadRequestError) as refused:
            await client.images.edit(image=b"no picture", prompt="a red fox")
        assert refused.value.param == "image"


# Refusals.

OTHER = saved(Image.new("L", (64, 72), 255))

BAD_FILES: list[tuple[str, str, Files]] = [
    ("image", "is missing", {}),
    ("image", "is missing", {"mask": MASK}),
    ("image", "is no picture", {"image": b""}),
    ("image", "is no picture", {"image": b"GIF89a no more"}),
    ("image", "is no picture", {"image": PICTURE[:200]}),
    ("mask", "is no picture", {"image": PICTURE, "mask": b"<svg/>"}),
    ("mask", "the size of", {"image": PICTURE, "mask": OTHER}),
    ("mask", "nothing to draw", {"image": PICTURE, "mask": saved(Image.new("L", (64, 64)))}),
    ("mask", "came twice", {"image": PICTURE, "mask": MASK, "mask[]": MASK}),
]


@pytest.mark.parametrize(("param", "said", "files"), BAD_FILES)
async def test_files_that_cannot_be_used_are_refused_by_name(
    session: aiohttp.ClientSession, param: str, said: str, files: Files
) -> None:
    refused, message = await _refused(session, files)
    assert refused == param
    assert said in message


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("prompt", {"prompt": " "}),
        ("strength", {"strength": "0"}),
        ("strength", {"strength": "1.1"}),
        ("strength", {"strength": "much"}),
        ("strength", {"strength": "NaN"}),
        ("n", {"n": "0"}),
        ("n", {"n": "two"}),
        ("n", {"n": "1e400"}),
        ("n", {"n": "[" * 100_000}),
        ("size", {"size": "61x64"}),
        ("stream", {"stream": "yes"}),
        ("parts", {"parts": '[{"text": "a", "weight": -1}]'}),
        ("model", {"model": "dall-e-2"}),
        ("start", {"start": "5"}),
        ("strength", {"start": "{}", "strength": "2"}),
        ("image", {"start": json.dumps({"image": "0" * 64})}),
        ("mask", {"start": json.dumps({"mask": "0" * 64})}),
        ("request", {"request": "5"}),
        ("request", {"request": "{"}),
        ("size", {"request": '{"size": "61x64"}'}),
        (None, {f"field{place}": "x" for place in range(MAX_FIELDS)}),
    ],
)
async def test_fields_that_cannot_be_used_are_refused_by_name(
    session: aiohttp.ClientSession, param: str | None, fields: dict[str, str]
) -> None:
    refused, message = await _refused(session, {"image": PICTURE}, **fields)
    assert refused == param
    assert len(message) < 300


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"image=x", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nnameless\r\n--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=" + "x" * 100),
        (
            b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="image"\r\nContent-Length: -5\r\n\r\n'
            b"abc\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_bodies_that_are_no_form_are_refused(
    session: aiohttp.ClientSession, body: bytes, kind: str
) -> None:
    async with session.post(EDITS, data=body, headers={"Content-Type": kind}) as response:
        answer = await response.json()
    assert response.status == 400, answer
    assert answer["error"]["message"]


async def test_a_phones_picture_is_taken_and_one_made_to_hurt_is_not(
    session: aiohttp.ClientSession,
) -> None:
    photo = Image.new("RGB", (8064, 6048), "orange")
    _, answer = await _edit(session, {"image": encoded(photo, "JPEG")})
    assert answer["size"] == "72x56"
    assert await _refused(session, {"image": repeated_scans(4000, 1500)}) == (
        "image",
        "“image” takes too long to decode: save it anew, as a PNG say.",
    )


async def test_files_beyond_the_bound_are_refused(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 1 << 20)
    param, message = await _refused(session, {"image": PICTURE + b"\0" * (1 << 20)})
    assert (param, message) == ("image", "“image” is larger than 1 MiB.")
    monkeypatch.setattr(uploads, "MAX_FIELD_BYTES", 1 << 10)
    param, _ = await _refused(session, {"image": PICTURE}, prompt="x" * 2000)
    assert param == "prompt"


async def test_a_model_that_only_draws_says_so(tiny: Checkpoint) -> None:
    plain = replace(tiny, info=replace(tiny.info, edits=False))
    async with serving(lambda: Engine(plain)) as server:
        assert await _ask(server.url, a_request(start=_started(0.5))) == [
            Failed("The model “tiny” cannot start from a picture.")
        ]
