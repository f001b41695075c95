"""Pictures whose opposite borders meet: convolutions that look around the edge. Knows no requests.

Attention has no positions and sees everything at once; only convolutions know where the edge is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def circular_padding(network: nn.Module) -> Iterator[None]:
    """While it lasts, what is beyond the edge is the other side of the picture, not zeros."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    before = [layer.padding_mode for layer in layers]
    try:
        for layer in layers:
            layer.padding_mode = "circular"
        yield
    finally:
        for layer, mode in zip(layers, before, strict=True):
            layer.padding_mode = mode
