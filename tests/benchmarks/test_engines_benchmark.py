"""The benchmark of what the bot adds to a job: that it draws, and what it reports."""

import re

import pytest

from benchmarks import engines
from bot.policy import rate_limit


@pytest.mark.slow
async def test_each_job_has_a_time_before_its_request_and_one_after_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", rate_limit.BURST_ACTIONS)  # put back
    text = await engines.run(["openai", "comfyui"], 1)
    assert "medians of 1 jobs" in text
    for kind in ("openai", "comfyui"):
        (numbers,) = re.findall(rf"^\| {kind} \| [^|]* \| (.*) \|$", text, re.MULTILINE)
        before, stored, sent, both, discord, cpu = map(int, numbers.split(" | "))
        assert min(before, stored, sent, discord) >= 0
        assert cpu > 0
        assert abs(before + stored + sent - both) <= 2


def test_the_document_has_a_place_for_the_table() -> None:
    document = engines.DOCUMENT.read_text(encoding="utf-8")
    assert document.count(f"<!-- {engines.PLACE} -->") == 1
    assert document.count(f"<!-- end of {engines.PLACE} -->") == 1
