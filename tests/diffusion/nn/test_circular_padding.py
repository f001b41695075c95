"""Seamless pictures: moved around, what is predicted is the same thing moved around."""

import numpy as np
import pytest
import torch

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.loading.load import Checkpoint
from diffusion.nn.circular_padding import circular_padding
from diffusion.protocol.requests import Noise
from diffusion.text.encoder import together
from tests.support.engine.inference_requests import a_request


@pytest.mark.parametrize("tile", [True, False])
def test_the_network_cannot_tell_where_the_edge_is(tiny: Checkpoint, tile: bool) -> None:
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    heard = together(tiny.text.encode(["a red fox"]))
    sigma = torch.tensor([3.0], dtype=torch.float64)
    with torch.inference_mode():
        one = tiny.denoiser(x, sigma, heard, tile=tile)
        moved = tiny.denoiser(x.roll((2, 4), (2, 3)), sigma, heard, tile=tile)
    same = torch.allclose(one.roll((2, 4), (2, 3)), moved, atol=1e-4)
    assert same == tile


def test_opposite_borders_of_a_whole_run_meet(tiny: Checkpoint) -> None:
    """As near to each other as neighbours inside the picture are."""
    engine = Engine(tiny)
    request = a_request(noises=(Noise(4),), tile=True, width=128, height=128)
    key = engine.add(request).key
    drawn: dict[int, np.ndarray] = {}
    while len(engine):
        drawn |= {e.key: e.pictures[0] for e in engine.step() if isinstance(e, GenerationFinished)}
    levels = drawn[key].astype(float)
    for axis in (0, 1):
        inside = np.abs(np.diff(levels, axis=axis)).mean()
        border = np.abs(levels.take(0, axis) - levels.take(-1, axis)).mean()
        assert border < 1.5 * inside


def test_afterwards_the_network_is_as_it_was(tiny: Checkpoint) -> None:
    unet = tiny.denoiser.unet
    modes = [layer.padding_mode for layer in unet.modules() if hasattr(layer, "padding_mode")]
    with pytest.raises(ValueError, match="inside"), circular_padding(unet):
        raise ValueError("inside")
    assert modes == [
        layer.padding_mode for layer in unet.modules() if hasattr(layer, "padding_mode")
    ]
    assert set(modes) == {"zeros"}
