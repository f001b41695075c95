"""PNG in memory: bytes to a Pillow image and back, with the text that says how it was made."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.protocol.infotext import PNG_KEY
from diffusion.protocol.source_type import PNG_SOFTWARE_KEY, PNG_XMP_KEY, SOFTWARE, XMP


def open_rgb(picture: bytes) -> Image.Image:
    """The picture [RGB] of an encoded file. For our own files only: it has no limits."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def encode_png(image: Image.Image, label: str = "", *, by_ai: bool = False) -> bytes:
    """The image as a PNG; `label` is its infotext, which says how it was made.

    With `by_ai` its XMP and a text say that AI made it.
    """
    stream, text = io.BytesIO(), PngInfo()
    if by_ai:
        text.add_text(PNG_SOFTWARE_KEY, SOFTWARE)
        text.add_itxt(PNG_XMP_KEY, XMP)
    if label:
        text.add_text(PNG_KEY, label)
    image.save(stream, "PNG", pnginfo=text)
    return stream.getvalue()


def read_label(picture: bytes) -> str:
    """The infotext in a PNG; empty if it has none."""
    return str(Image.open(io.BytesIO(picture)).info.get(PNG_KEY, ""))


def is_by_ai(picture: bytes) -> bool:
    """Whether a PNG says that AI made it, as `encode_png` writes it."""
    return Image.open(io.BytesIO(picture)).info.get(PNG_XMP_KEY) == XMP
