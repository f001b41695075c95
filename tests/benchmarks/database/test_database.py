"""The trial of a database with many jobs: that it runs to its end, and what it reports."""

import re
from pathlib import Path

import pytest

from benchmarks.database import __main__ as trial
from benchmarks.database.measuring import Passing, Rate, Times
from benchmarks.database.questions import QUESTIONS


def test_the_table_says_what_misses_its_goal_and_what_is_not_asked() -> None:
    quick, slow = Times(1, 2, 0.5), Times(9, 31, 2)
    rates = {one: Rate(100, 4) for one in trial.PASSINGS if one.bots == 1}
    shared = {Passing(2, 8, False): Rate(300, 3.04, 3.5), **rates}
    one = trial.Measured("SQLite, 9 jobs", 1, {"a job": quick, "claim": Times(5.1, 6, 1)}, rates)
    two = trial.Measured("Postgres, 9 jobs", 1, {"a job": slow, "leases": quick}, shared)
    text = trial.report([one, two])
    rows = dict(re.findall(r"^\| ([^|]*?) \| (.*?) \|$", text, re.MULTILINE))
    assert rows["a job"] == "1.0, 2.0 (0.5) | **9.0, 31.0 (2.0)**"
    assert rows["claim"] == "**5.1, 6.0 (1.0)** | -"
    assert rows["leases"] == "- | 1.0, 2.0 (0.5)"
    assert rows["queued, claimed, finished: one bot, 4 at once"] == "100 (4.0) | 100 (4.0)"
    assert rows["queued, claimed, finished: 2 bots, 8 at once"] == "- | 300 (3.0 + 3.5)"
    assert rows["its whole life: one bot, 4 at once"] == "100 (4.0) | 100 (4.0)"


def test_the_document_has_a_place_for_the_tables() -> None:
    document = trial.DOCUMENT.read_text(encoding="utf-8")
    assert document.count(f"<!-- {trial.PLACE} -->") == 1
    assert document.count(f"<!-- end of {trial.PLACE} -->") == 1


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, without tables."""
    if kind == "Postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/darkroom.sqlite"


@pytest.mark.parametrize("kind", trial.KINDS)
@pytest.mark.slow
async def test_a_small_one_is_filled_and_measured(kind: str, url: str) -> None:
    measured = await trial.measure(kind, url, jobs=400, asked=1, seconds=0.01)
    asked = {one.name for one in QUESTIONS if kind == "Postgres" or not one.shared_only}
    assert set(measured.questions) == {*asked, "claim"}
    assert all(rate.per_second > 0 for rate in measured.rates.values())
