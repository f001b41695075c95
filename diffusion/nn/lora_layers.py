"""LoRA layers: low-rank additions to a model's weights (Hu et al. 2021), per row of a batch.

The weights are never changed. A forward hook on each layer adds the output of the row's own LoRAs,
one row at a time, so a row's bytes do not depend on the other rows. Rows without LoRAs are
unchanged. A LoRA is read when a row first uses it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from diffusion.protocol.requests import Lora

MAX_KEPT_BYTES = 2 * 2**30
"""Bytes of the LoRAs that are kept for the next rows; those that are in use are kept always."""


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

    def __init__(
        self, readers: Mapping[str, Callable[[], LoraDeltas]], layers: Collection[nn.Module]
    ) -> None:
        """`readers` read the LoRAs, which add to some of these `layers` only."""
        self._readers = dict(readers)
        self._kept: OrderedDict[str, LoraDeltas] = OrderedDict()
        self._lock = threading.Lock()
        # Per thread: another thread may encode a text at the same time.
        self._here = threading.local()
        for layer in layers:
            layer.register_forward_hook(self._add)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._readers))

    @contextmanager
    def applied(self, rows: Sequence[tuple[Lora, ...]]) -> Iterator[None]:
        """A context in which row i of a network's input uses the LoRAs of `rows[i]`.

        Raises what reading them raises.
        """
        self._here.deltas = self._deltas({lora.name for wanted in rows for lora in wanted})
        self._here.rows = rows if any(rows) else ()
        try:
            yield
        finally:
            self._here.rows = ()
            self._here.deltas = {}

    def _deltas(self, names: Collection[str]) -> dict[str, LoraDeltas]:
        with self._lock:
            for name in sorted(names):
                if name not in self._kept:
                    self._kept[name] = self._readers[name]()
                self._kept.move_to_end(name)
            wanted = {name: self._kept[name] for name in names}
            size = sum(map(_bytes, self._kept.values()))
            # The longest unused are in front, and those of now at the end.
            while size > MAX_KEPT_BYTES and len(self._kept) > len(wanted):
                size -= _bytes(self._kept.popitem(last=False)[1])
            return wanted

    def _add(self, layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        rows: Sequence[tuple[Lora, ...]] = getattr(self._here, "rows", ())
        for row, wanted in enumerate(rows):
            for lora in wanted:
                addition = self._here.deltas[lora.name].get(layer)
                if addition:
                    # A copy, with the memory layout of a batch of one.
                    added = addition.of(layer, inputs[0][row : row + 1].clone())
                    output[row : row + 1] += lora.weight * added


def _bytes(deltas: LoraDeltas) -> int:
    return sum(delta.down.nbytes + delta.up.nbytes for delta in deltas.values())
