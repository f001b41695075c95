"""Which numbers of rows are trusted: those in which no order of addition can hide."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from diffusion.engine.cost_model import MAX_BATCH_ROWS
from diffusion.loading.load import load
from diffusion.nn.batch_invariance import RowSizes, cancelling, in_portions
from diffusion.nn.invariant_layers import (
    _attended,
    _attention_probe,
    in_whole_vectors,
    make_invariant,
)
from diffusion.sampling.samplers import _logs
from tests.support.models.tiny_model import build_tiny_model

INPUTS, OUTPUTS = 96, 40
BACKWARDS = torch.arange(INPUTS - 1, -1, -1)


class Library:
    """A matrix library that adds up in another order where `odd` says so of the number of rows
    and of a row's place; it computes in float32 and answers in bfloat16."""

    def __init__(self, odd: Callable[[int, int], bool]) -> None:
        self.odd = odd
        self.sizes: list[int] = []

    def __call__(self, weights: Tensor, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        return torch.stack([self._row(weights, one, len(x), at) for at, one in enumerate(x)])

    def _row(self, weights: Tensor, x: Tensor, rows: int, place: int) -> Tensor:
        products = x.float() * weights.float()
        if self.odd(rows, place):
            products = products[:, BACKWARDS]
        total = torch.zeros(len(weights))
        for product in products.T:
            total = total + product
        return total.to(x.dtype)

    def multiply(self, sizes: RowSizes, weights: Tensor, x: Tensor) -> Tensor:
        """Its product, as a layer asks for it; and what sizes that took."""

        def probe(chance: torch.Generator) -> tuple[tuple[Tensor, ...], Callable[..., Tensor]]:
            row, factors = cancelling(chance, x.shape[1:], 1, weights.shape)
            return (row,), partial(self, factors.to(weights.dtype))

        sizes.run("linear", partial(self, weights), probe, x)
        self.sizes.clear()
        return sizes.run("linear", partial(self, weights), probe, x)


def _picture(rows: int) -> tuple[Tensor, Tensor]:
    """Weights and rows as layers have them: bfloat16 keeps nothing of how they were added up."""
    chance = torch.Generator().manual_seed(0)
    weights = torch.randint(-4, 5, (OUTPUTS, INPUTS), generator=chance)
    x = torch.randint(-4, 5, (rows, INPUTS), generator=chance)
    return weights.to(torch.bfloat16), x.to(torch.bfloat16)


def _sizes(reference: int = 8) -> RowSizes:
    sizes = RowSizes(MAX_BATCH_ROWS)
    sizes.begin(reference)
    return sizes


def test_another_order_of_addition_is_found_where_a_picture_does_not_show_it() -> None:
    library = Library(lambda rows, _: rows == 4)
    weights, x = _picture(8)
    # This is all that one comparison on real rows would see.
    assert torch.equal(library(weights, x[:4]), library(weights, x)[:4])
    library.multiply(_sizes(), weights, x[:4])
    assert library.sizes == [5]


def test_where_every_other_number_differs_rows_go_in_portions_of_the_reference() -> None:
    library = Library(lambda rows, _: rows != 8)
    weights, x = _picture(11)
    made = library.multiply(_sizes(), weights, x)
    assert library.sizes == [8, 8]
    assert torch.equal(made, in_portions(8, partial(library, weights), x))


def test_where_a_row_s_place_shows_rows_go_one_at_a_time() -> None:
    library = Library(lambda _, place: place == 5)
    weights, x = _picture(6)
    made = library.multiply(_sizes(), weights, x)
    assert library.sizes == [1] * 6
    assert torch.equal(made[5], library(weights, x[5:])[0])


def test_what_is_alike_is_handed_over_as_it_is_and_examined_once() -> None:
    library, sizes = Library(lambda *_: False), _sizes()
    weights, x = _picture(6)
    library.multiply(sizes, weights, x)
    assert library.sizes == [6]
    examined = sizes.examined
    library.multiply(sizes, weights, x)
    assert sizes.examined == examined == 2


def test_other_threads_are_other_kernels() -> None:
    library, sizes = Library(lambda *_: False), _sizes()
    weights, x = _picture(6)
    library.multiply(sizes, weights, x)
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    sizes.begin(8)
    torch.set_num_threads(before)
    library.multiply(sizes, weights, x)
    assert sizes.examined == 4


def test_numbers_that_overflow_prove_nothing() -> None:
    library, sizes = Library(lambda *_: False), _sizes()

    def probe(_: torch.Generator) -> tuple[tuple[Tensor, ...], Callable[..., Tensor]]:
        return (torch.full((1, INPUTS), 3e38),), partial(library, torch.ones(OUTPUTS, INPUTS))

    weights, x = _picture(3)
    sizes.run("linear", partial(library, weights), probe, x)
    assert library.sizes[-3:] == [1, 1, 1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_summands_cancel_exactly(dtype: torch.dtype) -> None:
    x, weights = cancelling(
        torch.Generator().manual_seed(0), torch.Size((7, 5, 5)), 1, torch.Size((4, 7, 3, 3))
    )
    x, weights = x.to(dtype).double(), weights.to(dtype).double()
    assert float(weights.abs().max()) > 1
    # In float64 all of these products and most of their sums are exact.
    made = functional.conv2d(x, weights, padding=1)
    assert float(made.abs().max()) < 1e-10


@pytest.mark.parametrize("function", [functional.silu, functional.gelu])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("threads", [1, 2, 3, 5, 7])
def test_elements_do_not_depend_on_how_threads_share_them(
    function: Callable[[Tensor], Tensor], dtype: torch.dtype, threads: int
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        chance = torch.Generator().manual_seed(0)
        x = (3 * torch.randn((MAX_BATCH_ROWS, 9, 13, 77), generator=chance)).to(dtype)
        alone = torch.cat([in_whole_vectors(function, one) for one in x.split(1)])
        for rows in range(1, MAX_BATCH_ROWS + 1):
            assert torch.equal(in_whole_vectors(function, x[:rows]), alone[:rows]), rows
            # A view, as that of one half of what a layer made.
            assert torch.equal(in_whole_vectors(function, x[:rows, 3:]), alone[:rows, 3:]), rows
    finally:
        torch.set_num_threads(before)


@torch.inference_mode()
def test_attention_can_be_examined_too() -> None:
    chance = torch.Generator().manual_seed(0)
    query = torch.randn((5, 2, 17, 8), generator=chance)
    key, value = torch.randn((2, 5, 2, 9, 8), generator=chance)
    probe = partial(_attention_probe, query.shape[1:], key.shape[1:])
    made = _sizes().run("attention", _attended, probe, query, key, value)
    assert torch.equal(made, in_portions(1, _attended, query, key, value))


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_all_families_consist_of_known_parts(family: str, tmp_path: Path) -> None:
    unet = load(build_tiny_model(tmp_path, family=family), torch.device("cpu")).denoiser.unet
    sizes = make_invariant(unet, MAX_BATCH_ROWS)
    assert sizes is not None
    assert make_invariant(unet, MAX_BATCH_ROWS) is sizes, "a second engine with the same model"


def test_a_logarithm_does_not_depend_on_the_others() -> None:
    ratios = torch.rand(40, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 1
    alone = torch.cat([_logs(one) for one in ratios.split(1)])
    assert torch.equal(_logs(ratios), alone)
    assert torch.allclose(alone, ratios.log(), rtol=1e-15)
