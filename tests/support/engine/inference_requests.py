"""A short way to say a request to the tiny model, and costs that no busy machine changes."""

from typing import Any

from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Shape
from diffusion.protocol.requests import ImageRequest, Noise


class EightRows(CostModel):
    """Every step takes a second, and has eight rows at the most."""

    def seconds(self, shape: Shape, rows: int) -> float:
        return 1.0

    def most(self, shape: Shape) -> int:
        return min(8, super().most(shape))


def a_request(**changes: Any) -> ImageRequest:
    """Two pictures of 64×64, with what a test wants otherwise."""
    usual: dict[str, Any] = {
        "model": "tiny",
        "prompt": "a red fox",
        "noises": (Noise(1), Noise(2)),
        "width": 64,
        "height": 64,
        "steps": 4,
        "guidance_scale": 3.0,
    }
    return ImageRequest(**usual | changes)
