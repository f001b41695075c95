"""Connections that never get anywhere, over real sockets: others are answered all the same."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.server.admission import bodies, connections
from diffusion.server.admission.bodies import MAX_BODY_BYTES, Bodies
from diffusion.server.admission.connections import Connections
from diffusion.server.app import ImagesApi
from diffusion.server.uploads import MAX_UPLOAD_BYTES
from tests.support.engine.image_uploads import saved, scene
from tests.support.engine.inference_server import Serving, held, serving

HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
JSON_HEAD = (
    b"POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)
FORM_HEAD = (
    b"POST /v1/images/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000000\r\n\r\n"
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
)
ROUTES = (b"edits", b"upscales", b"descriptions")


class Line:
    """One connection by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, sent: bytes) -> None:
        self._writer.write(sent)
        await self._writer.drain()

    async def status(self) -> int:
        """That of the next answer."""
        line = await self._reader.readline()
        return int(line.split()[1])

    async def ended(self) -> bytes:
        """What came until the other side closed it."""
        try:
            return await self._reader.read()
        except ConnectionError:
            return b""

    @property
    def open(self) -> bool:
        return not self._reader.at_eof() and self._reader.exception() is None

    def close(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def lines(url: str, count: int = 1, sent: bytes = b"") -> AsyncIterator[list[Line]]:
    port = int(url.rsplit(":", 1)[1])
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            line = Line(*await asyncio.open_connection("127.0.0.1", port))
            stack.callback(line.close)
            if sent:
                await line.send(sent)
            opened.append(line)
        yield opened


async def _health(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url + "/health") as response:
        return response.status


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - other threads and sockets change it
            await asyncio.sleep(0.001)


async def _until_held(service: ImagesApi, count: int) -> None:
    await _until(lambda: service.bodies.held == count)


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny)) as running:
        yield running


@pytest.fixture(autouse=True)
def no_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a refused body never comes here."""
    monkeypatch.setattr(connections, "LINGER_TIMEOUT_S", 0.1)


# Connections and heads.


@asynccontextmanager
async def _process(folder: Path, cache: Path, descriptors: int) -> AsyncIterator[str]:
    """`python -m diffusion` that may have so many descriptors; yields its address."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    process = subprocess.Popen(  # noqa: ASYNC220 - asyncio's own knows no limits
        [sys.executable, "-m", "diffusion", "--port", "0", "--model", folder],
        cwd=Path(__file__).parents[3],
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=limit,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert line.startswith("inference ready at ")
        yield line.split()[3]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
async def test_three_hundred_half_heads_lock_nobody_out_of_two_hundred_descriptors(
    tiny_folder: Path, tmp_path: Path
) -> None:
    async with (
        _process(tiny_folder, tmp_path, 200) as url,
        lines(url, 300, HALF_A_HEAD) as opened,
        asyncio.timeout(60),
    ):
        for _ in range(3):
            assert await _health(url) == 200
        # Those that waited longest have made room.
        await opened[0].ended()


async def test_bodies_that_stand_still_leave_room_for_health(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 16)
    async with (
        serving(lambda: Engine(tiny)) as server,
        lines(server.url, 40, JSON_HEAD),
        asyncio.timeout(60),
    ):
        for _ in range(3):
            assert await _health(server.url) == 200
        async with lines(server.url, 1, JSON_HEAD) as (line,):
            assert await line.status() == 503
            assert b"Retry-After: 5" in await line.ended()


async def test_a_head_that_never_ends_is_given_up(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.2)
    async with serving(lambda: Engine(tiny)) as server, asyncio.timeout(60):
        async with lines(server.url) as (silent,), lines(server.url) as (slow,):
            for byte in HALF_A_HEAD[:10]:
                await slow.send(bytes([byte]))
            await silent.ended()
            await slow.ended()
        async with lines(server.url) as (second,):
            # Neither may the head after an answer take for ever.
            await second.send(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + HALF_A_HEAD)
            assert (await second.ended()).startswith(b"HTTP/1.1 200")


async def test_who_waits_longest_makes_room_and_who_is_answered_does_not(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 8)
    async with held(tiny) as (server, engine), asyncio.timeout(60):
        body = b'{"prompt": "a fox", "num_inference_steps": 1}'
        head = JSON_HEAD.removesuffix(b"{").replace(b"100", b"%d" % len(body))
        async with lines(server.url, 1, head + body) as (asked,):
            await _until(lambda: engine.waiting)
            async with lines(server.url, 20, HALF_A_HEAD) as waiting:
                await asyncio.gather(*(line.ended() for line in waiting[:12]))
                assert len(server.service.connections) <= 8
                assert waiting[-1].open
                engine.let_go()
                assert await asked.status() == 200


