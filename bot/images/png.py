"""PNG in memory: bytes to a Pillow image and back, with the text that says how it was made."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.decoding.decode import PNG_HEAD_BYTES, encoded_png, plain_png, png_chunk
from diffusion.protocol.infotext import PNG_KEY
from diffusion.protocol.source_type import PNG_SOFTWARE_KEY, PNG_XMP_KEY, SOFTWARE, XMP


def open_rgb(picture: bytes) -> Image.Image:
    """The picture [RGB] of an encoded file. For our own files only: it has no limits."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def encode_png(image: Image.Image, label: str = "", *, by_ai: bool = False) -> bytes:
    """The image [L, RGB or RGBA] as a PNG; `label` is its infotext, which says how it was made.

    With `by_ai` its XMP and a text say that AI made it.
    """
    return _inserted(encoded_png(image), label, by_ai=by_ai)


def with_texts(png: bytes, label: str = "", *, by_ai: bool = False) -> bytes:
    """The same picture as `encode_png` writes it, with these texts and no other.

    The compressed pixels of one in 8-bit RGB are taken as they are: that takes no time.
    """
    plain = plain_png(png)
    if plain is None:
        return encode_png(open_rgb(png), label, by_ai=by_ai)
    return _inserted(plain, label, by_ai=by_ai)


def _inserted(plain: bytes, label: str, *, by_ai: bool) -> bytes:
    """A PNG without texts, with these."""
    texts = _texts(label, by_ai=by_ai).chunks
    chunks = (png_chunk(kind, content) for kind, content, *_ in texts)
    return b"".join((plain[:PNG_HEAD_BYTES], *chunks, plain[PNG_HEAD_BYTES:]))


def _texts(label: str, *, by_ai: bool) -> PngInfo:
    text = PngInfo()
    if by_ai:
        text.add_text(PNG_SOFTWARE_KEY, SOFTWARE)
        text.add_itxt(PNG_XMP_KEY, XMP)
    if label:
        text.add_text(PNG_KEY, label)
    return text


def size_px(picture: bytes) -> tuple[int, int]:
    """Width and height of an encoded file in pixels."""
    return Image.open(io.BytesIO(picture)).size


def read_label(picture: bytes) -> str:
    """The infotext in a PNG; empty if it has none."""
    return str(Image.open(io.BytesIO(picture)).info.get(PNG_KEY, ""))


def is_by_ai(picture: bytes) -> bool:
    """Whether a PNG says that AI made it, as `encode_png` writes it."""
    return Image.open(io.BytesIO(picture)).info.get(PNG_XMP_KEY) == XMP
