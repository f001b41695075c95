"""What the process counts, as Prometheus reads it. Knows the engine's figures, not its work."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from diffusion.engine import Engine
from diffusion.worker import NotServing, Worker

OUTCOMES = ("finished", "failed", "cancelled", "refused")


class Metrics:
    """The figures of one process: what became of requests, and how the engine does."""

    def __init__(self, worker: Worker) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_EngineFigures(worker))
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

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            engine = self._worker.engine
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
    """Time and rows of forward passes by the size of the pictures, so that both have a mean."""
    seconds = SummaryMetricFamily("darkroom_pass_seconds", "Forward passes.", labels=["size"])
    rows = SummaryMetricFamily("darkroom_pass_rows", "Rows of forward passes.", labels=["size"])
    factor = engine.checkpoint.decoder.factor
    for shape, curve in list(engine.costs.curves.items()):
        if not curve.passes:
            continue  # known from an earlier run alone
        size = [f"{shape.width * factor}x{shape.height * factor}"]
        seconds.add_metric(size, curve.passes, curve.seconds)
        rows.add_metric(size, curve.passes, curve.rows)
    yield seconds
    yield rows
