"""Who takes part in a step: order, sharing, turns and bounds."""

import itertools
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.engine.scheduler import Entry, QueueFull, Scheduler, Shape
from diffusion.engine.shares import Caller

SMALL, WIDE, TALL = Shape(8, 8), Shape(8, 16), Shape(16, 8)


@dataclass(frozen=True)
class Costs:
    """A step of `one` row takes a second for each cell of 64, and further rows take `more`."""

    more: float = 0.0
    rows: int = 8

    def seconds(self, shape: Shape, rows: int) -> float:
        return shape.cells / 64 * (1 + self.more * (rows - 1))

    def most(self, shape: Shape) -> int:
        return self.rows


def _scheduler(max_waiting: int = 100, costs: Costs = Costs()) -> Scheduler:
    return Scheduler(costs, max_waiting)


def _add(scheduler: Scheduler, *entries: tuple[int, Shape, int]) -> None:
    for key, shape, rows in entries:
        scheduler.add(Entry(key, shape, rows))


def _keys(entries: tuple[Entry, ...]) -> list[int]:
    return [entry.key for entry in entries]


def test_nothing_to_do_is_an_empty_step() -> None:
    assert _scheduler().next_step() == ()


def test_requests_share_a_step_as_long_as_rows_are_free() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 4), (2, SMALL, 2), (3, SMALL, 2), (4, SMALL, 1))
    assert _keys(scheduler.next_step()) == [1, 2, 3]
    assert scheduler.waiting() == (4,)
    scheduler.remove(2)
    assert _keys(scheduler.next_step()) == [1, 3, 4]
    assert scheduler.rows_running() == 7


def test_a_small_request_does_not_overtake_a_large_one() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 4), (2, SMALL, 8), (3, SMALL, 1))
    assert _keys(scheduler.next_step()) == [1]
    scheduler.remove(1)
    assert _keys(scheduler.next_step()) == [2]
    scheduler.remove(2)
    assert _keys(scheduler.next_step()) == [3]


def test_one_that_is_not_ready_keeps_its_place_and_lets_others_pass() -> None:
    scheduler = _scheduler()
    scheduler.add(Entry(1, SMALL, 8), ready=False)
    _add(scheduler, (2, SMALL, 2), (3, SMALL, 8))
    assert _keys(scheduler.next_step()) == [2]
    assert scheduler.waiting() == (1, 3)
    scheduler.make_ready(1)
    scheduler.make_ready(12345)
    assert _keys(scheduler.next_step()) == [2]
    scheduler.remove(2)
    assert _keys(scheduler.next_step()) == [1]


def test_one_that_is_never_ready_can_be_removed_and_its_key_leaves_no_trace() -> None:
    scheduler = _scheduler()
    scheduler.add(Entry(1, SMALL, 1), ready=False)
    assert scheduler.next_step() == ()
    scheduler.remove(1)
    assert len(scheduler) == 0
    _add(scheduler, (1, SMALL, 1))
    assert _keys(scheduler.next_step()) == [1]


def test_a_request_larger_than_a_pass_runs_alone() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 32), (2, SMALL, 1))
    assert _keys(scheduler.next_step()) == [1]
    scheduler.remove(1)
    assert _keys(scheduler.next_step()) == [2]


@pytest.mark.parametrize(("more", "sharing"), [(0.2, 4), (0.5, 4), (0.51, 1), (1.0, 1)])
def test_requests_share_where_each_is_done_sooner_so(more: float, sharing: int) -> None:
    """Of four that take turns the average one is done after 2.5 of them; of two, after 1.5."""
    scheduler = _scheduler(costs=Costs(more))
    _add(scheduler, *((key, SMALL, 1) for key in range(4)))
    assert len(scheduler.next_step()) == sharing


def test_a_large_request_does_not_slow_a_small_one_for_nothing() -> None:
    scheduler = _scheduler(costs=Costs(more=0.3))
    _add(scheduler, (1, SMALL, 1), (2, SMALL, 7))
    # Together 3.1 s a step, and 1.95 × 1.5 s by turns.
    assert _keys(scheduler.next_step()) == [1]
    scheduler.remove(1)
    assert _keys(scheduler.next_step()) == [2]


def test_shapes_share_the_time_evenly() -> None:
    """A wide step costs twice a small one: two small ones to each, as long as both have work."""
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8), (3, WIDE, 2), (4, TALL, 2))
    turns = [_keys(scheduler.next_step())[0] for _ in range(40)]
    made = Counter(turns)
    assert abs(made[1] - 2 * made[3]) <= 2
    assert abs(made[3] - made[4]) <= 1
    # Nobody waits for more than one turn of each other.
    for key in (1, 3, 4):
        places = [place for place, turn in enumerate(turns) if turn == key]
        assert places[0] <= 3
        assert max(b - a for a, b in itertools.pairwise(places)) <= 4


def test_a_full_shape_does_not_hold_up_another() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8))
    scheduler.next_step()
    _add(scheduler, (3, WIDE, 2))
    assert [3] in [_keys(scheduler.next_step()) for _ in range(3)]


def test_a_full_queue_refuses_and_an_emptier_one_takes() -> None:
    scheduler = _scheduler(max_waiting=2)
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8))
    with pytest.raises(QueueFull):
        scheduler.add(Entry(3, SMALL, 8))
    scheduler.next_step()
    assert scheduler.add(Entry(3, SMALL, 8)) == 1
    assert len(scheduler) == 3


