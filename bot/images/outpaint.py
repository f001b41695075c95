"""What drawing starts from when a picture gets more around it, or parts of it are drawn anew.

Pure: bytes in, bytes out, with Pillow. Knows no model. Where nothing is known, the picture's
borders are carried on, so that colours at the seam are never far off.
"""

from collections.abc import Collection
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from bot.images.png import encode_png, open_rgb

SEAM_DIVISOR = 16
"""The share of a kept side, as 1/SEAM, that is drawn anew at the seam, so that none is seen."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; the last two are the first beyond."""


@dataclass(frozen=True, slots=True)
class OutpaintCanvas:
    """A picture to start from and its mask, both PNG of one size: white is drawn, black is kept."""

    image: bytes
    mask: bytes
    width: int
    height: int


def zoom_out(picture: bytes, width: int, height: int, factor: float) -> OutpaintCanvas:
    """The picture `factor` times smaller (1 < factor ≤ 2), in the middle of width × height."""
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    return _surrounded(open_rgb(picture).resize(small, _SMOOTH), width, height, 0.5, 0.5)


def extend(
    picture: bytes, old: tuple[int, int], new: tuple[int, int], across: float, down: float
) -> OutpaintCanvas:
    """The picture at size `old` on a canvas of size `new`.

    `across` and `down` are the shares of what is added that come to the left and above: 1 adds
    to the left alone, 0 to the right alone, ½ to both sides.
    """
    return _surrounded(open_rgb(picture).resize(old, _SMOOTH), *new, across, down)


def open_cells(
    picture: bytes, width: int, height: int, grid_size: int, cells: Collection[int]
) -> OutpaintCanvas:
    """The picture with those cells of a raster to be drawn anew; cells count from 0, as one reads.

    Raises ValueError for cells that the raster has not.
    """
    if not cells or not set(cells) <= set(range(grid_size * grid_size)):
        raise ValueError(f"There are no such cells in a raster of {grid_size}: {sorted(cells)}")
    mask = Image.new("L", (width, height), "black")
    for cell in cells:
        mask.paste("white", _cell(width, height, grid_size, cell))
    image = open_rgb(picture).resize((width, height), _SMOOTH)
    return OutpaintCanvas(encode_png(image), encode_png(mask), width, height)


def number_cells(picture: bytes, grid_size: int) -> bytes:
    """The picture with the raster's lines and numbers on it, counted from 1."""
    image = open_rgb(picture)
    factor = -(-480 // min(image.size))
    image = image.resize((image.width * factor, image.height * factor), _SMOOTH)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(image.height / grid_size / 4)
    for cell in range(grid_size * grid_size):
        left, top, right, bottom = _cell(*image.size, grid_size, cell)
        draw.rectangle((left, top, right - 1, bottom - 1), outline="white", width=2)
        middle = ((left + right) / 2, (top + bottom) / 2)
        style = {"anchor": "mm", "font": font, "stroke_width": 3, "stroke_fill": "black"}
        draw.text(middle, str(cell + 1), fill="white", **style)  # type: ignore[arg-type]
    return encode_png(image)


_SMOOTH = Image.Resampling.LANCZOS


def _surrounded(
    picture: Image.Image, width: int, height: int, across: float, down: float
) -> OutpaintCanvas:
    left, top = round((width - picture.width) * across), round((height - picture.height) * down)
    kept = (left, top, left + picture.width, top + picture.height)
    mask = Image.new("L", (width, height), "white")
    mask.paste("black", _without_seams(kept, width, height))
    return OutpaintCanvas(
        encode_png(_spread(picture, width, height, kept)), encode_png(mask), width, height
    )


def _without_seams(kept: Box, width: int, height: int) -> Box:
    """The part of what is kept that stays as it is; at the canvas's own edge there is no seam."""
    left, top, right, bottom = kept
    seam = min(right - left, bottom - top) // SEAM_DIVISOR
    return (
        left + (seam if left > 0 else 0),
        top + (seam if top > 0 else 0),
        right - (seam if right < width else 0),
        bottom - (seam if bottom < height else 0),
    )


def _spread(picture: Image.Image, width: int, height: int, at: Box) -> Image.Image:
    """The picture at its place, its border pixels carried on to the edges of the canvas."""
    left, top, right, bottom = at
    canvas = Image.new("RGB", (width, height))
    canvas.paste(picture, (left, top))
    for edge, place in (
        ((left, top, left + 1, bottom), (0, top, left, bottom)),
        ((right - 1, top, right, bottom), (right, top, width, bottom)),
        ((0, top, width, top + 1), (0, 0, width, top)),
        ((0, bottom - 1, width, bottom), (0, bottom, width, height)),
    ):
        size = (place[2] - place[0], place[3] - place[1])
        if all(size):
            canvas.paste(canvas.crop(edge).resize(size), place)
    return canvas


def _cell(width: int, height: int, grid_size: int, cell: int) -> Box:
    row, column = divmod(cell, grid_size)
    return (
        width * column // grid_size,
        height * row // grid_size,
        width * (column + 1) // grid_size,
        height * (row + 1) // grid_size,
    )
