"""Puts square drawings together on one plain background, as large as a picture has to be.

For models that draw one thing on a plain background, in one size only. The background continues
that of the drawings, so that no edge of a drawing is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas

BORDER_SHARE = 1 / 32
"""The width of a drawing's border, whose colour is the background, by the drawing's side."""

EDGE_SHARE = 1 / 64
"""The outermost pixels of a drawing, which an autoencoder gets wrong, by the drawing's side."""

BLEND_SHARE = 1 / 8
"""How far from its edge a drawing's background blends into the common one, by its side."""

SAME_COLOUR = 20.0
"""Differences, in levels of 255, that still count as background; a Gaussian's deviation."""

MASK_MARGIN = 1 / 16
"""How far a drawing inside a mask reaches beyond it, by the mask's narrower side."""

FIT_ROUNDS = 5
WRAPPED_PX = 8
"""How far a seamless drawing is continued before it is resized."""

Colours = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a square drawing in a picture, in pixels."""

    left: int
    top: int
    side: int

    def scaled(self, scale: float, width: int, height: int) -> "Box":
        """The same place in a picture of another size, `width` × `height`."""
        left, top = (
            min(round(at * scale), most - 1)
            for at, most in zip((self.left, self.top), (width, height), strict=True)
        )
        side = max(1, round(self.side * scale))
        return Box(left, top, min(side, width - left, height - top))


def arrange(count: int, width: int, height: int) -> tuple[Box, ...]:
    """Boxes for `count` drawings: in rows, as large as possible, the shortest row first."""
    rows = max(
        range(1, count + 1), key=lambda rows: min(width // -(-count // rows), height // rows)
    )
    longest = -(-count // rows)
    side = min(width // longest, height // rows)
    lengths = [count - longest * (rows - 1), *[longest] * (rows - 1)]
    top = (height - side * rows) // 2
    return tuple(
        Box((width - side * length) // 2 + side * column, top + side * row, side)
        for row, length in enumerate(lengths)
        for column in range(length)
    )


def box_around(mask: NDArray[np.float32]) -> Box:
    """A square for a drawing that fills a mask [height, width] and is not cut off by it.

    It is a little wider than the mask is narrow, so that the drawing sees what is around it, and
    where most of the mask is.
    """
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    narrow = min(np.ptp(rows), np.ptp(columns)) + 1
    side = min(round(narrow * (1 + 2 * MASK_MARGIN)), *mask.shape)
    sums = np.pad(mask.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    best = np.argwhere(inside >= inside.max() * (1 - 1e-9))
    top, left = best[np.abs(best - best.mean(0)).sum(1).argmin()]
    return Box(int(left), int(top), side)


def cropped(canvas: InpaintCanvas, box: Box, side: int) -> InpaintCanvas:
    """The part of a canvas in a box, `side` pixels wide."""
    place = np.s_[box.top : box.top + box.side, box.left : box.left + box.side]
    pixels = _resized(canvas.pixels[place], side)
    if canvas.mask is None:
        return InpaintCanvas(pixels)
    mask = Image.fromarray(canvas.mask[place])
    return InpaintCanvas(pixels, np.array(mask.resize((side, side), Image.Resampling.BOX)))


def composite(
    drawings: Sequence[Pixels],
    boxes: Sequence[Box],
    width: int,
    height: int,
    seamless: bool = False,
    around: Pixels | None = None,
) -> Pixels:
    """A picture [height, width, 3] with each square drawing in its box.

    `seamless`: opposite borders of the picture meet. `around`: a picture, of any size, whose
    background it gets.
    """
    pairs = list(zip(drawings, boxes, strict=True))
    if len(pairs) == 1 and width == height == boxes[0].side:
        return _resized(drawings[0], width, wrap=seamless)
    inlays = [_resized(_trimmed(one), box.side).astype(np.float64) for one, box in pairs]
    grounds = [_Ground.of(inlay) for inlay in inlays]
    picture = np.empty((height, width, 3))
    picture[:] = np.mean([ground.colour for ground in grounds], axis=0)
    if around is not None:
        picture[:] = _Ground.of(around.astype(np.float64)).colour
    elif len(pairs) == 1 and not seamless:
        box = boxes[0]
        picture[:] = grounds[0].at(np.arange(width) - box.left, np.arange(height) - box.top)
    for inlay, ground, box in zip(inlays, grounds, boxes, strict=True):
        place = picture[box.top : box.top + box.side, box.left : box.left + box.side]
        place[:] = _blended(inlay, ground, place)
    return picture.round().clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """The background of a drawing: its `colour` in the middle, and how it changes across and
    down the drawing; [3] each, for a drawing of `height` × `width` pixels."""

    colour: Colours
    across: Colours
    down: Colours
    height: int
    width: int

    @classmethod
    def of(cls, drawing: Colours) -> "_Ground":
        """Fitted to the border. What touches the border and is no background does not count."""
        height, width, _ = drawing.shape
        border = np.ones((height, width), bool)
        thick = max(1, round(min(height, width) * BORDER_SHARE))
        border[thick:-thick, thick:-thick] = False
        rows, columns = np.nonzero(border)
        seen = drawing[rows, columns]
        terms = np.stack([np.ones(len(seen)), _centred(columns, width), _centred(rows, height)], 1)
        fitted = np.zeros((3, 3))
        fitted[0] = np.median(seen, axis=0)
        for _ in range(FIT_ROUNDS):
            counts = _likeness(seen - terms @ fitted)[:, None]
            # A little of every pixel and of no change, so that there is always a solution.
            counted = terms * (counts + 1e-6)
            fitted[:] = np.linalg.solve(counted.T @ terms + 1e-9 * np.eye(3), counted.T @ seen)
        return cls(fitted[0], fitted[1], fitted[2], height, width)

    def at(self, columns: NDArray[np.int_], rows: NDArray[np.int_]) -> Colours:
        """The colours [rows, columns, 3]; beyond the drawing they stay as at its edge."""
        across = _centred(columns.clip(0, self.width - 1), self.width)[None, :, None] * self.across
        down = _centred(rows.clip(0, self.height - 1), self.height)[:, None, None] * self.down
        return self.colour + across + down


def _centred(places: NDArray[np.int_], side: int) -> Colours:
    """Places in a drawing, from -0.5 to 0.5."""
    return (places + 0.5) / side - 0.5


def _likeness(differences: Colours) -> Colours:
    """How far colours [..., 3] that differ so much count as the same: 1 alike, 0 not at all."""
    likeness: Colours = np.exp(-np.square(differences).sum(-1) / (2 * SAME_COLOUR**2))
    return likeness


def _blended(drawing: Colours, ground: _Ground, behind: Colours) -> Colours:
    """The drawing with the colours behind it as its background."""
    side = len(drawing)
    own = ground.at(np.arange(side), np.arange(side))
    is_ground = _likeness(drawing - own)[..., None]
    moved = drawing + is_ground * (behind - own)
    from_edge = np.minimum(np.arange(side), np.arange(side)[::-1]) / (side * BLEND_SHARE)
    fading = 1 - np.minimum(from_edge[:, None], from_edge).clip(max=1)[..., None]
    return moved + fading * is_ground * (behind - moved)


def _trimmed(drawing: Pixels) -> Pixels:
    """The drawing with its outermost pixels replaced by their neighbours further in."""
    edge = round(len(drawing) * EDGE_SHARE)
    inner = drawing[edge : len(drawing) - edge, edge : len(drawing) - edge]
    return np.pad(inner, ((edge, edge), (edge, edge), (0, 0)), "edge")


def _resized(pixels: Pixels, side: int, wrap: bool = False) -> Pixels:
    """A square picture at another size; with `wrap`, opposite borders still meet."""
    if len(pixels) == side:
        return pixels
    if not wrap:
        return np.array(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))
    around = ((WRAPPED_PX, WRAPPED_PX), (WRAPPED_PX, WRAPPED_PX), (0, 0))
    scale = side / len(pixels)
    edge = round(WRAPPED_PX * scale)
    near, far = WRAPPED_PX - edge / scale, WRAPPED_PX + len(pixels) + edge / scale
    picture = Image.fromarray(np.pad(pixels, around, "wrap")).resize(
        (side + 2 * edge, side + 2 * edge), Image.Resampling.LANCZOS, box=(near, near, far, far)
    )
    return np.array(picture)[edge : edge + side, edge : edge + side]
