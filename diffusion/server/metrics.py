"""The metrics of the inference process, in Prometheus's format."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineThread, NotServing
from diffusion.server.admission.bodies import Bodies
from diffusion.server.admission.connections import Connections
from diffusion.server.picture_links import PictureLinks

MAX_SIZES = 64
"""Sizes of pictures with metrics of their own. Callers choose sizes, and each size costs memory
here and in the database that keeps the metrics."""

OUTCOMES = ("finished", "failed", "cancelled", "refused")


class Metrics:
    """The metrics of one process: the outcomes of requests, and the engine's figures."""

    def __init__(
        self,
        engine_thread: EngineThread,
        connections: Connections,
        bodies: Bodies,
        links: PictureLinks,
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_EngineFigures(engine_thread))
        for name, meaning, count in (
            ("connections", "Connections that are open.", lambda: len(connections)),
            ("body_bytes", "Bytes that are held of requests' bodies.", lambda: bodies.held),
            ("link_bytes", "Bytes of pictures that have links.", lambda: links.held),
        ):
            Gauge(f"darkroom_{name}", meaning, registry=self._registry).set_function(count)
        self._ended = Counter(
            "darkroom_requests", "Requests by their end.", ["outcome"], registry=self._registry
        )
        for outcome in OUTCOMES:
            self._ended.labels(outcome)

    def ended(self, outcome: str) -> None:
        """Count a request that ended; `outcome` is one of OUTCOMES."""
        self._ended.labels(outcome).inc()

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._registry)


class _EngineFigures(Collector):
    """Reads the engine's figures when they are asked for; there are none while it loads."""

    def __init__(self, engine_thread: EngineThread) -> None:
        self._engine_thread = engine_thread

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            engine = self._engine_thread.engine
        except NotServing:
            return
        waiting, text = engine.waiting, engine.checkpoint.text
        for name, meaning, value in (
            ("requests_waiting", "Requests that have not begun.", waiting),
            (
                "requests_running",
                "Requests that make steps or are finished.",
                len(engine) - waiting,
            ),
            ("rows_running", "Rows that the running requests have in a step.", engine.rows_running),
        ):
            yield GaugeMetricFamily(f"darkroom_{name}", meaning, value)
        for name, meaning, value in (
            ("steps", "Steps that were made.", engine.steps),
            ("text_hits", "Texts whose states were still known.", text.hits),
            ("text_misses", "Texts that had to be read.", text.misses),
            ("out_of_memory", "Steps that memory did not suffice for.", engine.out_of_memory),
        ):
            yield CounterMetricFamily(f"darkroom_{name}", meaning, value)
        yield from _passes(engine)


def _passes(engine: Engine) -> Iterator[Metric]:
    """Seconds and rows of forward passes, by the size of the pictures.

    The `MAX_SIZES` sizes with the most passes have labels of their own, the rest is `other`.
    """
    seconds = SummaryMetricFamily("darkroom_pass_seconds", "Forward passes.", labels=["size"])
    rows = SummaryMetricFamily("darkroom_pass_rows", "Rows of forward passes.", labels=["size"])
    factor = engine.checkpoint.decoder.factor
    totals: dict[str, tuple[int, float, int]] = {}
    # Those without passes are known from an earlier run alone.
    curves = [one for one in list(engine.costs.curves.items()) if one[1].passes]
    for shape, curve in sorted(curves, key=lambda one: one[1].passes, reverse=True):
        size = f"{shape.width * factor}x{shape.height * factor}"
        if size not in totals and len(totals) >= MAX_SIZES:
            size = "other"
        passes, took, many = totals.get(size, (0, 0.0, 0))
        totals[size] = passes + curve.passes, took + curve.seconds, many + curve.rows
    for size, (passes, took, many) in totals.items():
        seconds.add_metric([size], passes, took)
        rows.add_metric([size], passes, many)
    yield seconds
    yield rows
