"""What training measured of two schedules becomes a table and a sheet."""

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.schedules import Trained, describe, read, stack

SIGMAS = ("0.1", "0.3", "1", "3", "10", "30")
ERRORS = dict(zip(SIGMAS, [0.05, 0.1, 0.2, 0.4, 0.8, 0.9], strict=True))


def test_the_table_has_a_line_for_each() -> None:
    text = describe([Trained("linear", 1_024, ERRORS), Trained("cosine", 2_048, ERRORS)])
    assert "| schedule | σ 0.1 | σ 0.3 | σ 1 | σ 3 | σ 10 | σ 30 |" in text
    assert "| linear | 0.050 | 0.100 | 0.200 | 0.400 | 0.800 | 0.900 |" in text
    assert "| cosine |" in text
    assert text.endswith("Seen: 1,024 and 2,048 samples.")


def test_a_work_folder_has_to_be_measured_first(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"diffusion\.training\.evaluation\.schedules"):
        read(tmp_path)
    content = {"schedule": "linear", "samples": 1_024, "errors": ERRORS}
    (tmp_path / "schedule.json").write_text(json.dumps(content))
    assert read(tmp_path) == Trained("linear", 1_024, ERRORS)


def test_sheets_stand_below_one_another() -> None:
    stacked = stack([Image.new("RGB", (4, 3), "red"), Image.new("RGB", (4, 2), "blue")])
    assert stacked.size == (4, 5)
    assert [stacked.getpixel((0, y)) for y in (2, 3)] == [(255, 0, 0), (0, 0, 255)]