def test_removing_is_fine_whenever() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8))
    scheduler.next_step()
    for key in (1, 2, 2, 99):
        scheduler.remove(key)
    assert len(scheduler) == 0
    assert scheduler.next_step() == ()


# Callers take turns.

ALICE, BOB, CAROL = (Caller("192.0.2.1", name) for name in ("alice", "bob", "carol"))


def _asked(scheduler: Scheduler, caller: Caller, *keys: int, rows: int = 8, steps: int = 1) -> None:
    for key in keys:
        scheduler.add(Entry(key, SMALL, rows, caller, steps))


def _served(scheduler: Scheduler) -> list[int]:
    """The keys in the order in which they are drawn, each alone and in one step."""
    order = []
    while step := scheduler.next_step():
        (entry,) = step
        scheduler.remove(entry.key)
        order.append(entry.key)
    return order


def test_callers_take_turns_however_many_requests_one_has() -> None:
    scheduler = _scheduler()
    _asked(scheduler, ALICE, *range(10))
    _asked(scheduler, BOB, 20, 21)
    _asked(scheduler, CAROL, 30)
    assert scheduler.waiting()[:5] == (0, 20, 30, 1, 21)
    assert _served(scheduler)[:6] == [0, 20, 30, 1, 21, 2]


def test_a_turn_is_as_much_work() -> None:
    scheduler = _scheduler()
    _asked(scheduler, ALICE, 0, 1, 2, steps=100)
    _asked(scheduler, BOB, *range(10, 20), steps=20)
    assert _served(scheduler)[:7] == [10, 11, 12, 13, 0, 14, 15]


def test_who_comes_later_has_saved_nothing_up_and_is_not_behind() -> None:
    scheduler = _scheduler()
    _asked(scheduler, ALICE, *range(20))
    for key in range(10):
        assert _keys(scheduler.next_step()) == [key]
        scheduler.remove(key)
    _asked(scheduler, BOB, *range(30, 40))
    assert _served(scheduler)[:6] == [10, 30, 11, 31, 12, 32]


def test_an_address_that_makes_up_users_gets_no_more_turns() -> None:
    scheduler = _scheduler()
    for key in range(10):
        _asked(scheduler, Caller("192.0.2.1", f"user-{key}"), key)
    _asked(scheduler, Caller("192.0.2.2"), 20, 21)
    assert _served(scheduler)[:4] == [0, 20, 1, 21]


def test_nobody_waits_for_ever_behind_those_who_come() -> None:
    scheduler = _scheduler()
    _asked(scheduler, ALICE, 0, 1, steps=5)
    served = []
    for key in range(10, 30):
        _asked(scheduler, Caller("192.0.2.1", f"user-{key}"), key)
        (entry,) = scheduler.next_step()
        scheduler.remove(entry.key)
        served.append(entry.key)
    assert {0, 1} <= set(served)


def test_what_is_cancelled_counts_for_nothing() -> None:
    scheduler = _scheduler()
    _asked(scheduler, ALICE, *range(5), steps=100)
    for key in range(4):
        scheduler.remove(key)
    _asked(scheduler, BOB, 10, 11, steps=100)
    assert _served(scheduler) == [4, 10, 11]


def test_one_caller_leaves_places_for_others() -> None:
    scheduler = _scheduler(max_waiting=64)
    with pytest.raises(QueueFull) as full:
        _asked(scheduler, ALICE, *range(64))
    assert full.value.own
    assert len(scheduler.waiting()) == 32
    _asked(scheduler, BOB, 100)
    assert scheduler.waiting().index(100) == 1
    for key in range(32):
        scheduler.remove(key)
    _asked(scheduler, ALICE, 200)
    assert len(scheduler) == 2


def test_callers_who_are_gone_leave_no_trace() -> None:
    scheduler = _scheduler()
    for key in range(200):
        _asked(scheduler, Caller("192.0.2.1", f"user-{key}"), key)
        assert scheduler.next_step()
        scheduler.remove(key)
    _asked(scheduler, ALICE, 1000)
    scheduler.next_step()
    assert len(scheduler._callers) + len(scheduler._addresses) == 0


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 5),  # steps until it comes
        st.sampled_from([SMALL, WIDE, TALL]),
        st.integers(1, 20),  # rows
        st.integers(1, 6),  # steps it needs
    ),
    max_size=20,
)


@given(ARRIVALS)
def test_all_are_served_in_order_and_no_pass_is_overfull(
    arrivals: list[tuple[int, Shape, int, int]],
) -> None:
    scheduler = _scheduler()
    coming = [
        (delay, Entry(key, shape, rows), steps)
        for key, (delay, shape, rows, steps) in enumerate(arrivals)
    ]
    needed = {entry.key: steps for _, entry, steps in coming}
    begun: dict[Shape, list[int]] = {SMALL: [], WIDE: [], TALL: []}
    made: Counter[int] = Counter()
    added: dict[Shape, list[int]] = {SMALL: [], WIDE: [], TALL: []}
    for time in range(1000):
        for delay, entry, _ in coming:
            if delay == time:
                scheduler.add(entry)
                added[entry.shape].append(entry.key)
        step = scheduler.next_step()
        if not step and time > 5:
            break
        assert len({entry.shape for entry in step}) <= 1
        assert len(step) <= 1 or sum(entry.rows for entry in step) <= 8
        for entry in step:
            if not made[entry.key]:
                begun[entry.shape].append(entry.key)
            made[entry.key] += 1
            if made[entry.key] == needed[entry.key]:
                scheduler.remove(entry.key)
    assert made == needed
    assert begun == added
    assert len(scheduler) == 0
