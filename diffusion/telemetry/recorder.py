"""Records spans with OpenTelemetry's SDK, and sends them by OTLP over HTTP.

Imported only where traces are wanted: it needs `darkroom[telemetry]`. The SDK reads its other
settings (`OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and so on) from the environment.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from diffusion.telemetry.job_context import current_job, current_span, root_span
from diffusion.telemetry.redaction import redacted

SHUTDOWN_TIMEOUT_S = 3.0
"""How long a process that ends waits for the last spans to be sent."""

_forced: ContextVar[tuple[int, int] | None] = ContextVar("forced ids", default=None)
"""The ids of the trace and the span that is made next: those of a job's root."""


class _Ids:
    """OpenTelemetry's `IdGenerator`: random ids, but those of a job for its root."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        ids = _forced.get()
        return ids[0] if ids else int(self._random.generate_trace_id())

    def generate_span_id(self) -> int:
        ids = _forced.get()
        return ids[1] if ids else int(self._random.generate_span_id())

    def is_trace_id_random(self) -> bool:
        """W3C's meaning: the last 56 bits are. In the ids of jobs, which are UUIDs, they are."""
        return True


class Recorder:
    """Spans of the jobs that tasks work on."""

    def __init__(self, service: str) -> None:
        # A name in the environment (OTEL_SERVICE_NAME) wins.
        resource = Resource.create({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(
            resource=resource, id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("darkroom")

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str | int]) -> Iterator[None]:
        begun = self._begin(name, None, attributes)
        context = begun.get_span_context()
        before = current_span.set(f"{context.span_id:016x}-{int(context.trace_flags):02x}")
        try:
            yield
        except Exception as error:
            reason = redacted(f"{type(error).__name__}: {error}")
            begun.set_status(Status(StatusCode.ERROR, reason))
            raise
        finally:
            current_span.reset(before)
            begun.end()

    def record(
        self, name: str, begin_ns: int, end_ns: int, attributes: Mapping[str, str | int]
    ) -> None:
        self._begin(name, begin_ns, attributes).end(max(begin_ns, end_ns))

    def record_job(self, begin_ns: int, end_ns: int, attributes: Mapping[str, str | int]) -> None:
        job_id = current_job.get()
        before = _forced.set((int(job_id, 16), int(root_span(job_id), 16)))
        try:
            root = self._tracer.start_span(
                "job", Context(), SpanKind.SERVER, dict(attributes), start_time=begin_ns
            )
        finally:
            _forced.reset(before)
        root.end(max(begin_ns, end_ns))

    def shut_down(self) -> None:
        """Send the rest, unless the receiver takes too long."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(SHUTDOWN_TIMEOUT_S)

    def _begin(self, name: str, begin_ns: int | None, attributes: Mapping[str, str | int]) -> Span:
        return self._tracer.start_span(
            name, self._parent(), attributes=dict(attributes), start_time=begin_ns
        )

    def _parent(self) -> Context:
        """The span that this task is in, or else the root of the job that it works on."""
        job_id = current_job.get()
        if not job_id:
            return Context()
        span_id, _, flags = current_span.get().partition("-")
        parent = SpanContext(
            trace_id=int(job_id, 16),
            span_id=int(span_id or root_span(job_id), 16),
            is_remote=True,
            trace_flags=TraceFlags(int(flags, 16)) if flags else self._flags(int(job_id, 16)),
        )
        return set_span_in_context(NonRecordingSpan(parent), Context())

    def _flags(self, trace_id: int) -> TraceFlags:
        """Whether a job is recorded: by its id, so the same in all processes."""
        decision = self._provider.sampler.should_sample(Context(), trace_id, "job").decision
        return TraceFlags(TraceFlags.SAMPLED if decision.is_sampled() else TraceFlags.DEFAULT)
