"""The upscaler: enlarges pictures with a small convolutional network."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from diffusion.nn.model_files import CheckpointError, first_line, read_json
from diffusion.vision.image_files import Pixels

UPSCALER_FOLDER = "upscaler"
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"

TILE_SIDE_PX = 192
"""The picture is enlarged in tiles of this side, so that memory does not grow with its size."""


class CompactNetwork(nn.Module):
    """SRVGGNetCompact of Real-ESRGAN (Wang et al. 2021): convolutions at the input's size, then a
    pixel shuffle whose result is added to the nearest-neighbour upscale."""

    def __init__(self, factor: int, width: int, layers: int) -> None:
        super().__init__()
        self.factor = factor
        widths = [3, *[width] * (layers + 1)]
        body: list[nn.Module] = []
        for before, after in pairwise(widths):
            body += [nn.Conv2d(before, after, 3, padding=1), nn.PReLU(after)]
        body.append(nn.Conv2d(width, 3 * factor**2, 3, padding=1))
        self.body = nn.Sequential(*body)

    @property
    def reach(self) -> int:
        """The radius of the receptive field in pixels."""
        return sum(isinstance(layer, nn.Conv2d) for layer in self.body)

    def forward(self, x: Tensor) -> Tensor:
        """Colours from 0 to 1, [1, 3, h, w] to [1, 3, h·factor, w·factor]."""
        added = nn.functional.pixel_shuffle(self.body(x), self.factor)
        enlarged: Tensor = added + nn.functional.interpolate(x, scale_factor=self.factor)
        return enlarged


class Unwanted(Exception):
    """The picture is no longer wanted."""


class Upscaler:
    """Enlarges pictures of any size by one factor."""

    def __init__(self, network: CompactNetwork) -> None:
        self.network = network
        self.factor = network.factor

    @torch.inference_mode()
    def enlarge(self, pixels: Pixels, wanted: Callable[[], bool] = lambda: True) -> Pixels:
        """Enlarge a picture [h, w, 3] to [h·factor, w·factor, 3].

        Tiles overlap by the receptive field, so there are no seams. Raises Unwanted before the next
        tile once `wanted` returns False.
        """
        height, width, _ = pixels.shape
        factor, reach = self.factor, self.network.reach
        enlarged = np.empty((height * factor, width * factor, 3), np.uint8)
        for top in range(0, height, TILE_SIDE_PX):
            for left in range(0, width, TILE_SIDE_PX):
                if not wanted():
                    raise Unwanted
                up, before = max(0, top - reach), max(0, left - reach)
                seen = pixels[up : top + TILE_SIDE_PX + reach, before : left + TILE_SIDE_PX + reach]
                drawn = self._tile(seen)[(top - up) * factor :, (left - before) * factor :]
                place = enlarged[top * factor :, left * factor :][
                    : TILE_SIDE_PX * factor, : TILE_SIDE_PX * factor
                ]
                place[:] = drawn[: TILE_SIDE_PX * factor, : TILE_SIDE_PX * factor]
        return enlarged

    def _tile(self, pixels: Pixels) -> Pixels:
        weights = next(self.network.parameters())
        colours = torch.from_numpy(pixels.copy()).to(weights).permute(2, 0, 1)[None] / 255
        levels = (self.network(colours)[0] * 255).round().clamp(0, 255).to(torch.uint8)
        drawn: Pixels = levels.permute(1, 2, 0).cpu().numpy()
        return drawn


def load_upscaler(folder: Path, device: torch.device) -> Upscaler | None:
    """The upscaler in the model's folder, or None. Raises CheckpointError."""
    place = folder / UPSCALER_FOLDER
    if not place.is_dir():
        return None
    config = read_json(place / CONFIG_FILE)
    try:
        factor, width, layers = (int(config[name]) for name in ("factor", "width", "layers"))
        if not (2 <= factor <= 8 and 1 <= width <= 512 and 0 <= layers <= 64):
            raise ValueError("sizes out of range")
        network = CompactNetwork(factor, width, layers)
        weights = load_file(place / WEIGHTS_FILE)
        network.load_state_dict({name: weight.float() for name, weight in weights.items()})
    except Exception as error:
        reason = f"The upscaler in {place} cannot be used: {first_line(error)}"
        raise CheckpointError(reason) from error
    return Upscaler(network.to(device).requires_grad_(False).eval())
