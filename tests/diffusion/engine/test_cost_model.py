"""What passes cost: measured points, what lies between, and the guess before any."""

import pytest

from diffusion.engine.cost_model import (
    FORGET_AFTER_PASSES,
    KEPT_MEASUREMENTS,
    MAX_BATCH_ROWS,
    CostModel,
)
from diffusion.engine.scheduler import Shape

SMALL, LARGE = Shape(8, 8), Shape(16, 16)


def test_before_anything_is_measured_sharing_looks_worth_a_try() -> None:
    costs = CostModel()
    for rows in (1, 2, 4, 8):
        assert costs.seconds(SMALL, 2 * rows) < 1.5 * costs.seconds(SMALL, rows)
    assert costs.seconds(LARGE, 1) == pytest.approx(4 * costs.seconds(SMALL, 1))


def test_measured_sizes_are_known_and_those_between_estimated() -> None:
    costs = CostModel()
    costs.note(SMALL, 2, 0.2)
    costs.note(SMALL, 6, 0.4)
    assert [costs.seconds(SMALL, rows) for rows in (2, 3, 4, 6)] == pytest.approx(
        [0.2, 0.25, 0.3, 0.4]
    )
    assert costs.seconds(SMALL, 1) < 0.2 < 0.4 < costs.seconds(SMALL, 7)


def test_another_shape_is_guessed_from_what_was_measured() -> None:
    costs = CostModel()
    costs.note(SMALL, 1, 0.5)
    assert costs.seconds(LARGE, 1) == pytest.approx(2.0)


def test_one_busy_moment_changes_nothing_and_a_lasting_change_does() -> None:
    costs = CostModel()
    for _ in range(KEPT_MEASUREMENTS):
        costs.note(SMALL, 1, 1.0)
    costs.note(SMALL, 1, 100.0)
    assert costs.seconds(SMALL, 1) == 1.0
    for _ in range(KEPT_MEASUREMENTS):
        costs.note(SMALL, 1, 3.0)
    assert costs.seconds(SMALL, 1) == 3.0


def test_a_size_that_was_not_tried_for_long_is_worth_a_try_again() -> None:
    costs = CostModel()
    costs.note(SMALL, 1, 1.0)
    costs.note(SMALL, 8, 100.0)
    for _ in range(FORGET_AFTER_PASSES - 1):
        costs.note(SMALL, 1, 1.0)
    assert costs.seconds(SMALL, 8) == 100.0
    costs.note(SMALL, 1, 1.0)
    assert costs.seconds(SMALL, 8) < 4


def test_more_rows_than_a_pass_may_have_take_several() -> None:
    costs = CostModel()
    costs.note(SMALL, MAX_BATCH_ROWS, 1.0)
    costs.note(SMALL, 2, 0.25)
    assert costs.seconds(SMALL, 2 * MAX_BATCH_ROWS + 2) == pytest.approx(2.25)


def test_memory_that_does_not_suffice_halves_what_is_allowed() -> None:
    costs = CostModel()
    assert costs.most(SMALL) == MAX_BATCH_ROWS
    costs.halve(SMALL, 10)
    assert (costs.most(SMALL), costs.most(LARGE)) == (5, MAX_BATCH_ROWS)
    for expected in (2, 1, 1):
        costs.halve(SMALL, 10)
        assert costs.most(SMALL) == expected
