"""The sizes that a model draws, where it draws only a few. Pure."""

import math
from collections.abc import Iterable

from diffusion.protocol.models import ModelInfo

DRAFT_SHARE = 0.5
"""The share of the steps, and of the area, that a `--draft` has."""


def nearest(sizes: Iterable[str], width: float, height: float) -> tuple[int, int]:
    """The size that is nearest to a wanted one, in pixels: first in shape, then in area.

    `sizes` are such as `1024x1536`, at least one.
    """

    def distance(size: tuple[int, int]) -> tuple[float, float]:
        shape = abs(math.log(size[0] / size[1] * height / width))
        # Shapes that are the same but for rounding to whole pixels count as the same.
        return round(shape, 2), abs(math.log(size[0] * size[1] / (width * height)))

    return min(map(sides, sizes), key=distance)


def drafts(model: ModelInfo) -> bool:
    """Whether a `--draft` of a model has fewer steps, or another size in any of its shapes."""
    if not (model.fixed_steps and model.sizes):
        return True

    def drawn(shape: float, area: float) -> tuple[int, int]:
        side = model.native_size * math.sqrt(area)
        return nearest(model.sizes, side * math.sqrt(shape), side / math.sqrt(shape))

    shapes = {width / height for width, height in map(sides, model.sizes)}
    return any(drawn(shape, DRAFT_SHARE) != drawn(shape, 1) for shape in shapes)


def has_size(model: ModelInfo, size: tuple[int, int]) -> bool:
    """Whether a model that may draw only a few sizes draws this one."""
    return not model.sizes or f"{size[0]}x{size[1]}" in model.sizes


def sides(size: str) -> tuple[int, int]:
    """Width and height of a size such as `1024x1536`."""
    width, _, height = size.partition("x")
    return int(width), int(height)
