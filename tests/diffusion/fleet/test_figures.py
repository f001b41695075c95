"""The metrics of several replicas as one valid text."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from diffusion.fleet.figures import as_text, with_labels

TEXT = """\
# HELP darkroom_requests_total Requests by their end.
# TYPE darkroom_requests_total counter
darkroom_requests_total{outcome="finished"} 3.0
# HELP darkroom_pass_seconds Forward passes.
# TYPE darkroom_pass_seconds summary
darkroom_pass_seconds_count{size="512x512"} 7.0
darkroom_pass_seconds_sum{size="512x512"} 1.5
"""


def test_each_replica_has_its_labels_and_each_metric_stands_once() -> None:
    families = [
        family
        for number in (0, 1)
        for family in with_labels(TEXT, {"model": "a", "replica": str(number)})
    ]
    text = as_text(families).decode()
    assert text.count("# TYPE darkroom_requests_total counter") == 1
    assert text.count("# TYPE darkroom_pass_seconds summary") == 1
    read = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    for number in ("0", "1"):
        labels = (("model", "a"), ("outcome", "finished"), ("replica", number))
        assert read["darkroom_requests_total", *labels] == 3
    assert len(read) == 6


def test_what_is_no_such_text_is_refused() -> None:
    with pytest.raises(ValueError, match="html"):
        with_labels("<html>", {})
