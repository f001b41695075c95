"""LoRA layers: low-rank additions to a model's weights (Hu et al. 2021), per row of a batch.

The weights are never changed. A forward hook on each layer adds the output of the row's own LoRAs,
one row at a time, so a row's bytes do not depend on the other rows. Rows without LoRAs are
unchanged.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from diffusion.protocol.requests import Lora


@dataclass(frozen=True, slots=True)
class LoraDelta:
    """The low-rank weights `up` · `down` that a LoRA adds to one layer.

    Linear: `down` [rank, in], `up` [out, rank]. Convolution: `down` [rank, in, kh, kw], `up`
    [out, rank, 1, 1].
    """

    down: Tensor
    up: Tensor

    def of(self, layer: nn.Module, row: Tensor) -> Tensor:
        """The addition [1, ...] to the layer's output for the input `row` [1, ...]."""
        if isinstance(layer, nn.Conv2d):
            # Stride and padding of the layer apply to the first of the two.
            inner = layer._conv_forward(row, self.down, None)
            return nn.functional.conv2d(inner, self.up)
        return nn.functional.linear(nn.functional.linear(row, self.down), self.up)


LoraDeltas = Mapping[nn.Module, LoraDelta]
"""A LoRA: its delta for each layer."""


class LoraLayers:
    """The LoRAs of a model by name; `applied` says which of them each row uses."""

    def __init__(self, loras: Mapping[str, LoraDeltas]) -> None:
        self._loras = dict(loras)
        # Per thread: another thread may encode a text at the same time.
        self._here = threading.local()
        for layer in {layer for additions in loras.values() for layer in additions}:
            layer.register_forward_hook(self._add)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._loras))

    @contextmanager
    def applied(self, rows: Sequence[tuple[Lora, ...]]) -> Iterator[None]:
        """A context in which row i of a network's input uses the LoRAs of `rows[i]`."""
        self._here.rows = rows if any(rows) else ()
        try:
            yield
        finally:
            self._here.rows = ()

    def _add(self, layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        rows: Sequence[tuple[Lora, ...]] = getattr(self._here, "rows", ())
        for row, wanted in enumerate(rows):
            for lora in wanted:
                addition = self._loras[lora.name].get(layer)
                if addition:
                    # A copy, with the memory layout of a batch of one.
                    added = addition.of(layer, inputs[0][row : row + 1].clone())
                    output[row : row + 1] += lora.weight * added
