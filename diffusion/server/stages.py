"""The stages of a request as spans: it waits in the queue, makes its steps, is decoded."""

import time

from diffusion.engine.engine_thread import EventStream
from diffusion.engine.events import EngineEvent, GenerationFinished
from diffusion.telemetry import traces


class TracedStream:
    """The events of one request, as they are; their times are recorded."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._received_ns = time.time_ns()

    async def next(self) -> EngineEvent:
        """As `EventStream.next`."""
        event = await self._stream.next()
        if isinstance(event, GenerationFinished) and event.began_ns:
            traces.record("queue", self._received_ns, event.began_ns)
            traces.record("steps", event.began_ns, event.drawn_ns)
            traces.record("decode", event.drawn_ns)
        return event

    def close(self) -> None:
        self._stream.close()
