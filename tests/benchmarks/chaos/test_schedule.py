"""The schedule of a chaos trial: the same for the same seed, and as much of it as wanted."""

from collections import Counter

from benchmarks.chaos.schedule import Fault, Targets, make_schedule

TARGETS = Targets(
    bots=("bot-1", "bot-2"),
    engines=("engine-1",),
    others=("postgres",),
    lines=("discord", "database"),
    routes=("POST /messages",),
    clocks=("bot-1",),
    disk=True,
)


def test_a_seed_repeats_its_faults() -> None:
    once = make_schedule(7, 50, 5, TARGETS)
    assert once == make_schedule(7, 50, 5, TARGETS)
    assert once != make_schedule(8, 50, 5, TARGETS)


def test_there_are_as_many_kills_as_wanted_of_everything_that_can_be_killed() -> None:
    schedule = make_schedule(1, 200, 5, TARGETS)
    kills = Counter(event.target for event in schedule if event.fault is Fault.KILL)
    assert kills.total() == 200
    assert set(kills) == {*TARGETS.bots, *TARGETS.engines, *TARGETS.others}
    assert {event.fault for event in schedule} == set(Fault)
    assert [event.at_s for event in schedule] == sorted(event.at_s for event in schedule)


def test_what_is_not_there_does_not_happen() -> None:
    less = Targets(("bot-1",), ("engine-1",), (), ("discord",), ("POST /messages",), (), False)
    faults = {event.fault for event in make_schedule(1, 200, 5, less)}
    assert faults == set(Fault) - {Fault.CLOCK, Fault.DISK}
    only = make_schedule(1, 20, 5, less, only_kills=True)
    assert {event.fault for event in only} == {Fault.KILL}
