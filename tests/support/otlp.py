"""A receiver of traces: OTLP over HTTP on 127.0.0.1, as a collector has it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A span as it came. Ids are in lower hexadecimal digits; `parent` is empty for a root."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    begin_ns: int
    end_ns: int
    is_error: bool
    everything: str
    """All that is in it, as text."""


@dataclass(slots=True)
class OtlpReceiver:
    """What has come so far."""

    url: str = ""
    spans: list[ReceivedSpan] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def names_of(self, trace: str, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """The services and names of a trace's spans, once those are there or it takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(lambda: wanted <= self._names(trace))
        return self._names(trace)

    def _names(self, trace: str) -> set[tuple[str, str]]:
        return {(one.service, one.name) for one in self.spans if one.trace == trace}

    async def receive(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        async with self._news:
            for resource in sent.resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self.spans += [_read(names["service.name"], span) for span in scope.spans]
            self._news.notify_all()
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type="application/x-protobuf")


@asynccontextmanager
async def receiving() -> AsyncIterator[OtlpReceiver]:
    """Receive until the block ends."""
    receiver = OtlpReceiver()
    app = web.Application()
    app.router.add_post("/v1/traces", receiver.receive)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver


def _read(service: str, span: Span) -> ReceivedSpan:
    return ReceivedSpan(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        bool(span.status.code == span.status.STATUS_CODE_ERROR),
        str(span),
    )
