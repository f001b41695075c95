"""The load trial: that members get their pictures, and what it reports."""

import re

import pytest

from benchmarks.load.__main__ import DOCUMENT, PLACE, Wanted, run
from benchmarks.load.figures import HANDLING, Figures, read_handled, report


def test_the_report_has_who_got_nothing_and_the_slowest() -> None:
    figures = Figures(members=3, engine="quick", load_before=0.0)
    for seconds in (0.1, 0.2, 0.9):
        figures.answered(seconds, True)
    figures.answered(3.0, False)
    for member in ("a", "b", "b"):
        figures.ended(member, 2.0)
        figures.remember(1024 * len(figures.waits))
    figures.finish(2048, starts=1)
    figures.bot_cpu_s = 0.15
    figures.handled = read_handled(
        f'{HANDLING}_sum{{type="component"}} 1.0\n{HANDLING}_count{{type="component"}} 4\n'
        f'{HANDLING}_sum{{type="autocomplete"}} 9.0\n{HANDLING}_count{{type="autocomplete"}} 1\n'
    )
    text = report(figures)
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", text, re.MULTILINE))
    assert rows["first answer, median"] == "200 ms"
    assert rows["first answer, slowest"] == "900 ms"
    assert rows["not answered within 3 s"] == "1"
    assert rows["first answer, mean"] == "400 ms"
    assert rows["of this in the bot until it sends it"] == "250 ms"
    assert rows["suggestions while typing, median"] == "none"
    assert rows["CPU of the bot for a job"] == "50 ms"
    assert rows["the bot's memory, warm"] == "1 MiB"
    assert rows["the bot's memory, halfway"] == "2 MiB"
    assert rows["the bot's memory, at most"] == "3 MiB"
    assert rows["the bot's memory, afterwards"] == "2 MiB"
    assert (rows["jobs of a member, fewest"], rows["jobs of a member, most"]) == ("0", "2")


def test_the_document_has_a_place_for_the_table() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document.count(f"<!-- {PLACE} -->") == 1
    assert document.count(f"<!-- end of {PLACE} -->") == 1


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 2])
async def test_a_few_members_get_their_pictures(shards: int) -> None:
    """With two shards, one member is alone on a server of the second."""
    wanted = Wanted(members=6, jobs=12, pause_s=0.5, engine="quick", seed=1, shards=shards)
    figures = await run(wanted)
    assert len(figures.waits) >= 10
    assert set(figures.by_member) == {f"Member{number}" for number in range(6)}
    assert figures.handled.count >= 12
    assert figures.bot_cpu_s > 0
    assert figures.memory_after > 0
