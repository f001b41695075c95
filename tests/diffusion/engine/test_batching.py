"""Passes of any size give each row the same bytes, in the number types of a CPU."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.utils import logging as diffusers_logging
from torch import Tensor, nn

from diffusion.engine.batching import BatchedDenoiser
from diffusion.engine.cost_model import MAX_BATCH_ROWS, CostModel
from diffusion.engine.scheduler import Shape
from diffusion.loading.load import Checkpoint, load
from diffusion.sampling.denoiser import Denoiser
from diffusion.sampling.trajectory import Row
from diffusion.text.encoder import Condition
from tests.support.models.tiny_model import WIDTH

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
    """A denoiser that remembers the sizes it was asked."""

    def __init__(self, denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        forward = denoiser.forward

        def counted(x: Tensor, *others: Any) -> Tensor:
            self.sizes.append(len(x))
            return forward(x, *others)

        monkeypatch.setattr(denoiser, "forward", counted)


@pytest.fixture
def asked(tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(tiny.denoiser, monkeypatch)


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Three threads share no batch evenly."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@torch.inference_mode()
def test_a_row_has_the_same_bytes_in_passes_of_any_size(
    tiny: Checkpoint, dtype: torch.dtype, shape: Shape
) -> None:
    passes = BatchedDenoiser(_denoiser(tiny, dtype), CostModel())
    # Large shapes take long where bfloat16 is emulated.
    counts = (3, 1, 2, 7, 11, MAX_BATCH_ROWS) if shape.cells < 1000 else (1, 5)
    rows = _rows(shape, max(counts))
    expected = torch.cat([passes.predict(shape, [row]) for row in rows])
    for count in counts:
        # The first time layers are examined, then they are used.
        for _ in range(2):
            predicted = passes.predict(shape, rows[-count:])
            assert torch.equal(predicted, expected[-count:]), count


@torch.inference_mode()
def test_passes_have_as_many_rows_as_are_wanted(tiny: Checkpoint, asked: Counting) -> None:
    passes = BatchedDenoiser(tiny.denoiser, CostModel())
    for count in (4, 4, 7, 1):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), count))
    assert asked.sizes == [4, 4, 7, 1]


@torch.inference_mode()
def test_passes_that_are_compiled_have_one_size(tiny: Checkpoint, asked: Counting) -> None:
    passes = BatchedDenoiser(tiny.denoiser, CostModel(), compiled=True)
    for count in (3, 8, 11):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), count))
    assert asked.sizes == [8, 8, 8, 8]


@torch.inference_mode()
def test_a_network_with_an_unknown_part_sees_one_row_at_a_time(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    denoiser = _denoiser(tiny, torch.float32)
    denoiser.unet.conv_act = nn.Mish()
    asked, rows = Counting(denoiser, monkeypatch), _rows(Shape(8, 8), 3)
    predicted = BatchedDenoiser(denoiser, CostModel()).predict(Shape(8, 8), rows)
    assert asked.sizes == [1, 1, 1]
    alone = BatchedDenoiser(denoiser, CostModel()).predict(Shape(8, 8), rows[1:2])
    assert torch.equal(predicted[1:2], alone)


@torch.inference_mode()
def test_more_rows_than_memory_allows_take_several_passes(
    tiny: Checkpoint, asked: Counting
) -> None:
    costs = CostModel()
    passes = BatchedDenoiser(tiny.denoiser, costs)
    rows = _rows(Shape(8, 8), MAX_BATCH_ROWS + 2)
    expected = passes.predict(Shape(8, 8), rows)
    costs.halve(Shape(8, 8), 8)
    asked.sizes.clear()
    assert torch.equal(passes.predict(Shape(8, 8), rows), expected)
    assert max(asked.sizes) == 4


@torch.inference_mode()
def test_what_passes_take_is_noted_but_not_what_examining_does(tiny_folder: Path) -> None:
    costs = CostModel()
    passes = BatchedDenoiser(load(tiny_folder, torch.device("cpu")).denoiser, costs)
    for _ in range(3):
        passes.predict(Shape(8, 8), _rows(Shape(8, 8), 4))
    (curve,) = costs.curves.values()
    assert (curve.passes, curve.rows) == (2, 8)
    assert 0 < curve.seconds < 60