async def test_who_takes_nothing_of_an_answer_is_given_up(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SEND_TIMEOUT_S", 0.2)
    # The answer is some megabytes, more than a socket buffers.
    prompt = "/" + "x" * 4000
    async with serving(lambda: Engine(tiny)) as server, asyncio.timeout(60):
        monkeypatch.setattr(server.service._metrics, "text", lambda: b"x" * (1 << 24))
        head = f"GET /metrics?{prompt} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        async with lines(server.url, 1, head):
            await _until(lambda: len(server.service.connections))
            await _until(lambda: not len(server.service.connections))


# Bodies.


@pytest.mark.parametrize("route", ROUTES)
async def test_unfinished_forms_hold_no_more_than_the_bound(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, route: bytes
) -> None:
    most = 1 << 20
    monkeypatch.setattr(bodies, "MAX_HELD_BYTES", most)
    async with serving(lambda: Engine(tiny)) as server, asyncio.timeout(60):
        service = server.service
        chunk = b"x" * (most // 8)
        async with lines(server.url, 12, FORM_HEAD % route) as opened:
            for line in opened:
                await line.send(chunk)
            statuses = [await line.status() for line in opened[6:]]
            # One address holds three quarters of the room, and the rest are told when to come.
            assert statuses == [503] * 6
            assert 0 < service.bodies.held <= most * 3 // 4
        await _until_held(service, 0)


async def test_twelve_bodies_of_a_form_stay_within_the_bound(server: Serving) -> None:
    """The real bound, by what is counted: 34 MiB each, and never more than half a GiB in all."""
    assert bodies.MAX_HELD_BYTES == 1 << 29
    sizes = Bodies()
    assert sizes.held == 0
    assert 2 * MAX_UPLOAD_BYTES + (2 << 20) == 34 << 20
    async with lines(server.url, 1, FORM_HEAD % b"edits") as (line,), asyncio.timeout(60):
        # A part that is too large is refused before it is whole, and let go of.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("diffusion.server.uploads.MAX_UPLOAD_BYTES", 1 << 16)
            await line.send(b"x" * (1 << 17))
            assert await line.status() == 400
        await _until_held(server.service, 0)


@pytest.mark.parametrize("sent", [JSON_HEAD, *(FORM_HEAD % route + b"x" for route in ROUTES)])
async def test_a_body_that_stands_still_is_given_up(
    server: Serving, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(bodies, "BODY_SILENCE_TIMEOUT_S", 0.1)
    async with lines(server.url, 1, sent) as (line,), asyncio.timeout(60):
        assert await line.status() == 408
        assert b"too_slow" in await line.ended()
    await _until_held(server.service, 0)


async def test_a_body_that_only_trickles_is_given_up(
    server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.3)
    async with lines(server.url, 1, JSON_HEAD) as (line,), asyncio.timeout(60):
        answer = asyncio.create_task(line.status())
        while not answer.done():
            await line.send(b" ")
            await asyncio.sleep(0.005)
        assert await answer == 408


async def test_what_a_form_has_become_is_counted_until_its_request_ends(tiny: Checkpoint) -> None:
    async with held(tiny) as (server, engine), asyncio.timeout(60):
        form = aiohttp.FormData({"prompt": "a fox", "size": "64x64"})
        form.add_field("image", saved(scene()), filename="image.png")
        async with aiohttp.ClientSession() as session:
            asking = asyncio.create_task(session.post(server.url + "/v1/images/edits", data=form))
            await _until(lambda: engine.waiting)
            # The pixels; the file is no longer held.
            assert server.service.bodies.held == 64 * 64 * 3
            asking.cancel()
            await _until_held(server.service, 0)


async def test_hanging_up_in_a_body_lets_go_of_it(
    server: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async with lines(server.url, 3, FORM_HEAD % b"upscales" + b"x" * 70_000), asyncio.timeout(60):
        await _until(lambda: server.service.bodies.held)
    async with asyncio.timeout(60):
        await _until_held(server.service, 0)
    assert not caplog.records


async def test_a_form_of_many_fields_is_refused(server: Serving) -> None:
    form = aiohttp.FormData(default_to_multipart=True)
    for number in range(3):
        form.add_field(f"field{number}", "x" * (MAX_BODY_BYTES - 1))
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url + "/v1/images/edits", data=form) as response,
    ):
        error: dict[str, Any] = (await response.json())["error"]
    assert response.status == 400
    assert "larger than 2 MiB" in error["message"]


def test_the_bound_leaves_descriptors_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for descriptors, most in ((64, 8), (200, 108), (1024, 512), (resource.RLIM_INFINITY, 512)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, soft=descriptors: (soft, soft))
        bound = Connections()
        assert bound.most == most
        if most > 8:
            assert bound.most + bound.backlog + 32 <= descriptors or most == 512
