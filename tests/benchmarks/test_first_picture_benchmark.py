"""The benchmark of a newcomer's first picture, with the tiny model."""

from pathlib import Path

import pytest

from benchmarks.first_picture import STARTS, Wait, report, start_and_draw, suggestion
from tests.support.models.tiny_model import build_tiny_model


@pytest.mark.slow
async def test_a_start_is_measured_until_the_grid_stands(tmp_path: Path) -> None:
    model = build_tiny_model(tmp_path / "model")
    wait = await start_and_draw(tmp_path / "data", f"{suggestion()} --steps 2", model)
    assert 0 < wait.inference <= wait.ready
    assert 0 < wait.preview <= wait.grid


def test_the_suggestion_is_the_pages() -> None:
    assert suggestion() == "a red fox"


def test_the_table_has_medians() -> None:
    waits = {start: [Wait(1, 2, 3, 4), Wait(5, 6, 7, 8), Wait(2, 3, 4, 5)] for start in STARTS}
    assert "| a later start | 2.0 | 3.0 | 4.0 | 5.0 |" in report(waits, (0.5, 1.5))
    assert "medians of 3 rounds; load average 0.5 before and 1.5 after" in report(waits, (0.5, 1.5))
