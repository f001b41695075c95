"""Who takes part in a step: order, sharing, turns and bounds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.scheduler import Entry, QueueFull, Scheduler, Shape

SMALL, WIDE, TALL = Shape(8, 8), Shape(8, 16), Shape(16, 8)


def _scheduler(max_waiting: int = 100) -> Scheduler:
    return Scheduler(lambda _: 8, max_waiting)


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


def test_a_request_larger_than_a_pass_runs_alone() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 32), (2, SMALL, 1))
    assert _keys(scheduler.next_step()) == [1]
    scheduler.remove(1)
    assert _keys(scheduler.next_step()) == [2]


def test_shapes_take_turns() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8), (3, WIDE, 2), (4, TALL, 2))
    turns = [_keys(scheduler.next_step()) for _ in range(6)]
    assert turns == [[1], [3], [4], [1], [3], [4]]


def test_a_full_shape_does_not_hold_up_another() -> None:
    scheduler = _scheduler()
    _add(scheduler, (1, SMALL, 8), (2, SMALL, 8))
    scheduler.next_step()
    _add(scheduler, (3, WIDE, 2))
    assert [_keys(scheduler.next_step()) for _ in range(2)] == [[1], [3]]


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
