"""What a million members need: the formulas, and the document that shows them."""

from pathlib import Path

import pytest

from benchmarks.report import numbers_of
from benchmarks.scale import __main__ as scale
from benchmarks.scale.assumptions import values
from benchmarks.scale.figures import (
    BOT_CPU_COLUMN,
    Figures,
    assumption_table,
    card_figures,
    demand_figures,
    figure_table,
    shown,
)
from benchmarks.simulation.__main__ import DOCUMENT
from benchmarks.simulation.cards import H100, SDXL


def test_a_formula_uses_the_figures_before_it() -> None:
    figures = Figures({"members": 1000.0, "share": 0.25})
    figures.formula("some", "some of them", "members * share")
    figures.formula("dozens", "whole dozens", "ceil(some / 12)")
    assert [one.value for one in figures.rows] == [250, 21]
    assert "| `dozens` | whole dozens | `ceil(some / 12)` | 21 |" in figure_table(figures.rows)


def test_ten_times_the_members_have_ten_times_the_jobs_and_cards() -> None:
    few, many = (demand_figures(values({"members": members})).known for members in (1e5, 1e6))
    for name in ("servers", "jobs_s", "drawn_s", "requests_s"):
        assert many[name] == pytest.approx(10 * few[name])
    less, more = (
        next(one for one in card_figures(known) if (one.model, one.card) == (SDXL, H100))
        for known in (few, many)
    )
    assert 9 * less.cards < more.cards < 11 * less.cards
    # Twenty guided steps are what the benchmark of the card had, thirty take half as long again.
    assert more.rate == pytest.approx(H100.sdxl_rate / 4 / 1.5, rel=0.05)
    assert more.cost_scaled < more.cost_steady


def test_an_assumption_that_there_is_not_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        scale.main(["--set", "membres=5"])
    assert "there is no assumption 'membres'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (5, "5"), (28.935, "28.9"), (1_000_000, "1,000,000"), (0.000153, "0.000153")],
)
def test_three_digits_are_shown(value: float, text: str) -> None:
    assert shown(value) == text


def test_numbers_are_read_from_the_table_of_another_document(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    table = "| kind | typed | ms |\n| --- | ---: | ---: |\n| ours | --n 4 | 89 |"
    document.write_text(f"| ours | 1 | 2 |\n<!-- here -->\n{table}\n<!-- end of here -->\n")
    assert numbers_of(document, "here", "ours") == {"ms": 89}
    with pytest.raises(SystemExit, match="no row “theirs”"):
        numbers_of(document, "here", "theirs")


def test_the_documents_have_what_the_commands_write_and_read() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for place in (
        *("assumptions", "demand", "cards", "storage", "trial"),
        *("waits by load", "waits by drafts", "waits by mode"),
    ):
        assert text.count(f"<!-- {place} -->") == text.count(f"<!-- end of {place} -->") == 1
    # Whoever changes an assumption runs the command.
    assert assumption_table(values({})) in text
    assert numbers_of(Path("docs/performance.md"), "engines", "darkroom")[BOT_CPU_COLUMN] > 0
