"""Counting the filter's false alarms."""

from benchmarks.harmless import harmless_pictures
from benchmarks.picture_filter import THRESHOLDS_PERCENT, Scored, rows, score
from bot.policy.picture_policy import DEFAULT_THRESHOLD_PERCENT


async def test_harmless_pictures_of_each_kind_are_no_alarm_at_the_default() -> None:
    scored = await score("harmless", harmless_pictures(24), "opennsfw")
    assert len(scored.scores) == 24
    assert max(scored.scores) < DEFAULT_THRESHOLD_PERCENT / 100


def test_harmless_pictures_are_always_the_same_and_none_is_twice_there() -> None:
    once, again = ([one.tobytes() for one in harmless_pictures(200)] for _ in range(2))
    assert once == again
    assert len(set(once)) == 200


def test_a_row_counts_the_scores_at_each_threshold() -> None:
    assert THRESHOLDS_PERCENT == (20, 50, 80)
    (row,) = rows([Scored("drawn", (0.1, 0.2, 0.5, 0.79), 0.0421)])
    assert row == ["drawn", "4", "3", "2", "0", "0.79", "42 ms"]
