"""An inference server in the test's own process, on a free port, with the tiny model."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineThread
from diffusion.engine.events import EngineEvent
from diffusion.loading.load import Checkpoint
from diffusion.server.admission.connections import BoundedListener
from diffusion.server.app import ImagesApi
from tests.support.engine.inference_requests import EightRows
from tests.support.engine.sites import site as site


class HeldEngine(Engine):
    """An engine whose steps wait until the test lets them happen."""

    def __init__(self, checkpoint: Checkpoint, max_waiting: int) -> None:
        super().__init__(checkpoint, max_waiting, EightRows())
        self._allowed = threading.Semaphore(0)
        self._free = False

    def let(self, steps: int) -> None:
        for _ in range(steps):
            self._allowed.release()

    def let_go(self) -> None:
        self._free = True
        self._allowed.release()

    def step(self) -> list[EngineEvent]:
        if not self._free:
            self._allowed.acquire()
        return super().step()


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server: where, its worker, and what tells that the worker's thread has ended."""

    url: str
    service: ImagesApi
    engine_thread: EngineThread
    ended: asyncio.Future[None]

    @property
    def engine(self) -> Engine:
        return self.engine_thread.engine


@asynccontextmanager
async def serving(
    load: Callable[[], Engine],
    api_key: str | None = None,
    wait: bool = True,
    *,
    aliases: Collection[str] = (),
    origins: Collection[str] = (),
) -> AsyncIterator[Serving]:
    """Serve until the block ends; with `wait`, from when the engine is loaded."""
    engine_thread = EngineThread(lambda: nullcontext(load()))
    service = ImagesApi(engine_thread, api_key, aliases=aliases, origins=origins)
    listener = BoundedListener(service.app(), service.connections, shutdown_timeout=5)
    _, port = await listener.start("127.0.0.1", 0)
    ended = engine_thread.start()
    if wait:
        await engine_thread.ready.wait()
    try:
        yield Serving(f"http://127.0.0.1:{port}", service, engine_thread, ended)
    finally:
        engine_thread.stop()
        await listener.close()
        await asyncio.wait([ended])


@asynccontextmanager
async def held(
    checkpoint: Checkpoint, max_waiting: int = 64
) -> AsyncIterator[tuple[Serving, HeldEngine]]:
    """A server whose engine makes no step before it is let."""
    engine = HeldEngine(checkpoint, max_waiting)
    async with serving(lambda: engine) as server:
        try:
            yield server, engine
        finally:
            engine.let_go()
