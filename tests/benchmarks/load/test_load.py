"""The load trial: that members get their pictures, and what it reports."""

import re

import pytest

from benchmarks.load.__main__ import DOCUMENT, PLACE, Wanted, run
from benchmarks.load.figures import Figures, report


def test_the_report_has_who_got_nothing_and_the_slowest() -> None:
    figures = Figures(members=3, engine="quick", load_before=0.0)
    for seconds in (0.1, 0.2, 0.9):
        figures.answered(seconds, True)
    figures.answered(3.0, False)
    for member in ("a", "b", "b"):
        figures.ended(member, 2.0)
        figures.remember(1024 * len(figures.waits))
    figures.finish(2048, starts=1)
    text = report(figures)
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", text, re.MULTILINE))
    assert rows["first answer, median"] == "200 ms"
    assert rows["first answer, slowest"] == "900 ms"
    assert rows["not answered within 3 s"] == "1"
    assert rows["the bot's memory, warm"] == "1 MiB"
    assert rows["the bot's memory, at most"] == "3 MiB"
    assert rows["the bot's memory, afterwards"] == "2 MiB"
    assert (rows["jobs of a member, fewest"], rows["jobs of a member, most"]) == ("0", "2")


def test_the_document_has_a_place_for_the_table() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document.count(f"<!-- {PLACE} -->") == 1
    assert document.count(f"<!-- end of {PLACE} -->") == 1


@pytest.mark.slow
async def test_a_few_members_get_their_pictures() -> None:
    figures = await run(Wanted(members=5, jobs=12, pause_s=0.5, engine="quick", seed=1))
    assert len(figures.waits) >= 10
    assert set(figures.by_member) == {f"Member{number}" for number in range(5)}
    assert figures.memory_after > 0
