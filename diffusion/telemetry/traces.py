"""Traces by OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set; else nothing is imported.

The trace of a job has the job's id. So what is recorded of it in several processes, and after a
restart, is one trace, and whoever knows a job finds it.
"""

import functools
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from diffusion.telemetry.recorder import Recorder

P = ParamSpec("P")
T = TypeVar("T")

Attributes = Mapping[str, str | int]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

NOTHING: Attributes = {}

_recorder: "Recorder | None" = None


class TelemetryMissing(Exception):
    """Traces are wanted, and OpenTelemetry is not installed; the message is one sentence."""


def set_up(service: str) -> None:
    """Record traces from now on, if they are wanted. Raises TelemetryMissing."""
    global _recorder
    if not any(map(os.environ.get, ENDPOINTS)):
        return
    try:
        from diffusion.telemetry.recorder import Recorder
    except ImportError as error:
        raise TelemetryMissing(
            f"{ENDPOINTS[0]} is set, and OpenTelemetry is not installed: install "
            "darkroom[telemetry] (docs/observability.md), or leave it empty."
        ) from error
    _recorder = Recorder(service)


def shut_down() -> None:
    """Send what is recorded, for a few seconds at most, and record nothing any more."""
    global _recorder
    if _recorder is not None:
        _recorder.shut_down()
        _recorder = None


def is_on() -> bool:
    return _recorder is not None


@contextmanager
def span(name: str, attributes: Attributes = NOTHING) -> Iterator[None]:
    """Record how long the block takes, as a part of the job that this task works on."""
    if _recorder is None:
        yield
        return
    with _recorder.span(name, attributes):
        yield


def traced(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Record each call of a coroutine function as a span."""

    def decorate(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @functools.wraps(call)
        async def record_call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return await call(*args, **kwargs)

        return record_call

    return decorate


def record(
    name: str, begin_ns: int, end_ns: int | None = None, attributes: Attributes = NOTHING
) -> None:
    """Record what is over already. Times are in nanoseconds since 1970; no end is now."""
    if _recorder is not None:
        _recorder.record(name, begin_ns, end_ns or time.time_ns(), attributes)


def record_job(begin_ns: int, attributes: Attributes) -> None:
    """Record the whole of the job that this task works on, which has just been shown."""
    if _recorder is not None:
        _recorder.record_job(begin_ns, time.time_ns(), attributes)
