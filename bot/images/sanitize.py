"""Pictures from outside: what they are before they are decoded, and what comes of them after.

Decoding itself is done elsewhere, by `diffusion.decoding.decoder`, in processes that can be killed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageOps

from bot.images.png import encode_png, open_rgb
from diffusion.decoding.decode import Undecodable, Wanted
from diffusion.decoding.decoder import PictureDecoder

MAX_BYTES = 20 * 2**20
"""Of a picture's file."""

MAX_PIXELS = 50_000_000
"""Of a picture before it is decoded: a small file can hold a very large one. Phones make 48 million
and a little more."""

MAX_SIDE_PX = 2048
"""Pixels that the longer side of a picture keeps; no model draws larger ones."""

SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")
"""What PNG, JPEG, GIF and WebP files begin with."""

MAX_SIGNATURE_BYTES = max(map(len, SIGNATURES))

_CLEAN = Wanted(max_pixels=MAX_PIXELS, fit_side=MAX_SIDE_PX, opaque=True, png=True)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a command; Discord keeps it under `url` for a while."""

    url: str
    name: str
    """As its member called it."""
    bytes_size: int


class UnusablePicture(Exception):
    """The bytes are no picture that can be used; `reason` is a key under `link-` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def may_be_picture(beginning: bytes | bytearray) -> bool:
    """Whether a file that begins so can be a picture: its bytes decide, whatever others call it."""
    return beginning.startswith(SIGNATURES)


async def sanitize(decoder: PictureDecoder, encoded: bytes) -> bytes:
    """The picture, upright and opaque, as a PNG of its pixels alone.

    Raises UnusablePicture, DecoderBusy.
    """
    try:
        return (await decoder.decode(encoded, _CLEAN)).content
    except Undecodable as error:
        raise UnusablePicture(error.reason) from error


def blend(pictures: Sequence[bytes]) -> bytes:
    """Several rewritten pictures as one: equal shares of each, at the size of the first."""
    if len(pictures) == 1:
        return pictures[0]
    first, *others = map(open_rgb, pictures)
    mixed = first
    for number, other in enumerate(others, start=2):
        fitted = ImageOps.fit(other, first.size, Image.Resampling.LANCZOS)
        mixed = ImageChops.blend(mixed, fitted, 1 / number)
    return encode_png(mixed)
