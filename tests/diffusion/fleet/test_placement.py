"""How many replicas there are, what each gets, and how many requests it has at once."""

import pytest

from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Entry, Scheduler, Shape
from diffusion.fleet.placement import Bounds, CannotPlace, Placement, place, requests_at_once

SHAPE = Shape(64, 64)


def measured(**milliseconds: float) -> CostModel:
    """A cost model that has measured steps: `_8=20` for 8 rows in 20 ms."""
    costs = CostModel()
    for rows, took in milliseconds.items():
        costs.recall(SHAPE, int(rows[1:]), took / 1000)
    return costs


def at_once(costs: CostModel, rows: int) -> int:
    return requests_at_once(lambda count: costs.seconds(SHAPE, count), rows, costs.most(SHAPE))


def test_where_batches_gain_nothing_one_is_drawn_and_one_waits() -> None:
    assert at_once(measured(_1=4.2, _2=7.1, _4=13.6, _8=52, _16=131), 8) == 2


def test_where_batches_gain_more_requests_share() -> None:
    """On a GPU: 16 rows take little longer than 8, and 16 of one row little longer than one."""
    costs = measured(_1=10, _2=11, _4=14, _8=20, _16=28)
    assert at_once(costs, 8) == 3
    assert at_once(costs, 1) == 17


def test_no_more_share_than_memory_allows() -> None:
    costs = measured(_1=10, _2=11, _4=14, _8=20, _16=28)
    costs.halve(SHAPE, 16)
    assert at_once(costs, 8) == 2


def test_the_scheduler_lets_as_many_share() -> None:
    """It is the same decision: one request more than share a step waits in the engine."""
    for costs, rows in (
        (measured(_1=10, _2=11, _4=14, _8=20, _16=28), 4),
        (measured(_1=10, _2=11, _4=14, _8=20, _16=28), 2),
        (measured(_1=4, _2=7, _4=14, _8=52, _16=131), 2),
    ):
        scheduler = Scheduler(costs, 64)
        for key in range(20):
            scheduler.add(Entry(key, SHAPE, rows))
        assert len(scheduler.next_step()) + 1 == at_once(costs, rows)


def test_each_replica_has_a_gpu_and_models_leave_each_other_room() -> None:
    placed = place(["a", "b"], [], {"CPU": 32, "GPU": 8}, Bounds())
    assert placed == {name: Placement(1.0, 0.0, None, 1, 7) for name in ("a", "b")}


def test_a_rare_model_has_no_replica_until_it_is_asked_for() -> None:
    placed = place(["a", "b"], ["b"], {"CPU": 8, "GPU": 1}, Bounds())
    assert placed["a"] == Placement(1.0, 0.0, None, 1, 1)
    assert placed["b"] == Placement(1.0, 0.0, None, 0, 1)


def test_local_replicas_share_the_cores_and_have_equally_many_threads() -> None:
    placed = place([""], [], {"CPU": 2}, Bounds(2, 2))
    assert placed[""] == Placement(0.0, 1.0, 1, 2, 2)
    placed = place([""], [], {"CPU": 2}, Bounds(3, 3))
    assert placed[""] == Placement(0.0, 0.66, 1, 3, 3)
    placed = place([""], [], {"CPU": 16}, Bounds(1, 4, 4))
    assert placed[""] == Placement(0.0, 4.0, 4, 1, 4)


@pytest.mark.parametrize(
    ("models", "rare", "resources", "bounds", "words"),
    [
        (["a", "b"], [], {"CPU": 8, "GPU": 1}, Bounds(), "2 models with 1 replicas each"),
        (["a"], [], {"CPU": 8, "GPU": 2}, Bounds(3, 3), "do not fit on 2 GPUs"),
        (["a"], [], {"CPU": 8}, Bounds(3, 3, 4), "do not fit on 8 cores"),
        (["a"], ["b"], {"CPU": 8}, Bounds(), "--rare names b"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    models: list[str], rare: list[str], resources: dict[str, float], bounds: Bounds, words: str
) -> None:
    with pytest.raises(CannotPlace, match=words):
        place(models, rare, resources, bounds)
