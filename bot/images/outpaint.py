"""Init images and masks for outpainting (zoom, pan, square) and inpainting (vary region).

Pure: encoded pictures in, encoded pictures out. Knows no models. The area around the picture is
filled with its border pixels, so that the colours at the seam match.
"""

from collections.abc import Collection
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from bot.images.png import encode_png, open_rgb

SEAM_DIVISOR = 16
"""1/SEAM_DIVISOR of the kept picture's shorter side is redrawn at each seam to hide it."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are exclusive."""


@dataclass(frozen=True, slots=True)
class OutpaintCanvas:
    """An init image and its mask, PNGs of the same size. White is redrawn, black is kept."""

    image: bytes
    mask: bytes
    width: int
    height: int


def zoom_out(picture: bytes, width: int, height: int, factor: float) -> OutpaintCanvas:
    """The picture `factor` times smaller (1 < factor ≤ 2), centred on width × height pixels."""
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    return _surrounded(open_rgb(picture).resize(small, _SMOOTH), width, height, 0.5, 0.5)


def extend(
    picture: bytes, old: tuple[int, int], new: tuple[int, int], across: float, down: float
) -> OutpaintCanvas:
    """The picture at size `old` on a canvas of size `new`, both (width, height) in pixels.

    `across` is the share of the new width that is added on the left, `down` the share of the new
    height that is added above: 1 adds on that side only, 0 on the other side only, 0.5 on both.
    """
    return _surrounded(open_rgb(picture).resize(old, _SMOOTH), *new, across, down)


def open_cells(
    picture: bytes, width: int, height: int, grid_size: int, cells: Collection[int]
) -> OutpaintCanvas:
    """The picture at width × height pixels, with a mask that redraws some cells of a grid.

    The grid has `grid_size` × `grid_size` cells, numbered from 0, row by row. Raises ValueError for
    cells outside the grid, or for none.
    """
    if not cells or not set(cells) <= set(range(grid_size * grid_size)):
        raise ValueError(f"There are no such cells in a grid of {grid_size}: {sorted(cells)}")
    mask = Image.new("L", (width, height), "black")
    for cell in cells:
        mask.paste("white", _cell(width, height, grid_size, cell))
    image = open_rgb(picture).resize((width, height), _SMOOTH)
    return OutpaintCanvas(encode_png(image), encode_png(mask), width, height)


def blank(width: int, height: int) -> bytes:
    """A grey picture of this size in pixels, as PNG."""
    return encode_png(Image.new("RGB", (width, height), "grey"))


def number_cells(picture: bytes, grid_size: int) -> bytes:
    """The picture with the lines and numbers of the grid drawn on it, numbered from 1."""
    image = open_rgb(picture)
    factor = -(-480 // min(image.size))
    image = image.resize((image.width * factor, image.height * factor), _SMOOTH)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(image.height / grid_size / 4)
    for cell in range(grid_size * grid_size):
        left, top, right, bottom = _cell(*image.size, grid_size, cell)
        # White between black: it shows on every colour.
        for inset, colour in enumerate(("black", "white", "white", "black")):
            box = (left + inset, top + inset, right - 1 - inset, bottom - 1 - inset)
            draw.rectangle(box, outline=colour)
        middle = ((left + right) / 2, (top + bottom) / 2)
        style = {"anchor": "mm", "font": font, "stroke_width": 3, "stroke_fill": "black"}
        draw.text(middle, str(cell + 1), fill="white", **style)  # type: ignore[arg-type]
    return encode_png(image, by_ai=True)


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
    """The kept area without its seams; there is no seam at an edge of the canvas."""
    left, top, right, bottom = kept
    seam = min(right - left, bottom - top) // SEAM_DIVISOR
    return (
        left + (seam if left > 0 else 0),
        top + (seam if top > 0 else 0),
        right - (seam if right < width else 0),
        bottom - (seam if bottom < height else 0),
    )


def _spread(picture: Image.Image, width: int, height: int, at: Box) -> Image.Image:
    """The picture at its place, with its border pixels repeated to the edges of the canvas."""
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
