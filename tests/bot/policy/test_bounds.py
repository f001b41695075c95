"""Which bounds a member has by their roles, and what is too much. The decisions by themselves."""

from dataclasses import replace

import pytest

from bot.errors import (
    DrawElsewhere,
    LoraNotForYou,
    ModelNotForYou,
    NeedsRole,
    NotForYourRoles,
    OverYourBound,
    UserError,
)
from bot.policy.actors import Requester
from bot.policy.blocks import read_duration
from bot.policy.bounds import (
    Asked,
    Bounds,
    ModelAudience,
    bounds_of,
    check_bounds,
    check_model,
    check_number,
)
from bot.policy.channels import check_place
from storage.rules.access import AccessRules

EVERYONE, PATRON, NEWCOMER = 1, 2, 3
"""@everyone has the id of the server."""


@pytest.mark.parametrize(
    ("name", "base", "less", "more"),
    [
        ("steps", 20, 10, 30),
        ("quality", 1.0, 0.25, None),
        ("turbo", False, False, True),
        ("models", frozenset("a"), frozenset("b"), frozenset("ab")),
        ("loras", frozenset("a"), frozenset(), None),
        ("without", frozenset("ab"), frozenset("abc"), frozenset("b")),
    ],
)
def test_the_most_generous_of_a_members_roles_counts(
    name: str, base: object, less: object, more: object
) -> None:
    said = {EVERYONE: {name: base}, NEWCOMER: {name: less}, PATRON: {name: more}}
    assert getattr(bounds_of(said, EVERYONE, []), name) == base
    generous = getattr(bounds_of(said, EVERYONE, [NEWCOMER]), name)
    assert generous == (base | less if name == "models" else base)  # type: ignore[operator]
    assert getattr(bounds_of(said, EVERYONE, [NEWCOMER, PATRON]), name) == more
    # Where @everyone says nothing, a role with a bound still has it; all others have none.
    del said[EVERYONE]
    assert getattr(bounds_of(said, EVERYONE, [NEWCOMER]), name) == less
    assert bounds_of(said, EVERYONE, [9]) == Bounds()


@pytest.mark.parametrize(
    ("bounds", "fits", "too_much", "error"),
    [
        (Bounds(quality=1), Asked(quality=1), Asked(quality=2), OverYourBound),
        (Bounds(steps=9), Asked(steps=9), Asked(steps=10), OverYourBound),
        (Bounds(pixels=64), Asked(size=(8, 8)), Asked(size=(8, 16)), OverYourBound),
        (Bounds(pictures=1), Asked(pictures=1), Asked(pictures=2), OverYourBound),
        (Bounds(turbo=False), Asked(stealth=True), Asked(turbo=True), NotForYourRoles),
        (Bounds(stealth=False), Asked(turbo=True), Asked(stealth=True), NotForYourRoles),
        (Bounds(uploads=False), Asked(links=True), Asked(uploads=True), NotForYourRoles),
        (Bounds(links=False), Asked(uploads=True), Asked(links=True), NotForYourRoles),
        (Bounds(loras=frozenset("a")), Asked(loras="a"), Asked(loras="ab"), LoraNotForYou),
        (
            Bounds(without=frozenset({"tile"})),
            Asked(parameters={"seed": "seed"}),
            Asked(parameters={"tile": "tile"}),
            NotForYourRoles,
        ),
    ],
)
def test_what_is_at_the_bound_fits_and_more_does_not(
    bounds: Bounds, fits: Asked, too_much: Asked, error: type[UserError]
) -> None:
    check_bounds(bounds, fits)
    check_bounds(Bounds(), too_much)
    check_bounds(bounds, Asked())
    with pytest.raises(error):
        check_bounds(bounds, too_much)


def test_models_and_counts() -> None:
    check_model("a", {"1": "a"})
    check_model(None, {})
    with pytest.raises(ModelNotForYou, match="--v 1"):
        check_model("b", {"1": "a"})
    check_number("jobs", 3, 3)
    with pytest.raises(OverYourBound, match="One prompt for 4 jobs"):
        check_number("jobs", 4, 3)


def test_the_operators_audience_is_any_of_those_named() -> None:
    assert ModelAudience().has(1, [], None)
    few = ModelAudience(frozenset({7}), frozenset({8}), frozenset({9}))
    assert few.has(1, [7], 5)
    assert few.has(8, [], None)
    assert few.has(1, [], 9)
    assert not few.has(1, [6], 5)


HERE = Requester(1, "ada", 1, channel_id=10, attachment_limit=1, parent_id=20, category_id=30)


@pytest.mark.parametrize("listed", [10, 20, 30])
def test_threads_follow_their_channel_and_categories_count_as_their_channels(listed: int) -> None:
    rules = AccessRules(EVERYONE, "only", (listed, 99))
    check_place(rules, HERE)
    with pytest.raises(DrawElsewhere, match="<#"):
        check_place(replace(rules, channels=(98,)), HERE)
    with pytest.raises(DrawElsewhere, match="another"):
        check_place(replace(rules, channels_rule="except"), HERE)
    check_place(replace(rules, channels_rule="except", channels=(98,)), HERE)
    check_place(replace(rules, channels_rule="everywhere"), HERE)


def test_only_roles_that_may_draw() -> None:
    rules = AccessRules(EVERYONE, draw_roles=(PATRON,))
    with pytest.raises(NeedsRole):
        check_place(rules, HERE)
    check_place(rules, replace(HERE, roles=frozenset({PATRON})))
    check_place(replace(rules, draw_roles=(EVERYONE,)), HERE)


def test_durations() -> None:
    assert read_duration(" 30M ").total_seconds() == 1800
    assert read_duration("2w").days == 14
    for wrong in ("", "0d", "7", "2y", "366d", "-1h", "١d h", "1e3m"):
        with pytest.raises(UserError):
            read_duration(wrong)
