"""The one thread that runs the engine, and the bridge between it and the event loop.

The event loop stays free to answer while a step runs. Knows the engine's events, not HTTP's.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from diffusion.engine import Broken, Drawn, Engine, EngineEvent
from diffusion.protocol import ImageRequest


class NotServing(Exception):
    """The engine is not there: still loading, or about to stop."""

    def __init__(self) -> None:
        super().__init__("The model is not there: it is loading, or the server is stopping.")


class Following:
    """The events of one request as they come. Closing it drops the request if it has not ended."""

    def __init__(self, worker: "Worker", first: EngineEvent) -> None:
        self.key = first.key
        self._worker = worker
        self._events: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._events.put_nowait(first)
        self._ended = False

    def tell(self, event: EngineEvent | None) -> None:
        """Pass an event on; None says that no more will come."""
        self._events.put_nowait(event)

    async def next(self) -> EngineEvent:
        """The next event. Raises NotServing if the worker stops before the request has ended."""
        event = await self._events.get()
        if event is None:
            raise NotServing
        self._ended = isinstance(event, Drawn | Broken)
        return event

    def close(self) -> None:
        self._worker.forget(self.key, abort=not self._ended)


class Worker:
    """Loads the engine in its thread and steps it for as long as there is something to do.

    All public methods belong to the event loop.
    """

    def __init__(self, load: Callable[[], Engine]) -> None:
        self.ready = asyncio.Event()
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "engine")
        self._engine: Engine | None = None
        self._following: dict[int, Following] = {}
        self._wake = threading.Event()
        self._stopping = False

    def start(self) -> asyncio.Future[None]:
        """Begin. The future is done when the thread has ended, with what it raised, if it did."""
        ended = self._loop.run_in_executor(self._thread, self._run)
        ended.add_done_callback(lambda _: self.stop())
        return ended

    @property
    def engine(self) -> Engine:
        """The engine. Raises NotServing while it loads and once it stops."""
        if self._engine is None or self._stopping:
            raise NotServing
        return self._engine

    def follow(self, request: ImageRequest, previews: int) -> Following:
        """Hand a request to the engine. Raises NotServing and scheduler.QueueFull."""
        following = Following(self, self.engine.add(request, previews))
        self._following[following.key] = following
        self._wake.set()
        return following

    def forget(self, key: int, abort: bool) -> None:
        """Pass on no more events of a request, and drop it from the engine if `abort`."""
        del self._following[key]
        if abort and self._engine is not None:
            self._engine.abort(key)

    def stop(self) -> None:
        """Take no new requests, end the thread after the step it is in, tell those who wait."""
        self._stopping = True
        self._wake.set()
        self._thread.shutdown(wait=False)
        for following in self._following.values():
            following.tell(None)

    def _run(self) -> None:
        engine = self._load()
        self._loop.call_soon_threadsafe(self._begin, engine)
        while not self._stopping:
            if len(engine):
                self._loop.call_soon_threadsafe(self._deliver, engine.step())
            else:
                self._wake.wait()
                self._wake.clear()

    def _begin(self, engine: Engine) -> None:
        self._engine = engine
        self.ready.set()

    def _deliver(self, events: list[EngineEvent]) -> None:
        for event in events:
            # A request may have been dropped while the step ran.
            if event.key in self._following:
                self._following[event.key].tell(event)
