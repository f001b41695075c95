"""A short way to say a request to the tiny model."""

from typing import Any

from diffusion.protocol import ImageRequest, Noise


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
