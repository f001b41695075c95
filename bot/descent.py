"""From one request to the next: what comes of a picture when its buttons are pressed.

Pure: chance comes in as a seed.
"""

from dataclasses import replace

from bot import noises
from diffusion.protocol import ImageRequest

STRENGTHS = {"subtle": 0.25, "strong": 0.45}
"""Of the blend that makes a variation: how far it goes from its parent."""


def vary(
    request: ImageRequest, index: int, new_seed: int, variability: str = "strong"
) -> ImageRequest:
    """Four pictures close to picture `index` (from 0): its noise with a little of another."""
    strength = STRENGTHS[variability]
    return replace(request, noises=noises.varied(request.noises[index], strength, new_seed))


def reroll(request: ImageRequest, new_seed: int) -> ImageRequest:
    """The same again with new noise."""
    return replace(request, noises=noises.renewed(request.noises, new_seed))


def alone(request: ImageRequest, index: int) -> ImageRequest:
    """Picture `index` (from 0) alone."""
    return replace(request, noises=(request.noises[index],))
