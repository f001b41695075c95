"""LoRAs: low-rank additions to a model's weights (Hu et al. 2021), different ones for each row.

The weights themselves are never touched. While a network runs, each layer that LoRAs add to gives
every row what the row's own LoRAs make of the row's own input, one row at a time: so a row's bytes
do not depend on its company, and rows without any stay what they are.
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
    """What a LoRA adds to one layer: `up` · `down`, of the layer's own kind and small rank."""

    down: Tensor
    up: Tensor

    def of(self, layer: nn.Module, row: Tensor) -> Tensor:
        """What is added to the layer's output for the input of one row."""
        if isinstance(layer, nn.Conv2d):
            # The first of the two is where the layer's stride and padding belong.
            inner = layer._conv_forward(row, self.down, None)
            return nn.functional.conv2d(inner, self.up)
        return nn.functional.linear(nn.functional.linear(row, self.down), self.up)


LoraDeltas = Mapping[nn.Module, LoraDelta]
"""A LoRA: what it adds to which layers."""


class LoraLayers:
    """The LoRAs of a model by their names, and which of them the rows of the moment want."""

    def __init__(self, loras: Mapping[str, LoraDeltas]) -> None:
        self._loras = dict(loras)
        # For each thread its own: another may read a text that has nothing to do with the rows.
        self._here = threading.local()
        for layer in {layer for additions in loras.values() for layer in additions}:
            layer.register_forward_hook(self._add)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._loras))

    @contextmanager
    def applied(self, rows: Sequence[tuple[Lora, ...]]) -> Iterator[None]:
        """While it lasts, each row of a network's input gets its own LoRAs."""
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
                    # A copy, which lies in memory as it would if the row were alone.
                    added = addition.of(layer, inputs[0][row : row + 1].clone())
                    output[row : row + 1] += lora.weight * added
