"""Rows through the U-Net, so that no row's bytes depend on how many others there are.

Matrix libraries choose their kernels by the size of the batch, and other kernels round otherwise.
Measured on a CPU with AVX-512, layer by layer: bfloat16 is the same for any number of rows;
float32 is the same from 2 rows on, but for linear layers that get a single vector from each row,
which are here given a multiple of 8. Neither neighbours nor a row's place change anything.

No such table is relied upon. For each shape there is one reference size that defines the bytes;
another size is used only after its first pass, made on real rows, had every bit in common with
passes of the reference size. That pass delivers the reference's result, so a size that fails costs
time once and never a byte. It holds on a GPU as well, where sizes are powers of two.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from diffusion.conditioning import together
from diffusion.costs import MOST, PassCosts
from diffusion.denoiser import Denoiser
from diffusion.scheduler import Shape
from diffusion.trajectory import Row


class Passes:
    """Makes the predictions of any number of rows of one shape.

    With `few_sizes` passes have 1, 2, 4, 8 or 16 rows, since each other size would have to be
    compiled too; so it is on a GPU.
    """

    def __init__(self, denoiser: Denoiser, costs: PassCosts, few_sizes: bool = False) -> None:
        _steady(denoiser.unet)
        self._denoiser = denoiser
        self._costs = costs
        self._device = next(denoiser.parameters()).device
        self._few_sizes = few_sizes or self._device.type == "cuda"
        self._agrees: dict[tuple[Shape, int], bool] = {}
        self._timing: deque[tuple[Shape, int, torch.cuda.Event, torch.cuda.Event]] = deque()

    def predict(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        """The denoised predictions [rows, 4, h, w]."""
        most = self._costs.most(shape)
        parts = [rows[start : start + most] for start in range(0, len(rows), most)]
        return torch.cat([self._part(shape, part) for part in parts])

    def reference(self, shape: Shape) -> int:
        """The size that defines the bytes: where sharing gains nothing, filling up would cost."""
        gaining = 64 * 64 if self._device.type == "cuda" else 32 * 32
        return min(8 if shape.cells <= gaining else 2, self._costs.most(shape))

    def _part(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        for size in self._sizes(len(rows)):
            filled = _filled(rows, size)
            if size == self.reference(shape) or self._agrees.get((shape, size)):
                whole = self._timed(shape, len(rows), partial(self._pass, shape, filled))
                return whole[: len(rows)]
            if (shape, size) not in self._agrees:
                return self._checked(shape, filled)[: len(rows)]
        return self._timed(shape, len(rows), partial(self._by_reference, shape, rows))

    def _sizes(self, count: int) -> Iterator[int]:
        """Sizes of a pass for so many rows, the cheapest first."""
        for size in range(count, MOST + 1):
            if size.bit_count() == 1 or not self._few_sizes:
                yield size

    def _checked(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        """Find out whether a pass of this size gives the reference's bits; returns those."""
        tried, right = self._pass(shape, rows), self._by_reference(shape, rows)
        # Numbers that overflowed are equal to nothing, and tell nothing.
        if bool(right.isfinite().all()):
            self._agrees[shape, len(rows)] = torch.equal(tried, right)
        return right

    def _by_reference(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        size = self.reference(shape)
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        return torch.cat([self._pass(shape, _filled(part, size))[: len(part)] for part in parts])

    def _pass(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        denoised: Tensor = self._denoiser(
            torch.stack([row.x for row in rows]),
            torch.stack([row.sigma for row in rows]),
            together([row.condition for row in rows]),
            torch.stack([row.time for row in rows]),
            shape.tile,
        )
        return denoised

    def _timed(self, shape: Shape, rows: int, predict: Callable[[], Tensor]) -> Tensor:
        """Predictions whose time is noted as that of so many rows, whatever fills them up."""
        if self._device.type == "cuda":
            return self._timed_later(shape, rows, predict)
        began = time.perf_counter()
        denoised = predict()
        self._costs.note(shape, rows, time.perf_counter() - began)
        return denoised

    def _timed_later(self, shape: Shape, rows: int, predict: Callable[[], Tensor]) -> Tensor:
        """Predictions on a GPU, whose time is noted when the next ones have been handed over.

        To be one pass ahead keeps the GPU busy; further ahead, who joins or leaves would be late.
        """
        began, ended = (
            torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            for _ in range(2)
        )
        began.record()
        denoised = predict()
        ended.record()
        self._timing.append((shape, rows, began, ended))
        if len(self._timing) > 1:
            self._note_earliest()
        return denoised

    def settle(self) -> None:
        """Wait for the passes whose time is not noted yet, and note it."""
        while self._timing:
            self._note_earliest()

    def _note_earliest(self) -> None:
        shape, rows, began, ended = self._timing.popleft()
        ended.synchronize()
        self._costs.note(shape, rows, began.elapsed_time(ended) / 1000)


def _filled(rows: Sequence[Row], size: int) -> list[Row]:
    """Any row will do to fill a pass up: no row knows the others."""
    return [*rows, *[rows[-1]] * (size - len(rows))]


STEADY = 8
"""A linear layer rounds all its rows alike where their number is a multiple of this."""


class _SteadyLinear(nn.Linear):
    """A linear layer for one vector from each row [rows, width], whose rows do not depend on
    how many there are."""

    def forward(self, vectors: Tensor) -> Tensor:
        missing = -len(vectors) % STEADY
        return super().forward(nn.functional.pad(vectors, (0, 0, 0, missing)))[: len(vectors)]


def _steady(unet: nn.Module) -> None:
    """Let what the U-Net makes of its time steps not depend on how many rows there are."""
    for name, layer in unet.named_modules():
        if type(layer) is nn.Linear and ("time_emb" in name or "embedding" in name):
            layer.__class__ = _SteadyLinear
