"""Grids, previews, and files small enough to attach to a message.

Pure: encoded pictures in, encoded pictures out. Knows no Discord and no models. What is composed
here was generated, so its XMP and a text say that AI made it; `bot.images.provenance` signs that.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps

from bot.images.png import encode_png, is_by_ai, open_rgb, read_label, size_px, with_texts
from diffusion.protocol.infotext import to_user_comment, with_size
from diffusion.protocol.source_type import SOFTWARE, XMP

MIN_SHOWN_SIDE_PX = 512
"""Pixels of the shorter side of a shown picture, at least; smaller pictures are enlarged."""

MAX_THUMBNAIL_SIDE_PX = 240
"""Pixels of the longer side of a thumbnail: Discord shows 85 of them, screens up to three times
as many."""

BLURRED_SIDE_PX = 4
"""Pixels of each side that are left of a picture in a blurred preview."""

QUALITIES = (92, 85, 75, 60)
"""Pillow's qualities of JPEG and WebP that `fit` tries, the best first."""

FILE_FORMATS = ("png", "jpeg", "webp")
"""The formats that a picture may be posted in, the usual one first."""

MAX_WEBP_SIDE_PX = 16_383
"""WebP's limit; a larger picture becomes a JPEG."""

SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp"}


class PictureTooLarge(Exception):
    """Even the smallest encoding is larger than the attachment limit."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """An encoded picture and the suffix for its file name, without a dot."""

    encoded: bytes
    suffix: str


def compose_grid(pictures: Sequence[bytes], *, recipe: bool = True) -> bytes:
    """Pictures in rows of two, as PNG, enlarged if small.

    Those of another size than the first, which some servers send, are fitted into its size.

    With `recipe` the grid has the first picture's label, the text that says how it was made.
    """
    label = read_label(pictures[0]) if recipe else ""
    if len(pictures) > 1:
        return encode_png(_grid(pictures), label, by_ai=True)
    size = size_px(pictures[0])
    if min(size) >= MIN_SHOWN_SIDE_PX:
        return with_texts(pictures[0], with_size(label, *size), by_ai=True)
    shown = _grid(pictures)
    return encode_png(shown, with_size(label, *shown.size), by_ai=True)


def compose_preview(pictures: Sequence[bytes], *, blurred: bool = False) -> bytes:
    """The same for unfinished pictures, as a JPEG of lower quality.

    `blurred` leaves a few blots of colour of each, in which nothing can be recognised.
    """
    if not blurred:
        return _small_jpeg(_grid(pictures))
    return _small_jpeg(_grid([_blurred(picture) for picture in pictures]))


def compose_thumbnail(pictures: Sequence[bytes]) -> bytes:
    """The same for finished pictures, as a small JPEG of at most MAX_THUMBNAIL_SIDE_PX."""
    side = MAX_THUMBNAIL_SIDE_PX // (1 if len(pictures) == 1 else 2)
    tiles = []
    for picture in pictures:
        tile = open_rgb(picture)
        tile.thumbnail((side, side))
        tiles.append(tile)
    return _small_jpeg(_in_rows(tiles))


def copy_label(enlarged: bytes, picture: bytes) -> bytes:
    """The enlarged picture as a PNG, with the label of the picture it was and its own size."""
    label = with_size(read_label(picture), *size_px(enlarged))
    return with_texts(enlarged, label, by_ai=True)


def fit(picture: bytes, most_bytes: int, file_format: str | None = None) -> PictureFile:
    """A PNG as a file of at most `most_bytes`, in one of FILE_FORMATS; None is a PNG.

    A PNG is unchanged if it fits, and else becomes a JPEG. JPEG and WebP have the same label, and
    say that AI made the picture if the PNG does. They get a lower quality, then half the size,
    until they fit. None of them has transparent parts. Raises PictureTooLarge.
    """
    if file_format in (None, "png"):
        if len(picture) <= most_bytes:
            return PictureFile(picture, "png")
        file_format = "jpeg"
    assert file_format in SUFFIXES, "nothing else can be chosen"
    image, by_ai = open_rgb(picture), is_by_ai(picture)
    if file_format == "webp" and max(image.size) > MAX_WEBP_SIDE_PX:
        file_format = "jpeg"
    exif, xmp = _exif(read_label(picture), by_ai=by_ai), _XMP if by_ai else b""
    while min(image.size) >= 64:
        for quality in QUALITIES:
            buffer = io.BytesIO()
            image.save(buffer, file_format, quality=quality, exif=exif, xmp=xmp)
            if buffer.tell() <= most_bytes:
                return PictureFile(buffer.getvalue(), SUFFIXES[file_format])
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    raise PictureTooLarge("It is larger than this server lets me attach.")


def _small_jpeg(image: Image.Image) -> bytes:
    """The image as a JPEG of lower quality that says that AI made it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80, exif=_exif("", by_ai=True), xmp=_XMP)
    return buffer.getvalue()


def _blurred(picture: bytes) -> bytes:
    """The picture with BLURRED_SIDE_PX by BLURRED_SIDE_PX pixels left, drawn softly."""
    image = open_rgb(picture)
    few = image.resize((BLURRED_SIDE_PX, BLURRED_SIDE_PX), Image.Resampling.BOX)
    return encode_png(few.resize(image.size, Image.Resampling.BICUBIC))


def _grid(pictures: Sequence[bytes]) -> Image.Image:
    first, *others = [open_rgb(picture) for picture in pictures]
    return _enlarge(_in_rows([first, *(_fitted(other, first.size) for other in others)]))


def _in_rows(tiles: Sequence[Image.Image]) -> Image.Image:
    columns = 1 if len(tiles) == 1 else 2
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].size
    grid = Image.new("RGB", (width * columns, height * rows))
    for place, tile in enumerate(tiles):
        grid.paste(tile, (place % columns * width, place // columns * height))
    return grid


def _fitted(tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    return tile if tile.size == size else ImageOps.pad(tile, size, Image.Resampling.LANCZOS)


def _enlarge(image: Image.Image) -> Image.Image:
    factor = -(-MIN_SHOWN_SIDE_PX // min(image.size))
    if factor == 1:
        return image
    size = (image.width * factor, image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS)


_XMP = XMP.encode()


def _exif(label: str, *, by_ai: bool) -> Image.Exif:
    """The EXIF with a label as its user comment, as JPEGs have it, and what made the picture."""
    exif = Image.Exif()
    if by_ai:
        exif[ExifTags.Base.Software] = SOFTWARE
    if label:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = to_user_comment(label)
    return exif
