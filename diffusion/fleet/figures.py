"""The metrics of all replicas as one text in Prometheus's format. Imports no torch."""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def with_labels(text: str, labels: dict[str, str]) -> list[Metric]:
    """The metrics in a text, with further labels. Raises ValueError for no such text."""
    families = list(text_string_to_metric_families(text))
    for family in families:
        family.samples = [
            sample._replace(labels={**labels, **sample.labels}) for sample in family.samples
        ]
    return families


def as_text(families: Sequence[Metric]) -> bytes:
    """Metrics in Prometheus's text format; those of one name stand together, as it asks."""
    merged: dict[str, Metric] = {}
    for family in families:
        same = merged.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        same.samples += family.samples
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(merged.values())))
    return generate_latest(registry)
