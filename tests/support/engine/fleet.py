"""A fleet without Ray: the real ingress before real engines, in the test's own process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any

import aiohttp

from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineThread
from diffusion.fleet.catalogue import EngineLost
from diffusion.fleet.ingress import Ingress
from diffusion.fleet.local_server import Asked, Head, LocalServer, head_of
from diffusion.server.admission.connections import BoundedListener
from diffusion.server.app import ImagesApi
from tests.support.engine.inference_server import HeldEngine

LINK_SECRET = b"of links to pictures"


class LocalModel:
    """The replicas of one model, asked in turns. Until `free` is set, requests wait; `lose` breaks
    off all that are answered, as the kill of a process does."""

    def __init__(self, name: str, *, is_rare: bool = False) -> None:
        self.name = name
        self.is_rare = is_rare
        self.servers: list[LocalServer] = []
        self.free = asyncio.Event()
        self.free.set()
        self.asked_everywhere = 0
        self.loras = list[str]()
        self._is_lost = False
        self._open: set[aiohttp.ClientResponse] = set()
        self._turn = 0

    def lose(self) -> None:
        self._is_lost = True
        for response in self._open:
            response.close()

    async def answer(self, asked: Asked, lora: str = "") -> AsyncGenerator[Head | bytes, None]:
        self.loras.append(lora)
        await self.free.wait()
        if self._is_lost:
            raise EngineLost("It is gone.")
        self._turn += 1
        server = self.servers[self._turn % len(self.servers)]
        async with server.ask(asked) as response:
            self._open.add(response)
            try:
                yield head_of(response)
                async for piece in response.content.iter_any():
                    yield piece
            except aiohttp.ClientError as error:
                raise EngineLost("It is gone.") from error
            finally:
                self._open.discard(response)

    async def everywhere(self, asked: Asked) -> Sequence[tuple[int, Head, bytes]]:
        self.asked_everywhere += 1
        told = []
        for number, server in enumerate(self.servers):
            async with server.ask(asked) as response:
                head = Head(response.status, tuple(response.headers.items()))
                told.append((number, head, await response.read()))
        return told


@asynccontextmanager
async def local_fleet(
    *models: tuple[str, Sequence[Engine]], **settings: Any
) -> AsyncIterator[tuple[str, list[LocalModel]]]:
    """The address of an ingress before these engines, by the name of their model."""
    async with AsyncExitStack() as stack:
        served = []
        for name, engines in models:
            model = LocalModel(name)
            for engine in engines:
                model.servers.append(await _replica(stack, engine, settings.get("aliases", ())))
            served.append(model)
        ingress = Ingress(served, LINK_SECRET, **settings)
        listener = BoundedListener(ingress.app(), ingress.connections, shutdown_timeout=5)
        stack.push_async_callback(listener.close)
        _, port = await listener.start("127.0.0.1", 0)
        yield f"http://127.0.0.1:{port}", served


async def _replica(stack: AsyncExitStack, engine: Engine, aliases: Collection[str]) -> LocalServer:
    thread = EngineThread(lambda: nullcontext(engine))
    ended = thread.start()
    stack.push_async_callback(asyncio.wait, [ended])
    stack.callback(thread.stop)
    if isinstance(engine, HeldEngine):
        stack.callback(engine.let_go)
    await thread.ready.wait()
    service = ImagesApi(thread, aliases=aliases, link_secret=LINK_SECRET)
    server = LocalServer(service.app(has_gate=False), service.connections)
    return await stack.enter_async_context(server)
