"""The client: against our server, against foreign ones, and against ones that answer nonsense."""

import asyncio
import base64
import io
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.protocol import client as client_module
from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.events import Event, Failed, Finished, Progress, Queued
from diffusion.protocol.models import MAX_MODELS
from diffusion.protocol.requests import Noise
from diffusion.protocol.stream_parser import (
    LINE_BYTES,
    MAX_EVENT_BYTES,
    MAX_JSON_VALUES,
    InferenceRefused,
    events_in,
    parsed,
)
from tests.support.engine.inference_requests import a_request
from tests.support.engine.inference_server import Serving, held, serving, site

Answer = Callable[[web.Request], Any]


async def _ask(url: str, previews: int = 0, key: str | None = None, **changes: Any) -> list[Event]:
    async with InferenceClient(url, key) as client:
        generated = client.generate(a_request(**changes), previews=previews)
        return [event async for event in generated]


# Our own server.


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny)) as running:
        yield running


async def test_models_are_read(server: Serving) -> None:
    async with InferenceClient(server.url + "/") as client:
        (model,) = await client.models()
    assert model == server.engine.checkpoint.info


async def test_a_request_is_followed_from_queue_to_pictures(server: Serving) -> None:
    events = await _ask(server.url, previews=1, steps=4)
    assert events[0] == Queued(0)
    progress = [event for event in events if isinstance(event, Progress)]
    assert [(one.step, one.steps, len(one.previews)) for one in progress] == [
        (1, 4, 0),
        (2, 4, 2),
        (3, 4, 0),
    ]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert events == [Queued(0), *progress, finished]
    for file in (*progress[1].previews, *finished.pictures):
        assert Image.open(io.BytesIO(file)).size == (64, 64)
    assert finished.pictures[0] != finished.pictures[1]


async def test_the_address_may_end_as_other_clients_want_it(server: Serving) -> None:
    assert isinstance((await _ask(server.url + "/v1"))[-1], Finished)


async def test_what_the_server_refuses_is_failed_in_its_words(server: Serving) -> None:
    assert await _ask(server.url, model="other") == [
        Failed("There is no model “other”. Known: tiny.")
    ]


async def test_a_failure_in_the_stream_is_failed(
    server: Serving, tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny.decoder, "picture", lambda _: 1 / 0)
    assert isinstance((await _ask(server.url))[-1], Failed)


async def test_a_key_that_is_missing_or_wrong_is_failed(tiny: Checkpoint) -> None:
    async with serving(lambda: Engine(tiny), api_key="sesame") as server:
        for key in (None, "other"):
            (event,) = await _ask(server.url, key=key)
            assert isinstance(event, Failed)
            assert "key" in event.reason
            async with InferenceClient(server.url, key) as client:
                with pytest.raises(InferenceRefused):
                    await client.models()
        assert isinstance((await _ask(server.url, key="sesame"))[-1], Finished)


async def test_a_full_queue_is_unavailable_with_a_time(tiny: Checkpoint) -> None:
    async with (
        held(tiny, max_waiting=1) as (server, _),
        InferenceClient(server.url) as client,
        aclosing(client.generate(a_request(), previews=0)) as first,
    ):
        assert await anext(first) == Queued(0)
        with pytest.raises(InferenceUnavailable) as unavailable:
            await _ask(server.url)
    assert unavailable.value.retry_after is not None
    assert unavailable.value.retry_after >= 1


async def test_closing_the_iterator_frees_the_rows(tiny: Checkpoint) -> None:
    async with held(tiny) as (server, engine), InferenceClient(server.url) as client:
        async with aclosing(client.generate(a_request(steps=100), previews=0)) as events:
            await anext(events)
            engine.let(1)
            assert await anext(events) == Progress(1, 100)
        while len(engine):  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_server_that_stops_is_unavailable(tiny: Checkpoint) -> None:
    async with held(tiny) as (server, _), InferenceClient(server.url) as client:
        async with aclosing(client.generate(a_request(), previews=0)) as events:
            await anext(events)
            server.engine_thread.stop()
            with pytest.raises(InferenceUnavailable) as unavailable:
                await anext(events)
            # It says so: no request is to blame.
            assert not unavailable.value.broke_off
        with pytest.raises(InferenceUnavailable):
            await client.models()


async def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InferenceUnavailable) as unavailable:
            await _ask(url)
        assert unavailable.value.retry_after is None
        assert not unavailable.value.broke_off
        async with InferenceClient(url) as client:
            with pytest.raises(InferenceUnavailable):
                await client.models()


