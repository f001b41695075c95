"""What the process counts, as Prometheus reads it. Knows the engine's figures, not its work."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineThread, NotServing
from diffusion.server.bodies import Bodies
from diffusion.server.connections import Connections

MAX_SIZES = 64
"""Sizes of pictures that have figures of their own; callers choose sizes, and each costs memory
here and wherever the figures are kept."""

OUTCOMES = ("finished", "failed", "cancelled", "refused")


class Metrics:
    """The figures of one process: what became of requests, and how the engine does."""

    def __init__(
        self, engine_thread: EngineThread, connections: Connections, bodies: Bodies
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_EngineFigures(engine_thread))
        for name, meaning, count in (
            ("connections", "Connections that are open.", lambda: len(connections)),
            ("body_bytes", "Bytes that are held of requests' bodies.", lambda: bodies.held),
        ):
            Gauge(f"darkroom_{name}", meaning, registry=self._registry).set_function(count)
        self._ended = Counter(
            "darkroom_requests", "Requests by their end.", ["outcome"], registry=self._registry
        )
        for outcome in OUTCOMES:
            self._ended.labels(outcome)

    def ended(self, outcome: str) -> None:
        """Count a request that ended so."""
        self._ended.labels(outcome).inc()

    def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self._registry)


class _EngineFigures(Collector):
    """Read from the engine when they are asked for; nothing while it loads."""

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
    """Time and rows of forward passes by the size of the pictures, so that both have a mean.

    The sizes beyond the `MAX_SIZES` that had the most passes are one, called `other`.
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
