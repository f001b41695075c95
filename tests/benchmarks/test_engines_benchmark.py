"""The benchmark of what the bot adds to a job: that it draws, and what it reports."""

import re

import pytest

from benchmarks import engines
from bot.policy import rate_limit


@pytest.mark.parametrize("kind", ["openai", "comfyui"])
async def test_each_job_has_a_time_before_its_request_and_one_after_its_answer(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", rate_limit.BURST_ACTIONS)  # put back
    text = await engines.run([kind], 1)
    assert "medians of 1 jobs" in text
    before, after, both = map(
        int, re.findall(rf"^\| {kind} \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)[0]
    )
    assert abs(before + after - both) <= 1


def test_the_document_has_a_place_for_the_table() -> None:
    document = engines.DOCUMENT.read_text(encoding="utf-8")
    assert document.count(f"<!-- {engines.PLACE} -->") == 1
    assert document.count(f"<!-- end of {engines.PLACE} -->") == 1
