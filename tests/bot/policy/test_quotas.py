"""What the quotas of several roles come to."""

from dataclasses import replace

import pytest

from bot.policy.quotas import PRESETS, effective
from storage.rules.quotas import MAX_WEIGHT, Allowance, Period, Quota

SERVER, SUPPORTER, NEWCOMER = 1, 2, 3
A_DAY = Allowance(20, Period.DAY)


def test_the_most_generous_role_decides_field_by_field() -> None:
    quotas = {
        SERVER: Quota(A_DAY, Allowance(600), cooldown_s=30, weight=1),
        SUPPORTER: Quota(Allowance(100), Allowance(60), jobs=9, weight=3),
        NEWCOMER: Quota(cooldown_s=10),
    }
    everybody = effective(quotas, SERVER, [], 3)
    assert everybody == Quota(A_DAY, Allowance(600), 3, 30, 1)
    both = effective(quotas, SERVER, [NEWCOMER, SUPPORTER], 3)
    assert both == Quota(Allowance(100), Allowance(600), 9, 10, 3)
    assert effective(quotas, SERVER, [SUPPORTER], 12).jobs == 12


def test_a_limit_that_no_role_of_the_member_has_does_not_hold() -> None:
    quotas = {NEWCOMER: Quota(A_DAY)}
    assert effective(quotas, SERVER, [SUPPORTER], 3) == Quota(jobs=3, cooldown_s=0, weight=1)
    assert effective(quotas, SERVER, [NEWCOMER], 3).pictures == A_DAY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Allowance(None), Allowance(10_000, Period.HOUR)),
        (Allowance(1, Period.HOUR), Allowance(23, Period.DAY)),
        (Allowance(24, Period.DAY), Allowance(1, Period.HOUR)),  # the same, used as one likes
        (Allowance(601, Period.MONTH), A_DAY),
    ],
)
def test_different_periods_are_compared_by_the_month(one: Allowance, other: Allowance) -> None:
    for quotas in (
        {SERVER: Quota(one), SUPPORTER: Quota(other)},
        {SERVER: Quota(other), SUPPORTER: Quota(one)},
    ):
        assert effective(quotas, SERVER, [SUPPORTER], 3).pictures == one


def test_presets_say_everything_and_are_ordered() -> None:
    assert list(PRESETS) == ["friends", "community", "public"]
    for preset in PRESETS.values():
        assert None not in (preset.pictures, preset.gpu_seconds, preset.jobs, preset.cooldown_s)
        assert 1 <= (preset.weight or 0) <= MAX_WEIGHT
    friends, community, public = PRESETS.values()
    for generous, strict in ((friends, community), (community, public)):
        merged = effective({SERVER: generous, SUPPORTER: strict}, SERVER, [SUPPORTER], 1)
        assert merged == replace(generous, cooldown_s=0)
