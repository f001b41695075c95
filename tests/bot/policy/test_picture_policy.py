"""What becomes of explicit pictures, by place, action and score."""

import pytest

from bot.policy.picture_policy import (
    PictureAction,
    PicturePolicy,
    ShowingPlace,
    needs_check,
    policy_at,
    rule,
)
from bot.policy.verdicts import Verdict

EVERYBODY = ShowingPlace(1, 2)
ADULTS = ShowingPlace(1, 2, for_adults=True)


@pytest.mark.parametrize(
    ("action", "for_everybody", "for_adults"),
    [
        (PictureAction.OFF, Verdict.REFUSE, Verdict.ALLOW),
        (PictureAction.SPOILER, Verdict.REFUSE, Verdict.SPOILER),
        (PictureAction.REVIEW, Verdict.REVIEW, Verdict.REVIEW),
        (PictureAction.REFUSE, Verdict.REFUSE, Verdict.REFUSE),
    ],
)
def test_explicit_pictures_are_for_adults_whatever_the_setting(
    action: PictureAction, for_everybody: Verdict, for_adults: Verdict
) -> None:
    policy = PicturePolicy(action, 80)
    assert rule((0.1, 0.9), policy, EVERYBODY).verdict is for_everybody
    assert rule((0.1, 0.9), policy, ADULTS).verdict is for_adults
    for place in (EVERYBODY, ADULTS):
        assert rule((0.1, 0.79), policy, place).verdict is Verdict.ALLOW


@pytest.mark.parametrize("action", list(PictureAction))
def test_what_could_not_be_checked_is_not_shown_where_it_must_be_checked(
    action: PictureAction,
) -> None:
    policy = PicturePolicy(action)
    for place in (EVERYBODY, ADULTS):
        is_shown = rule((0.1, None), policy, place).verdict is Verdict.ALLOW
        assert is_shown is not needs_check(policy, place)
    assert needs_check(policy, EVERYBODY)
    assert needs_check(policy, ADULTS) is (action is not PictureAction.OFF)


def test_an_explicit_picture_decides_beside_one_that_could_not_be_checked() -> None:
    assert rule((0.9, None), PicturePolicy(), ADULTS).verdict is Verdict.SPOILER


@pytest.mark.parametrize(("percent", "is_explicit"), [(29, True), (30, True), (31, False)])
def test_a_score_at_the_threshold_is_explicit(percent: int, is_explicit: bool) -> None:
    assert PicturePolicy(threshold_percent=percent).finds_explicit(0.3) is is_explicit


def test_the_nearest_place_with_a_policy_decides() -> None:
    thread = ShowingPlace(1, 4, above=(3, 2))
    policies = {place: PicturePolicy(threshold_percent=10 * place) for place in (1, 2, 3, 4)}
    for nearest in (4, 3, 2, 1):
        assert policy_at(thread, policies) == policies.pop(nearest)
    assert policy_at(thread, policies) == PicturePolicy(PictureAction.SPOILER, 80)
    assert (
        policy_at(ShowingPlace(None, 4), {9: PicturePolicy(PictureAction.OFF)}) == PicturePolicy()
    )
