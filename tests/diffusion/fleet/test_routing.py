"""For which model and for whom a body is, as the ingress reads it."""

import asyncio
import json

import aiohttp
import pytest

from diffusion.fleet.routing import MAX_FIELD_BYTES, READ_BYTES, Said, said_by


async def form(**fields: str | bytes) -> tuple[str, dict[str, str], bytes]:
    written = aiohttp.FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            written.add_field(name, value, filename=name, content_type="image/png")
        else:
            # With a type it is a form of parts, as it is with files.
            written.add_field(name, value, content_type="text/plain")
    payload = written()
    body = bytearray()

    class Writer:
        async def write(self, chunk: bytes) -> None:
            body.extend(chunk)

    await payload.write(Writer())  # type: ignore[arg-type]
    return "multipart/form-data", {"Content-Type": payload.headers["Content-Type"]}, bytes(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"model": "a", "user": "u", "stream": true}', Said("a", "u", True)),
        (b'{"model": "", "safety_identifier": "s", "user": "u"}', Said(None, "s")),
        (b'{"model": 7, "user": [], "stream": "yes"}', Said()),
        (b"[1]", Said()),
        (b"{", Said()),
        (b"[" * 100_000, Said()),
        (b"", Said()),
    ],
)
async def test_json(body: bytes, said: Said) -> None:
    assert await said_by("application/json", {}, body) == said


@pytest.mark.parametrize(
    ("loras", "first"),
    [
        ([{"name": "ink", "weight": 0.5}, {"name": "wool"}], "ink"),
        (["ink:0.8", "wool"], "ink"),
        ("ink:0.8, wool", "ink"),
        ([7], ""),
        ([{"name": []}], ""),
        ([], ""),
    ],
)
async def test_the_first_lora(loras: object, first: str) -> None:
    body = json.dumps({"loras": loras})
    assert await said_by("application/json", {}, body.encode()) == Said(lora=first)
    typed = loras if isinstance(loras, str) else json.dumps(loras)
    assert await said_by(*await form(loras=typed)) == Said(lora=first)
    assert await said_by(*await form(request=body)) == Said(lora=first)


async def test_what_is_no_list_of_loras_says_nothing() -> None:
    for loras in ("[", "[" * 100_000):
        assert await said_by(*await form(loras=loras)) == Said()
        body = json.dumps({"loras": loras}).encode()
        assert await said_by("application/json", {}, body) == Said()


async def test_a_form_says_it_in_fields_before_and_after_files() -> None:
    said = Said("a", "u", True)
    assert await said_by(*await form(model="a", user="u", stream="true", image=b"x" * 9)) == said
    assert (
        await said_by(*await form(image=b"x" * 300_000, model="a", user="u", stream="true")) == said
    )


def parts(*written: tuple[bytes, bytes]) -> tuple[str, dict[str, str], bytes]:
    """A form of parts, by their headers and contents."""
    form = b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % part for part in written) + b"--b--\r\n"
    return "multipart/form-data", {"Content-Type": "multipart/form-data; boundary=b"}, form


MODEL = b'Content-Disposition: form-data; name="model"'
USER = b'Content-Disposition: form-data; name="user"'
IMAGE = b'Content-Disposition: form-data; name="image"; filename="a.png"'


async def test_fields_are_read_as_replicas_read_them_and_within_bounds() -> None:
    encoded = MODEL + b"\r\nContent-Type: text/plain; charset=utf-16"
    assert await said_by(*parts((encoded, b"a"), (USER, b"u"))) == Said("a", "u")
    too_large = b"x" * (MAX_FIELD_BYTES + 1)
    assert await said_by(*parts((MODEL, b"a"), (USER, too_large))) == Said("a")


async def test_others_have_their_turn_while_a_large_form_is_read() -> None:
    form = parts((IMAGE, b"\r\n" * (8 * READ_BYTES)), (MODEL, b"a"))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await said_by(*form) == Said("a")
    counting.cancel()
    assert turns > 16


async def test_our_own_form_says_it_in_its_request() -> None:
    body = json.dumps({"model": "b", "user": "u", "stream": True})
    assert await said_by(*await form(model="a", request=body)) == Said("b", "u", True)


async def test_what_is_no_form_says_nothing() -> None:
    kind, headers, body = await form(image=b"x", model="a")
    assert await said_by(kind, headers, body[:-40]) in (Said(), Said("a"))
    assert await said_by(kind, {"Content-Type": "multipart/form-data"}, body) == Said()
    assert await said_by(kind, headers, b"nothing") == Said()
