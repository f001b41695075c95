"""Small pictures, encoded, and what is in encoded ones."""

import io
import random

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def picture(colour: str, size: tuple[int, int] = (64, 32), label: str = "") -> bytes:
    buffer, text = io.BytesIO(), PngInfo()
    if label:
        text.add_text("parameters", label)
    Image.new("RGB", size, colour).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def noisy_picture(side: int) -> bytes:
    """A picture that no encoding makes small."""
    pixels = random.Random(1).randbytes(side * side * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(buffer, "PNG")
    return buffer.getvalue()


def opened(encoded: bytes) -> Image.Image:
    """The decoded picture; an error where it is damaged."""
    image = Image.open(io.BytesIO(encoded))
    image.load()
    return image


def encoded(form: str = "PNG", size: tuple[int, int] = (8, 4), **options: object) -> bytes:
    buffer = io.BytesIO()
    mode = "RGB" if form == "JPEG" else "RGBA"
    Image.new(mode, size, (255, 0, 0)).save(buffer, form, **options)
    return buffer.getvalue()
