"""Pictures from outside: checked, decoded, and written anew, so that nothing but pixels comes in.

Pure: bytes in, bytes out, with Pillow.
"""

import io
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

MOST_PIXELS = 24_000_000
"""Of a picture before it is decoded: a small file can hold a very large one."""

KEPT_SIDE = 2048
"""Pixels that the longer side of a picture keeps; no model draws larger ones."""


class UnusablePicture(Exception):
    """The bytes are no picture that can be used; `reason` is a key under `link-` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def rewrite(encoded: bytes) -> bytes:
    """The picture, upright and opaque, as a PNG of its pixels alone. Raises UnusablePicture."""
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnusablePicture("pixels")
            picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except UnusablePicture:
        raise
    except Image.DecompressionBombError as error:
        raise UnusablePicture("pixels") from error
    except Exception as error:  # Pillow's readers raise all kinds
        raise UnusablePicture("type") from error
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    opaque = Image.new("RGBA", upright.size, "white")
    opaque.alpha_composite(upright)
    return _png(opaque.convert("RGB"))


def lay_over(pictures: Sequence[bytes]) -> bytes:
    """Several rewritten pictures as one: equal shares of each, at the size of the first."""
    if len(pictures) == 1:
        return pictures[0]
    first, *others = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures)
    mixed = first
    for number, other in enumerate(others, start=2):
        fitted = ImageOps.fit(other, first.size, Image.Resampling.LANCZOS)
        mixed = ImageChops.blend(mixed, fitted, 1 / number)
    return _png(mixed)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
