"""Requests of follow-up jobs (vary, re-roll, upscale, pan, zoom), derived from earlier requests.

Pure: randomness comes in as a seed, pictures as the SHA-256 digests under which they are stored.
"""

from dataclasses import replace

from bot.models.sizes import nearest, sides
from bot.prompts import seeds
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, InitImage

VARIATION_STRENGTHS = {"subtle": 0.25, "strong": 0.45}
"""How much new noise a variation has, from 0 (the same picture) to 1, by name."""

CREATIVE_STRENGTH = 0.3
"""The share of noise that is added to a picture for a creative upscale."""

MAX_SIDE_RATIO = 3
"""The longest side of a panned picture, as a multiple of the other side."""


def vary(
    request: ImageRequest, index: int, new_seed: int, variability: str = "strong"
) -> ImageRequest:
    """Four variations of picture `index` (from 0): its noise with a share of new noise."""
    strength = VARIATION_STRENGTHS[variability]
    return replace(request, noises=seeds.varied(request.noises[index], strength, new_seed))


def vary_picture(
    request: ImageRequest, picture: str, new_seed: int, variability: str = "strong"
) -> ImageRequest:
    """Four variations of the stored `picture`, for a model that does not blend noises."""
    start = InitImage(picture, VARIATION_STRENGTHS[variability])
    return replace(request, start=start, noises=seeds.new(new_seed))


def reroll(request: ImageRequest, new_seed: int) -> ImageRequest:
    """The same request with new seeds."""
    return replace(request, noises=seeds.renewed(request.noises, new_seed))


def is_variation(request: ImageRequest) -> bool:
    """Whether the pictures vary another one: then a re-roll varies the same one again."""
    return all(len(noise.blends) > 1 for noise in request.noises)


def single(request: ImageRequest, index: int) -> ImageRequest:
    """A request for picture `index` (from 0) only."""
    return replace(request, noises=(request.noises[index],))


def remix(request: ImageRequest, fresh: ImageRequest) -> ImageRequest:
    """The request of a new prompt, with the noise of an earlier request.

    If the earlier request draws into a picture, so does the new one, at the same size.
    """
    fresh = replace(fresh, noises=request.noises)
    if request.start is None or request.start.mask is None:
        return fresh
    return replace(fresh, start=request.start, width=request.width, height=request.height)


def upscale_creative(
    request: ImageRequest, picture: str, model: ModelInfo, new_seed: int
) -> ImageRequest:
    """One picture at twice its size, or the model's largest, redrawn from the stored `picture`."""
    width, height = enlarged_size(request, model)
    start = InitImage(picture, CREATIVE_STRENGTH)
    one = seeds.new(new_seed)[:1]
    return replace(request, start=start, noises=one, width=width, height=height)


def enlarged_size(request: ImageRequest, model: ModelInfo) -> tuple[int, int]:
    """Twice the size of a request, or the model's largest; the same where none is larger."""
    width, height = request.width, request.height
    if model.sizes:
        larger = nearest(model.sizes, 2 * width, 2 * height)
        return larger if larger[0] * larger[1] > width * height else (width, height)
    factor = min(2.0, model.max_size / max(width, height))
    width, height = (
        max(side, round(side * factor) // model.multiple * model.multiple)
        for side in (width, height)
    )
    return width, height


def inpaint(
    request: ImageRequest, start: InitImage, size: tuple[int, int], new_seed: int
) -> ImageRequest:
    """Four pictures of this size that keep what the mask keeps and redraw the rest."""
    width, height = size
    four = seeds.new(new_seed)
    # A picture that grew on one side no longer tiles.
    tile = request.tile and start.mask is None
    return replace(request, start=start, noises=four, width=width, height=height, tile=tile)


def pan(request: ImageRequest, side: str, model: ModelInfo) -> tuple[int, int]:
    """The size after a pan: one side 1.5 times as long, within the model's limits."""
    width, height = request.width, request.height
    if model.sizes:
        return _longer_size(width, height, side in ("left", "right"), model)
    if side in ("left", "right"):
        return _longer(width, height, model), height
    return width, _longer(height, width, model)


def square(request: ImageRequest) -> tuple[int, int]:
    """The size after “make square”: both sides as long as the longer one."""
    side = max(request.width, request.height)
    return side, side


def _longer_size(width: int, height: int, across: bool, model: ModelInfo) -> tuple[int, int]:
    """The longest of the model's sizes that grows on one side only, at most 1.5 times."""
    allowed = [
        size
        for size in map(sides, model.sizes)
        if (
            size[1] == height and width <= size[0] <= 1.5 * width
            if across
            else size[0] == width and height <= size[1] <= 1.5 * height
        )
    ]
    return max(allowed, default=(width, height))


def _longer(length: int, other: int, model: ModelInfo) -> int:
    most = min(model.max_size, MAX_SIDE_RATIO * other)
    wanted = min(most, length * 3 // 2)
    return max(length, wanted // model.multiple * model.multiple)
