"""`python -m benchmarks.surroundings`: what surrounds the bot, in processes of its own.

`playground` runs the stand-in for Discord. `engines URL` runs the stand-ins of engines and passes
on what the bot sends to them and to Discord at `URL`, and notes when. The stand-ins draw pictures
that compress like photos: plain ones would make the bot's work too easy.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from aiohttp import web
from yarl import URL

from playground import Limits, running_playground
from tests.support.engine.sites import site
from tests.support.engines import drawing
from tests.support.engines.comfyui import StandInComfyUI
from tests.support.engines.dialects import speaking, stand_in_of

DIALECTS = ("openai", "vllm-omni", "sglang", "lenient")

READ_BYTES = 1 << 20


@dataclass(slots=True)
class Exchange:
    """A request and its answer. Times are in seconds of Unix time; 0 for what did not happen yet.

    `begun` and `sent` are when the first and the last bytes of the request passed, `answered` and
    `ended` those of the answer. `line` is the method and the path.
    """

    line: str
    begun: float
    sent: float
    answered: float = 0.0
    ended: float = 0.0


class Relay:
    """Passes bytes on to a port and back. `traffic` has what passed, in the order of beginnings."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.traffic: list[Exchange] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Listen until the block ends; yields the port."""
        running: set[asyncio.Task[Any]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            try:
                await self._serve(reader, writer)
            finally:
                running.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=READ_BYTES)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond, there = await asyncio.open_connection("127.0.0.1", self._port, limit=READ_BYTES)
        exchange: Exchange | None = None

        def asked(some: bytes) -> None:
            nonlocal exchange
            now = time.time()
            if exchange is None or exchange.answered:
                line = some.partition(b" HTTP/")[0].decode("latin-1")
                exchange = Exchange(line, now, now)
                self.traffic.append(exchange)
            exchange.sent = now

        def answered(_: bytes) -> None:
            if exchange is not None:
                exchange.ended = time.time()
                exchange.answered = exchange.answered or exchange.ended

        ways = (_pass_on(reader, there, asked), _pass_on(beyond, writer, answered))
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]
) -> None:
    while some := await reader.read(READ_BYTES):
        note(some)
        writer.write(some)
        await writer.drain()
    writer.close()


async def run_playground() -> None:
    async with running_playground(
        limits=replace(Limits(), interaction_deadline=20, buckets={})
    ) as playground:
        print(f"playground: {playground.url}", flush=True)
        await asyncio.Event().wait()


async def run_engines(others: dict[str, str]) -> None:
    """Run the stand-ins, and relays to them and to the `others`, which are addresses by names."""
    drawing.LIKE_PHOTOS = True
    relays: dict[str, Relay] = {}
    async with AsyncExitStack() as opened:

        async def relay(name: str, url: str) -> str:
            port = URL(url).port
            assert port is not None
            relays[name] = Relay(port)
            return f"http://127.0.0.1:{await opened.enter_async_context(relays[name].serving())}"

        async def passed_by(request: web.Request) -> web.Response:
            """What has passed since the last time."""
            relayed = relays[request.match_info["name"]]
            passed, relayed.traffic = relayed.traffic, []
            return web.json_response([asdict(one) for one in passed])

        urls = {name: await relay(name, url) for name, url in others.items()}
        for kind in DIALECTS:
            url = (await opened.enter_async_context(speaking(stand_in_of(kind), kind))).url
            urls[kind] = await relay(kind, url)
        comfyui = await opened.enter_async_context(StandInComfyUI().serving())
        urls["comfyui"] = await relay("comfyui", comfyui)
        app = web.Application()
        app.router.add_get("/traffic/{name}", passed_by)
        urls["traffic"] = await opened.enter_async_context(site(app))
        for name, url in urls.items():
            print(f"{name}: {url}", flush=True)
        print("all there", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("playground", "engines"))
    parser.add_argument("others", nargs="*", metavar="NAME=URL")
    chosen = parser.parse_args()
    others = dict(one.split("=", 1) for one in chosen.others)
    asyncio.run(run_playground() if chosen.what == "playground" else run_engines(others))


if __name__ == "__main__":
    main()
