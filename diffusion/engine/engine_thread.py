"""Runs the engine in one thread of its own, and passes its events to the asyncio event loop.

The event loop stays free to answer requests while a step runs.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from enum import Enum

from diffusion.engine.engine import Engine
from diffusion.engine.events import EngineEvent, GenerationFailed, GenerationFinished
from diffusion.engine.scheduler import NOBODY
from diffusion.engine.shares import Caller
from diffusion.protocol.requests import ImageRequest
from diffusion.vision.inpainting import InpaintCanvas


class EngineState(Enum):
    """Whether the engine takes requests."""

    LOADING = "loading"
    READY = "ready"
    STOPPING = "stopping"


class NotServing(Exception):
    """The engine takes no requests: it is still loading, or about to stop."""

    def __init__(self, state: EngineState) -> None:
        super().__init__(f"The server is {state.value}; ask again soon.")


class EventStream:
    """The events of one request as they arrive. Closing it aborts a request that has not ended."""

    def __init__(self, engine_thread: "EngineThread", first: EngineEvent) -> None:
        self.key = first.key
        self._engine_thread = engine_thread
        self._events: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._events.put_nowait(first)
        self._ended = False

    def tell(self, event: EngineEvent | None) -> None:
        """Queue an event; None means that there will be no more."""
        self._events.put_nowait(event)

    async def next(self) -> EngineEvent:
        """The next event. Raises NotServing if the engine stops before the request has ended."""
        event = await self._events.get()
        if event is None:
            raise NotServing(EngineState.STOPPING)
        self._ended = isinstance(event, GenerationFinished | GenerationFailed)
        return event

    def close(self) -> None:
        self._engine_thread.forget(self.key, abort=not self._ended)


class EngineThread:
    """Loads the engine in its thread and steps it as long as there are requests.

    `load` is entered and left in that thread. Call all public methods from the event loop.
    """

    def __init__(self, load: Callable[[], AbstractContextManager[Engine]]) -> None:
        self.ready = asyncio.Event()
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "engine")
        self._engine: Engine | None = None
        self._following: dict[int, EventStream] = {}
        self._wake = threading.Event()
        self._draining = False
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self) -> asyncio.Future[None]:
        """Start the thread. The future is done when the thread ends, with its exception if any."""
        ended = self._loop.run_in_executor(self._thread, self._run)
        ended.add_done_callback(lambda _: self.stop())
        return ended

    @property
    def engine(self) -> Engine:
        """The engine. Raises NotServing while it loads and once it stops."""
        if self._engine is None or self._stopping:
            raise NotServing(self.state)
        return self._engine

    @property
    def state(self) -> EngineState:
        if self._draining or self._stopping:
            return EngineState.STOPPING
        return EngineState.LOADING if self._engine is None else EngineState.READY

    def follow(
        self,
        request: ImageRequest,
        previews: int,
        canvas: InpaintCanvas | None = None,
        caller: Caller = NOBODY,
    ) -> EventStream:
        """Add a request to the engine. Raises NotServing, QueueFull and TextTooLong."""
        if self._draining:
            raise NotServing(self.state)
        following = EventStream(self, self.engine.add(request, previews, canvas, caller))
        self._following[following.key] = following
        self._idle.clear()
        self._wake.set()
        return following

    def forget(self, key: int, abort: bool) -> None:
        """Stop passing on the events of a request; with `abort`, drop it from the engine."""
        del self._following[key]
        if not self._following:
            self._idle.set()
        if abort and self._engine is not None:
            self._engine.abort(key)

    async def drain(self, seconds: float) -> None:
        """Take no new requests, wait at most `seconds` for the running ones, then stop."""
        self._draining = True
        if self._engine is not None:
            for key in self._engine.drop_waiting():
                if key in self._following:
                    self._following[key].tell(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()
        self.stop()

    def stop(self) -> None:
        """Take no new requests and end the thread after its current step; ends all streams."""
        self._stopping = True
        self._wake.set()
        self._thread.shutdown(wait=False)
        for following in self._following.values():
            following.tell(None)

    def _run(self) -> None:
        with self._load() as engine:
            engine.when_finished(self._collect_soon)
            self._loop.call_soon_threadsafe(self._begin, engine)
            while not self._stopping:
                if len(engine):
                    self._loop.call_soon_threadsafe(self._deliver, engine.step())
                elif not engine.rest():
                    self._wake.wait()
                    self._wake.clear()

    def _begin(self, engine: Engine) -> None:
        self._engine = engine
        self.ready.set()

    def _collect_soon(self) -> None:
        """Pass on finished pictures without waiting for the running step."""
        # The loop may be closed by the time the last picture is finished.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._collect)

    def _collect(self) -> None:
        if self._engine is not None:
            self._deliver(self._engine.finished())

    def _deliver(self, events: list[EngineEvent]) -> None:
        for event in events:
            # A request may have been dropped while the step ran.
            if event.key in self._following:
                self._following[event.key].tell(event)
