"""Checks and rewrites pictures from members: limits, signatures, and a PNG without metadata.

They are decoded by `diffusion.decoding.decoder`, in processes that can be killed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from PIL import Image, ImageChops, ImageOps

from bot.images.png import encode_png, open_rgb
from diffusion.decoding.decode import SIGNATURES, Undecodable, Wanted
from diffusion.decoding.decoder import PictureDecoder

MAX_BYTES = 20 * 2**20
"""Bytes of a picture's file."""

MAX_PIXELS = 50_000_000
"""Pixels of a picture, checked before decoding, because a small file can hold a huge picture.
Phones take pictures of a little over 48 million."""

FITTED_SIDE_PX = 2048
"""Pixels of the longer side; larger pictures are scaled down. No model draws larger ones."""

_BEGINNINGS = tuple(chain.from_iterable(SIGNATURES.values()))

MAX_SIGNATURE_BYTES = max(map(len, _BEGINNINGS))

_CLEAN = Wanted(max_pixels=MAX_PIXELS, fit_side=FITTED_SIDE_PX, opaque=True, png=True)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file attached to a command; Discord serves it at `url` for a while."""

    url: str
    name: str
    """The file name that the member gave it."""
    bytes_size: int


class UnusablePicture(Exception):
    """The file is no usable picture; `reason` is a key under `link-` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def may_be_picture(beginning: bytes | bytearray) -> bool:
    """Whether a file with this beginning can be a picture, whatever its name or type says."""
    return beginning.startswith(_BEGINNINGS)


async def sanitize(decoder: PictureDecoder, encoded: bytes) -> bytes:
    """The picture upright, on white if transparent, as a PNG without metadata.

    Raises UnusablePicture, DecoderBusy.
    """
    try:
        return (await decoder.decode(encoded, _CLEAN)).content
    except Undecodable as error:
        raise UnusablePicture(error.reason) from error


def blend(pictures: Sequence[bytes]) -> bytes:
    """The average of several sanitized pictures, as a PNG at the size of the first."""
    if len(pictures) == 1:
        return pictures[0]
    first, *others = map(open_rgb, pictures)
    mixed = first
    for number, other in enumerate(others, start=2):
        fitted = ImageOps.fit(other, first.size, Image.Resampling.LANCZOS)
        mixed = ImageChops.blend(mixed, fitted, 1 / number)
    return encode_png(mixed)
