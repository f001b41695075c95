"""Batched U-Net forward passes whose results do not depend on the batch size.

The layers of the U-Net are made batch-invariant (`diffusion.nn.invariant_layers`), so a pass may
have any number of rows. A U-Net with an unknown layer gets one row per pass. A compiled U-Net
cannot examine its layers, so all its passes have one fixed size. OpenVINO runs each row by itself
(`diffusion.nn.openvino_unet`). It cannot add LoRAs, so torch runs the rows that have some.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from diffusion.engine.cost_model import MAX_BATCH_ROWS, CostModel
from diffusion.engine.scheduler import Shape
from diffusion.nn.invariant_layers import make_invariant
from diffusion.nn.openvino_network import ShapeNotCompiled
from diffusion.nn.openvino_unet import OpenvinoUnet
from diffusion.sampling.denoiser import Denoiser, Network
from diffusion.sampling.trajectory import Row
from diffusion.text.encoder import together

log = logging.getLogger(__name__)


class BatchedDenoiser:
    """Predicts any number of rows of one shape.

    On a GPU a pass has 1, 2, 4, 8 or 16 rows, because every new size is slow the first time.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        costs: CostModel,
        compiled: bool = False,
        openvino: OpenvinoUnet | None = None,
    ) -> None:
        self._denoiser = denoiser
        self._openvino = openvino
        self._not_compiled: set[Shape] = set()
        self._costs = costs
        self._device = next(denoiser.parameters()).device
        self._compiled = compiled
        self._sizes = None if compiled else make_invariant(denoiser.unet, MAX_BATCH_ROWS)
        self._timing: deque[tuple[Shape, int, torch.cuda.Event, torch.cuda.Event]] = deque()

    def predict(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        """The denoised predictions [rows, 4, h, w] of rows that all have this shape."""
        most = self._costs.most(shape)
        parts = [rows[start : start + most] for start in range(0, len(rows), most)]
        return torch.cat([self._part(shape, part) for part in parts])

    def reference(self, shape: Shape) -> int:
        """The batch size whose results define the correct bytes.

        Large where batching pays off; small where padding to this size would only cost time.
        """
        gaining = 64 * 64 if self._device.type == "cuda" else 32 * 32
        return 8 if shape.cells <= gaining else 2

    def _part(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        if self._sizes:
            self._sizes.begin(self.reference(shape))
        return self._timed(shape, len(rows), partial(self._in_passes, shape, rows))

    def on_torch(self, loras: bool) -> bool:
        """Whether torch runs rows with or without LoRAs, although OpenVINO runs others."""
        return loras and self._openvino is not None

    def _in_passes(self, shape: Shape, rows: Sequence[Row]) -> Tensor:
        if self._openvino and not shape.on_torch and shape not in self._not_compiled:
            try:
                return self._pass(shape, rows, partial(self._openvino, tile=shape.tile))
            except ShapeNotCompiled as error:
                log.warning("torch runs pictures of %s: %s", shape, error)
                self._not_compiled.add(shape)
        size = self._size(shape, len(rows))
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        return torch.cat([self._pass(shape, _padded(part, size))[: len(part)] for part in parts])

    def _size(self, shape: Shape, count: int) -> int:
        """The number of rows, with padding, of a pass for `count` rows."""
        if self._compiled:
            return self.reference(shape)
        if not self._sizes:
            return 1
        if self._device.type != "cuda":
            return count
        return min(1 << (count - 1).bit_length(), self._costs.most(shape))

    def _pass(self, shape: Shape, rows: Sequence[Row], network: Network | None = None) -> Tensor:
        denoised: Tensor = self._denoiser(
            torch.stack([row.x for row in rows]),
            torch.stack([row.sigma for row in rows]),
            together([row.condition for row in rows]),
            torch.stack([row.time for row in rows]),
            shape.tile,
            network,
        )
        return denoised

    def _timed(self, shape: Shape, rows: int, predict: Callable[[], Tensor]) -> Tensor:
        """Call `predict` and note its time as that of `rows` rows, not counting the padding.

        A pass that examined layers or compiled is not noted: that happens once and is slow.
        """
        if self._device.type == "cuda":
            return self._timed_later(shape, rows, predict)
        began, examined = time.perf_counter(), self._examined()
        denoised = predict()
        if self._examined() == examined:
            self._costs.note(shape, rows, time.perf_counter() - began)
        return denoised

    def _timed_later(self, shape: Shape, rows: int, predict: Callable[[], Tensor]) -> Tensor:
        """The same on a GPU: the time is noted once the next pass has been queued.

        One queued pass keeps the GPU busy. More would delay requests that join or leave.
        """
        began, ended = (
            torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            for _ in range(2)
        )
        examined = self._examined()
        began.record()
        denoised = predict()
        ended.record()
        if self._examined() == examined:
            self._timing.append((shape, rows, began, ended))
        if len(self._timing) > 1:
            self._note_earliest()
        return denoised

    def _examined(self) -> int:
        """How often something was done that only the first pass of its kind does."""
        compilations = self._openvino.compilations if self._openvino else 0
        return compilations + (self._sizes.examined if self._sizes else 0)

    def settle(self) -> None:
        """Wait for the passes that are still being timed, and note their time."""
        while self._timing:
            self._note_earliest()

    def _note_earliest(self) -> None:
        shape, rows, began, ended = self._timing.popleft()
        ended.synchronize()
        self._costs.note(shape, rows, began.elapsed_time(ended) / 1000)


def _padded(rows: Sequence[Row], size: int) -> list[Row]:
    """Pad the batch by repeating the last row; rows are independent."""
    return [*rows, *[rows[-1]] * (size - len(rows))]
