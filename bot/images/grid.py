"""Pictures as a message shows them: grids, enlargements, files small enough to attach.

Pure: bytes in, bytes out, with Pillow. Knows no Discord and no model.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ExifTags, Image

from bot.images.png import encode_png, open_rgb, read_label

MIN_SHOWN_SIDE_PX = 512
"""Pixels that the shorter side of a shown picture has at least: small models draw smaller ones."""

JPEG_QUALITIES = (92, 85, 75, 60)


class PictureTooLarge(Exception):
    """No way of writing the picture is small enough for the place it should go to."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """An encoded picture and the ending its file's name should have."""

    encoded: bytes
    suffix: str


def compose_grid(pictures: Sequence[bytes]) -> bytes:
    """Lay pictures of one size out in rows of two, as PNG, enlarged for viewing if small.

    The text that says how they were made is the first one's.
    """
    return encode_png(_grid(pictures), read_label(pictures[0]))


def compose_preview(pictures: Sequence[bytes]) -> bytes:
    """The same of unfinished pictures, as a JPEG: it is looked at for a second."""
    buffer = io.BytesIO()
    _grid(pictures).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def copy_label(picture: bytes, other: bytes) -> bytes:
    """A PNG with the text of another that says how it was made."""
    return encode_png(open_rgb(picture), read_label(other))


def fit(picture: bytes, most_bytes: int) -> PictureFile:
    """Write a PNG small enough to attach: as it is, or as ever smaller JPEGs.

    Raises PictureTooLarge if even the smallest is over `most_bytes`.
    """
    if len(picture) <= most_bytes:
        return PictureFile(picture, "png")
    image, exif = open_rgb(picture), _exif(read_label(picture))
    while min(image.size) >= 64:
        for quality in JPEG_QUALITIES:
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=quality, exif=exif)
            if buffer.tell() <= most_bytes:
                return PictureFile(buffer.getvalue(), "jpg")
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    raise PictureTooLarge("It is larger than this server lets me attach.")


def _grid(pictures: Sequence[bytes]) -> Image.Image:
    tiles = [open_rgb(picture) for picture in pictures]
    columns = 1 if len(tiles) == 1 else 2
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].size
    grid = Image.new("RGB", (width * columns, height * rows))
    for place, tile in enumerate(tiles):
        grid.paste(tile, (place % columns * width, place // columns * height))
    return _enlarge(grid)


def _enlarge(image: Image.Image) -> Image.Image:
    factor = -(-MIN_SHOWN_SIDE_PX // min(image.size))
    if factor == 1:
        return image
    size = (image.width * factor, image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS)


def _exif(label: str) -> Image.Exif:
    """The same text as a JPEG has it."""
    exif = Image.Exif()
    if label:
        comment = b"UNICODE\0" + label.encode("utf-16-be")
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif
