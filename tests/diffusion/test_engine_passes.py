"""Passes of any size give the bytes of the reference size, in the number types of a CPU."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers.utils import logging as diffusers_logging
from torch import Tensor

from diffusion.checkpoints import Checkpoint
from diffusion.conditioning import Condition
from diffusion.costs import MOST, PassCosts
from diffusion.denoiser import Denoiser
from diffusion.passes import Passes
from diffusion.scheduler import Shape
from diffusion.trajectory import Row
from tests.tiny_model import WIDTH

SHAPES = [Shape(8, 8), Shape(16, 16), Shape(9, 7), Shape(5, 16), Shape(40, 32)]


def _denoiser(tiny: Checkpoint, dtype: torch.dtype) -> Denoiser:
    diffusers_logging.set_verbosity_error()
    unet = copy.deepcopy(tiny.denoiser.unet).to(dtype)
    return Denoiser(unet, tiny.denoiser.levels, tiny.denoiser.prediction_type)


def _rows(shape: Shape, count: int) -> list[Row]:
    chance = torch.Generator().manual_seed(count)
    return [
        Row(
            x=torch.randn((4, shape.height, shape.width), generator=chance) * (1 + place),
            sigma=torch.tensor(0.1 + place, dtype=torch.float64),
            time=torch.tensor(10.0 * place, dtype=torch.float64),
            condition=Condition(torch.randn((32, WIDTH), generator=chance)),
        )
        for place in range(count)
    ]


class Counting:
    """A denoiser that remembers the sizes it was asked, and may be made to differ in some."""

    def __init__(self, denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.differs: Callable[[int], bool] = lambda _: False
        forward = denoiser.forward

        def counted(x: Tensor, *others: Any) -> Tensor:
            self.sizes.append(len(x))
            return forward(x, *others) + 1e-6 * self.differs(len(x))

        monkeypatch.setattr(denoiser, "forward", counted)


@pytest.fixture
def asked(tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(tiny.denoiser, monkeypatch)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@torch.inference_mode()
def test_a_row_has_the_same_bytes_in_passes_of_any_size(
    tiny: Checkpoint, dtype: torch.dtype, shape: Shape
) -> None:
    passes = Passes(_denoiser(tiny, dtype), PassCosts())
    # Large shapes take long where bfloat16 is emulated.
    counts = (3, 1, 2, 7, 11, MOST) if shape.cells < 1000 else (1, 5)
    rows = _rows(shape, max(counts))
    expected = passes._by_reference(shape, rows)
    for count in counts:
        # The first time a size is checked, then it is used.
        for _ in range(2):
            predicted = passes.predict(shape, rows[-count:])
            assert torch.equal(predicted, expected[-count:]), count


@torch.inference_mode()
def test_a_size_is_checked_once_and_then_used(tiny: Checkpoint, asked: Counting) -> None:
    passes = Passes(tiny.denoiser, PassCosts())
    for _ in range(3):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), 4))
    assert asked.sizes == [4, 8, 4, 4]


@torch.inference_mode()
def test_passes_of_few_sizes_are_filled_up(tiny: Checkpoint, asked: Counting) -> None:
    passes = Passes(tiny.denoiser, PassCosts(), few_sizes=True)
    for count in (3, 3, 5, 9):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), count))
    assert asked.sizes == [4, 8, 4, 8, 16, 8, 8]


@torch.inference_mode()
def test_a_size_that_rounds_otherwise_is_never_used(tiny: Checkpoint, asked: Counting) -> None:
    asked.differs = lambda size: size in (4, 5)
    passes = Passes(tiny.denoiser, PassCosts())
    rows = _rows(Shape(8, 8), 4)
    first, *others = [passes.predict(Shape(8, 8), rows) for _ in range(4)]
    assert asked.sizes == [4, 8, 5, 8, 6, 8, 6]
    assert all(torch.equal(first, other) for other in others)


@torch.inference_mode()
def test_where_all_sizes_differ_the_reference_is_left(tiny: Checkpoint, asked: Counting) -> None:
    asked.differs = lambda size: size != 8
    costs = PassCosts()
    passes = Passes(tiny.denoiser, costs)
    for count in (7, 15):
        for _ in range(2 + (MOST - count)):
            passes.predict(Shape(8, 8), _rows(Shape(8, 8), count))
        asked.sizes.clear()
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), count))
        assert asked.sizes == [8] * (1 if count < 8 else 2)
    # What they take is known as the price of so many rows as were wanted.
    assert dict(costs.curves[Shape(8, 8)].points()).keys() == {7, 15}


@torch.inference_mode()
def test_numbers_that_overflow_tell_nothing_of_a_size(tiny: Checkpoint, asked: Counting) -> None:
    passes = Passes(tiny.denoiser, PassCosts())
    rows = _rows(Shape(8, 8), 2)
    sick = replace(rows[0], x=rows[0].x * torch.nan)
    passes.predict(Shape(8, 8), [sick, rows[1]])
    passes.predict(Shape(8, 8), rows)
    passes.predict(Shape(8, 8), rows)
    assert asked.sizes == [2, 8, 2, 8, 2]


@torch.inference_mode()
def test_more_rows_than_memory_allows_take_several_passes(
    tiny: Checkpoint, asked: Counting
) -> None:
    costs = PassCosts()
    passes = Passes(tiny.denoiser, costs)
    rows = _rows(Shape(8, 8), MOST + 2)
    expected = passes.predict(Shape(8, 8), rows)
    costs.halve(Shape(8, 8), 8)
    asked.sizes.clear()
    assert torch.equal(passes.predict(Shape(8, 8), rows), expected)
    assert max(asked.sizes) == 4


@torch.inference_mode()
def test_what_passes_take_is_noted(tiny: Checkpoint) -> None:
    costs = PassCosts()
    passes = Passes(tiny.denoiser, costs)
    for _ in range(3):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), 4))
    (curve,) = costs.curves.values()
    assert (curve.passes, curve.rows) == (2, 8)
    assert 0 < curve.seconds < 60
