"""Circular padding of convolutions, for pictures that tile seamlessly.

Attention has no positions, so only convolutions know where the edge of the picture is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def circular_padding(network: nn.Module) -> Iterator[None]:
    """A context in which all convolutions of the network wrap around the edges."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    before = [layer.padding_mode for layer in layers]
    try:
        for layer in layers:
            layer.padding_mode = "circular"
        yield
    finally:
        for layer, mode in zip(layers, before, strict=True):
            layer.padding_mode = mode
