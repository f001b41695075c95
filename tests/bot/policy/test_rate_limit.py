"""How often a member may act: counted with a clock that the test turns."""

import pytest

from bot.errors import TooFast
from bot.i18n.texts import say
from bot.policy import rate_limit
from bot.policy.rate_limit import ACTIONS_PER_S, AUTOCOMPLETE_COST, BURST_ACTIONS, RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(limiter: RateLimiter, member_id: int, times: int, cost: float = 1) -> int:
    """How many of so many acts were let through."""
    through = 0
    for _ in range(times):
        try:
            limiter.count(member_id, cost)
        except TooFast:
            continue
        through += 1
    return through


def test_sixty_presses_in_seven_seconds_are_not_sixty(clock: Clock) -> None:
    limiter, through = RateLimiter(clock), 0
    for _ in range(60):
        through += taken(limiter, 1, 1)
        clock.now += 7 / 60
    assert through <= BURST_ACTIONS + 7 * ACTIONS_PER_S


def test_the_refusal_says_when_to_press_again_and_then_it_goes(clock: Clock) -> None:
    limiter = RateLimiter(clock)
    assert taken(limiter, 1, BURST_ACTIONS) == BURST_ACTIONS
    with pytest.raises(TooFast) as refused:
        limiter.count(1)
    assert say(refused.value.remedy) == "Try again in 1 second."
    clock.now += refused.value.seconds
    limiter.count(1)


def test_each_member_has_their_own(clock: Clock) -> None:
    limiter = RateLimiter(clock)
    taken(limiter, 1, 100)
    assert taken(limiter, 2, BURST_ACTIONS) == BURST_ACTIONS


def test_whoever_is_refused_is_not_kept_away_longer_by_trying(clock: Clock) -> None:
    limiter = RateLimiter(clock)
    for _ in range(100):
        taken(limiter, 1, 10)
        clock.now += 1
    assert taken(limiter, 1, 10) == ACTIONS_PER_S


def test_typing_uses_up_nothing_but_a_flood_of_suggestions_ends(clock: Clock) -> None:
    limiter = RateLimiter(clock)
    for _ in range(600):
        limiter.count(1, AUTOCOMPLETE_COST)
        clock.now += 1 / 8
    assert taken(limiter, 1, BURST_ACTIONS + 1) == BURST_ACTIONS
    clock.now += 1000
    assert 0 < taken(limiter, 1, 1000, AUTOCOMPLETE_COST) <= BURST_ACTIONS / AUTOCOMPLETE_COST


def test_memory_is_bounded_by_who_acted_lately_and_by_a_number(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = RateLimiter(clock)
    for member_id in range(500):
        limiter.count(member_id)
    clock.now += BURST_ACTIONS / ACTIONS_PER_S
    limiter.count(500)
    assert len(limiter) == 1
    monkeypatch.setattr(rate_limit, "MAX_MEMBERS", 100)
    for member_id in range(500):
        limiter.count(member_id)
    assert len(limiter) == 100
