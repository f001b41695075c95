"""From one request to the next: what comes of a picture when its buttons are pressed.

Pure: chance comes in as a seed, and pictures as the digests that they are kept under.
"""

from dataclasses import replace

from bot.prompts import seeds
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Start

VARIATION_STRENGTHS = {"subtle": 0.25, "strong": 0.45}
"""Of the blend that makes a variation: how far it goes from its parent."""

CREATIVE_STRENGTH = 0.3
"""The share of the noise that a picture is drawn over with when it is upscaled creatively."""

MAX_SIDE_RATIO = 3
"""A picture is carried on until it is this many times as long as it is wide."""


def vary(
    request: ImageRequest, index: int, new_seed: int, variability: str = "strong"
) -> ImageRequest:
    """Four pictures close to picture `index` (from 0): its noise with a little of another."""
    strength = VARIATION_STRENGTHS[variability]
    return replace(request, noises=seeds.varied(request.noises[index], strength, new_seed))


def reroll(request: ImageRequest, new_seed: int) -> ImageRequest:
    """The same again with new noise."""
    return replace(request, noises=seeds.renewed(request.noises, new_seed))


def single(request: ImageRequest, index: int) -> ImageRequest:
    """Picture `index` (from 0) alone."""
    return replace(request, noises=(request.noises[index],))


def remix(request: ImageRequest, fresh: ImageRequest) -> ImageRequest:
    """What a new prompt asks for, with the noise of an earlier request.

    Where that one started from a picture, so does this, and keeps its size.
    """
    fresh = replace(fresh, noises=request.noises)
    if request.start is None:
        return fresh
    return replace(fresh, start=request.start, width=request.width, height=request.height)


def upscale_creative(
    request: ImageRequest, picture: str, model: ModelInfo, new_seed: int
) -> ImageRequest:
    """A single picture drawn over lightly, at twice its size if the model goes that far."""
    factor = min(2.0, model.max_size / max(request.width, request.height))
    width, height = (
        max(side, round(side * factor) // model.multiple * model.multiple)
        for side in (request.width, request.height)
    )
    start = Start(picture, CREATIVE_STRENGTH)
    one = seeds.new(new_seed)[:1]
    return replace(request, start=start, noises=one, width=width, height=height)


def inpaint(
    request: ImageRequest, start: Start, size: tuple[int, int], new_seed: int
) -> ImageRequest:
    """Four pictures that keep what the mask of the start keeps, and differ in the rest."""
    width, height = size
    four = seeds.new(new_seed)
    # What is carried on at one border does not meet the other any more.
    tile = request.tile and start.mask is None
    return replace(request, start=start, noises=four, width=width, height=height, tile=tile)


def pan(request: ImageRequest, side: str, model: ModelInfo) -> tuple[int, int]:
    """The size with half as much again to one side, as far as the model goes."""
    width, height = request.width, request.height
    if side in ("left", "right"):
        return _longer(width, height, model), height
    return width, _longer(height, width, model)


def square(request: ImageRequest) -> tuple[int, int]:
    """The size with the shorter side as long as the longer."""
    side = max(request.width, request.height)
    return side, side


def _longer(length: int, other: int, model: ModelInfo) -> int:
    most = min(model.max_size, MAX_SIDE_RATIO * other)
    wanted = min(most, length * 3 // 2)
    return max(length, wanted // model.multiple * model.multiple)
