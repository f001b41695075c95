"""Which defaults hold for whom, and where."""

from dataclasses import replace

from bot.policy.actors import Requester
from bot.policy.defaults import holding
from storage.models import Scope
from storage.rules.defaults import Defaults, ScopedDefaults

HERE = Requester(
    1, "ada", server_id=10, channel_id=20, attachment_limit=0, category_id=30, ranked_roles=(42, 41)
)


def of(scope: Scope, scope_id: int) -> ScopedDefaults:
    return ScopedDefaults(scope, scope_id, Defaults(stylize=scope_id))


STORED = (
    *(of(Scope.CATEGORY, each) for each in (30, 31)),
    *(of(Scope.CHANNEL, each) for each in (20, 21, 30)),
    *(of(Scope.ROLE, each) for each in (41, 42, 43)),
    of(Scope.SERVER, 10),
)


def held(requester: Requester) -> list[tuple[str, int]]:
    return [(one.scope.value, one.scope_id) for one in holding(STORED, requester)]


def test_those_of_ones_roles_the_channel_its_category_and_the_server() -> None:
    place = [("channel", 20), ("category", 30), ("server", 10)]
    assert held(HERE) == [("role", 42), ("role", 41), *place]
    assert held(replace(HERE, ranked_roles=(41,))) == [("role", 41), *place]
    assert held(replace(HERE, ranked_roles=(), category_id=None)) == [place[0], place[2]]


def test_a_thread_has_those_of_its_channel() -> None:
    thread = replace(HERE, channel_id=99, parent_id=21)
    assert ("channel", 21) in held(thread)
    assert ("channel", 20) not in held(thread)


def test_none_hold_in_a_conversation() -> None:
    assert held(Requester(1, "ada", server_id=None, channel_id=99, attachment_limit=0)) == []