async def test_many_follow_at_once(server: Serving) -> None:
    answers = await asyncio.gather(
        *(_ask(server.url, noises=(Noise(seed),)) for seed in (1, 2, 3, 1))
    )
    pictures = [answer[-1] for answer in answers]
    assert pictures[0] == pictures[3]
    assert pictures[0] != pictures[1]


# Foreign servers, which speak OpenAI's Images API and know none of our fields.


def _png(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(stream, "PNG")
    return stream.getvalue()


def _text(file: bytes) -> str:
    return base64.b64encode(file).decode()


RED, BLUE = _png("red"), _png("blue")


async def _stream(request: web.Request, *blocks: str | bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    for block in blocks:
        await response.write(block.encode() if isinstance(block, str) else block)
    await response.write_eof()
    return response


def _event(kind: str, **content: Any) -> str:
    return f"data: {json.dumps({'type': f'image_generation.{kind}', **content})}\n\n"


async def _asked_of(answer: Answer, previews: int = 0, **changes: Any) -> list[Event]:
    app = web.Application()

    async def generate(request: web.Request) -> web.StreamResponse:
        answered: web.StreamResponse = await answer(request)
        return answered

    async def health(_request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_post("/v1/images/generations", generate)
    app.router.add_get("/health", health)
    async with site(app) as url:
        return await _ask(url, previews, **changes)


async def test_a_user_and_a_password_in_the_address_are_sent_and_not_shown() -> None:
    heard: list[tuple[str, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((str(request.url), request.headers.get("Authorization")))
        return web.Response(status=401)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with site(app) as url:
        address = url.replace("http://", "http://ada:p%40ss%C3%A9@") + "/behind/v1"
        async with InferenceClient(address) as client:
            with pytest.raises(InferenceRefused) as refused:
                await client.models()
    credentials = base64.b64encode("ada:p@ssé".encode()).decode()
    assert heard == [(f"{url}/behind/v1/models", f"Basic {credentials}")]
    assert "p@ss" not in str(refused.value)
    assert "p%40" not in str(refused.value)


async def test_an_answer_in_one_piece_is_enough() -> None:
    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        assert (body["n"], body["seed"], body["size"]) == (2, 1, "64x64")
        assert (body["stream"], body["response_format"]) == (True, "b64_json")
        entries = [{"b64_json": _text(RED), "revised_prompt": "x"}, {"b64_json": _text(BLUE)}]
        return web.json_response({"created": 1, "data": entries, "usage": {}})

    assert await _asked_of(answer) == [Finished((RED, BLUE))]


async def test_a_stream_without_our_fields_is_enough() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await _stream(
            request,
            _event("partial_image", b64_json=_text(RED), partial_image_index=0),
            _event("partial_image", b64_json=_text(BLUE), partial_image_index=1),
            _event("completed", b64_json=_text(BLUE), usage={"total_tokens": 5}),
            "data: [DONE]\n\n",
        )

    assert await _asked_of(answer, previews=3, noises=(Noise(1),)) == [
        Progress(1, 4, (RED,)),
        Progress(2, 4, (BLUE,)),
        Finished((BLUE,)),
    ]


async def test_pictures_may_come_in_any_order_and_pieces() -> None:
    """With names, comments, carriage returns, unknown events, and cut anywhere."""
    whole = (
        ": hello\r\n\r\n"
        "event: image_generation.completed\r\n"
        f"{_event('completed', b64_json=_text(BLUE), index=1).strip()}\r\n\r\n"
        "id: 5\nretry: 10\n"
        f"{_event('invented', size='x')}"
        f"{_event('completed', b64_json=_text(RED), index=0)}"
    ).encode()

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _stream(request, *(whole[at : at + 7] for at in range(0, len(whole), 7)))

    assert await _asked_of(answer) == [Finished((RED, BLUE))]


async def test_an_event_may_be_larger_than_a_line_usually_is() -> None:
    large = RED + b"\0" * 3_000_000

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _stream(request, _event("completed", b64_json=_text(large)))

    assert await _asked_of(answer, noises=(Noise(1),)) == [Finished((large,))]


# Nonsense.


def _plain(body: str | bytes, kind: str = "application/json", status: int = 200) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        text = body.encode() if isinstance(body, str) else body
        return web.Response(body=text, content_type=kind, status=status)

    return answer


def _streamed(*blocks: str | bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await _stream(request, *blocks)

    return answer


def _entries(*texts: Any) -> str:
    return json.dumps({"data": [{"b64_json": text} for text in texts]})


async def _redirect(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/health"})


NONSENSE: dict[str, Answer] = {
    "a page": _plain("<html>Welcome!</html>", "text/html"),
    "nothing": _plain(""),
    "bytes": _plain(b"\xff\xfe\x00"),
    "a list": _plain("[]"),
    "deep JSON": _plain("[" * 100_000),
    "no pictures": _plain("{}"),
    "pictures of another kind": _plain('{"data": 5}'),
    "an entry of another kind": _plain('{"data": [5, 6]}'),
    "too few pictures": _plain(_entries(_text(RED))),
    "links": _plain('{"data": [{"url": "http://127.0.0.1/a.png"}, {"url": "x"}]}'),
    "no base64": _plain(_entries("é!", "?")),
    "no picture": _plain(_entries(_text(b"GIF89a"), _text(b"GIF89a"))),
    "an empty picture": _plain(_entries("", "")),
    "half a WebP": _plain(_entries(_text(b"RIFF1234WAVE"), _text(b"RIFF1234WAVE"))),
    "an error called 200": _plain('{"error": {"message": "out of paint"}}'),
    "an error page": _plain("<html>", "text/html", 404),
    "an error in text": _plain("no", "text/plain", 400),
    "another status": _plain("", status=204),
    "a redirect": _redirect,
    "a stream of no JSON": _streamed("data: hello\n\n"),
    "a stream of other JSON": _streamed("data: 5\n\n"),
    "a stream of bytes": _streamed(b"data: \xff\xfe\n\n"),
    "a stream that ends": _streamed(_event("queued", position=0)),
    "an empty stream": _streamed(),
    "a stream done too early": _streamed("data: [DONE]\n\n"),
    "a stream with one picture of two": _streamed(_event("completed", b64_json=_text(RED))),
    "a picture twice": _streamed(*[_event("completed", b64_json=_text(RED), index=1)] * 2),
    "a picture too many": _streamed(_event("completed", b64_json=_text(RED), index=7)),
    "a strange index": _streamed(_event("completed", b64_json=_text(RED), index="0")),
    "a strange step": _streamed(_event("progress", step="one", steps=2)),
    "a strange preview": _streamed(_event("partial_image", b64_json="AAAA")),
    "an error in the stream": _streamed('data: {"error": {"message": "out of paint"}}\n\n'),
    "an error of a strange kind": _streamed('data: {"type": "error", "error": [1]}\n\n'),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_failed_in_one_sentence(name: str) -> None:
    events = await _asked_of(NONSENSE[name])
    failed = events.pop()
    assert isinstance(failed, Failed)
    assert 10 <= len(failed.reason) < 600
    assert all(isinstance(event, Queued) for event in events)


async def test_a_servers_own_words_are_kept_but_not_all_of_them() -> None:
    error = {"error": {"message": "out of paint", "code": None}}
    assert await _asked_of(_plain(json.dumps(error), status=500)) == [Failed("out of paint")]
    (failed,) = await _asked_of(_plain(json.dumps({"error": "x" * 10_000}), status=500))
    assert isinstance(failed, Failed)
    assert len(failed.reason) == 500


@pytest.mark.parametrize("page", ["Internal Server Error", "<html>", ""])
async def test_a_server_that_broke_without_a_word_about_the_request_may_be_asked_again(
    page: str,
) -> None:
    with pytest.raises(InferenceUnavailable, match="status 500") as broken:
        await _asked_of(_plain(page, "text/html", status=500))
    assert broken.value.broke_off


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_RESPONSE_BYTES", 100_000)
    monkeypatch.setattr("diffusion.protocol.stream_parser.MAX_EVENT_BYTES", 100_000)
    endless = [b"x" * 60_000] * 2
    assert "too large" in str(await _asked_of(_plain(b"".join(endless))))
    assert "too large" in str(await _asked_of(_streamed(*endless)))
    lines = [b"data: " + b"x" * 60_000 + b"\n"] * 2
    assert "too large" in str(await _asked_of(_streamed(*lines)))


async def test_a_server_that_speaks_no_http_is_refused() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        (failed,) = await _ask(url)
    assert isinstance(failed, Failed)


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1", "http://", "http://[::1"])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    (failed,) = await _ask(url)
    assert isinstance(failed, Failed)


@pytest.mark.parametrize("address", ["ftp://ada:correct-horse@127.0.0.1", "//ada:correct-horse@["])
async def test_a_password_in_the_address_is_not_told(address: str) -> None:
    (failed,) = await _ask(address)
    assert isinstance(failed, Failed)
    assert "no inference server" in failed.reason
    assert "horse" not in failed.reason


@pytest.mark.parametrize("body", ["[]", "{}", '{"data": 5}', '{"data": [5]}', '{"data": [{}]}'])
async def test_models_that_are_none_are_refused(body: str) -> None:
    app = web.Application()
    app.router.add_get("/v1/models", _plain(body))
    async with site(app) as url, InferenceClient(url) as client:
        with pytest.raises(InferenceRefused):
            await client.models()


async def test_a_key_that_a_server_repeats_is_not_told() -> None:
    app = web.Application()
    said = json.dumps({"error": {"message": "Invalid token: sk-secret-horse"}})
    app.router.add_post("/v1/images/generations", _plain(said, status=401))
    async with site(app) as url:
        (failed,) = await _ask(url, key="sk-secret-horse")
    assert isinstance(failed, Failed)
    assert failed.reason.endswith("Invalid token: …")


async def test_where_the_server_is_is_not_told() -> None:
    async def speak_no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_no_http, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (failed,) = await _ask(f"http://127.0.0.1:{port}")
    assert isinstance(failed, Failed)
    assert "no inference server" in failed.reason
    assert "127.0.0.1" not in failed.reason


async def test_more_models_than_anybody_has_are_refused() -> None:
    entries = [{"id": str(number)} for number in range(MAX_MODELS + 1)]
    app = web.Application()
    app.router.add_get("/v1/models", _plain(json.dumps({"data": entries})))
    async with site(app) as url, InferenceClient(url) as client:
        with pytest.raises(InferenceRefused, match="more than 1000 models"):
            await client.models()


async def test_an_event_of_lines_without_end_is_refused() -> None:
    """Empty lines are short, but each is kept until the event ends."""
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 4 * (MAX_EVENT_BYTES // LINE_BYTES):
            read += 1000
            yield b"data:\n" * 1000

    with pytest.raises(InferenceRefused, match="too large"):
        async for _ in events_in(chunks()):
            pass
    assert read <= MAX_EVENT_BYTES // LINE_BYTES + 1000


def test_an_answer_of_more_values_than_can_be_read_quickly_is_refused() -> None:
    few = b'{"data": [%s]}' % b",".join([b"[]"] * 10)
    assert parsed(few) == {"data": [[]] * 10}
    with pytest.raises(InferenceRefused, match="too many values"):
        parsed(b'{"data": [%s]}' % b",".join([b"[]"] * MAX_JSON_VALUES))


# Trouble that passes.


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("soon", None), ("-1", None), ("nan", None), (None, None)],
)
async def test_a_status_that_passes_is_unavailable(
    status: int, header: str | None, seconds: float | None
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        headers = {"Retry-After": header} if header else {}
        return web.Response(status=status, headers=headers, text="<html>busy</html>")

    with pytest.raises(InferenceUnavailable) as unavailable:
        await _asked_of(answer)
    assert unavailable.value.retry_after == seconds


async def test_a_stream_that_is_cut_is_unavailable() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(_event("queued", position=3).encode())
        assert request.transport is not None
        request.transport.close()
        return response

    with pytest.raises(InferenceUnavailable) as unavailable:
        await _asked_of(answer)
    assert unavailable.value.broke_off


async def test_a_server_gone_after_a_polite_end_is_unavailable() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await _stream(request, _event("queued", position=0))

    app = web.Application()
    app.router.add_post("/v1/images/generations", answer)
    app.router.add_get("/health", _plain("", status=503))
    async with site(app) as url:
        with pytest.raises(InferenceUnavailable) as unavailable:
            await _ask(url)
    assert unavailable.value.broke_off


async def test_silence_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    monkeypatch.setattr(client_module, "READ_TIMEOUT_S", 0.2)
    with pytest.raises(InferenceUnavailable):
        await _asked_of(answer)
    assert asked.is_set()


async def test_a_stream_of_signs_of_life_alone_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comments keep the connection, but not the job's place for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(b": alive\n\n")
            await asyncio.sleep(0.01)

    monkeypatch.setattr("diffusion.protocol.stream_parser.EVENT_TIMEOUT_S", 0.1)
    with pytest.raises(InferenceUnavailable) as unavailable:
        await _asked_of(answer)
    assert unavailable.value.broke_off


async def test_signs_of_life_keep_a_stream(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's comments come more often than the client's patience ends."""
    monkeypatch.setattr(client_module, "READ_TIMEOUT_S", 2.0)
    monkeypatch.setattr("diffusion.server.app.KEEP_ALIVE_INTERVAL_S", 0.01)
    written = 0
    write = web.StreamResponse.write

    async def counted(self: web.StreamResponse, chunk: Any) -> None:
        nonlocal written
        written += chunk.startswith(b":")
        await write(self, chunk)

    monkeypatch.setattr(web.StreamResponse, "write", counted)
    async with held(tiny) as (server, engine), InferenceClient(server.url) as client:
        events: AsyncGenerator[Event, None]
        async with aclosing(client.generate(a_request(steps=1), previews=0)) as events:
            await anext(events)
            while written < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            engine.let_go()
            assert isinstance(await anext(events), Finished)
