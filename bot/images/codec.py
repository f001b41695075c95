"""Reads and writes pictures in memory with Pillow. Pure.

Only for pictures that are safe to decode here: `bot.images.sanitize` decodes those from members.
"""

import io

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from diffusion.decoding.decode import DECODED_FORMATS

LABEL_KEY = "parameters"
"""The PNG text that says how a picture was made; AUTOMATIC1111 introduced it."""


def open_rgb(encoded: bytes) -> Image.Image:
    """The picture as RGB."""
    with _opened(encoded) as picture:
        return picture.convert("RGB")


def label_of(encoded: bytes) -> str:
    """The text of a PNG that says how it was made; empty if it has none."""
    with _opened(encoded) as picture:
        return str(picture.info.get(LABEL_KEY, ""))


def to_png(picture: Image.Image, label: str = "") -> bytes:
    """The picture as a PNG, with a text that says how it was made."""
    stream, text = io.BytesIO(), PngInfo()
    if label:
        text.add_text(LABEL_KEY, label)
    picture.save(stream, "PNG", pnginfo=text)
    return stream.getvalue()


def to_jpeg(picture: Image.Image, quality: int, label: str = "") -> bytes:
    """The picture as a JPEG of this quality (1 to 95); the label goes into its EXIF comment."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality, exif=_exif(label) if label else b"")
    return stream.getvalue()


def _exif(label: str) -> Image.Exif:
    exif = Image.Exif()
    comment = b"UNICODE\0" + label.encode("utf-16-be")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif


def _opened(encoded: bytes) -> Image.Image:
    return Image.open(io.BytesIO(encoded), formats=DECODED_FORMATS)
