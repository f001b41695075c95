"""Looks at pictures before they are stored: only a whole, sound PNG is. Pure."""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO

from PIL import Image

from storage.pictures.files import PictureNotSaved
from storage.pictures.records import NewPicture, picture_id

MAX_CHECKING_THREADS = 4
"""Threads for the pictures of one job, while they are checked."""

INFLATED_BYTES = 1 << 20
"""Bytes of compressed pixels that are looked at in one go."""

UNPACKED_BYTES = 1 << 22
"""Bytes of pixels that are in memory at a time, while they are counted."""

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Channels of a pixel, by PNG's numbers for types of colour."""

MAX_FILTER = 4
"""The highest number of a filter, with which each row of a PNG begins."""

ANIMATED = frozenset({b"acTL", b"fcTL", b"fdAT"})
"""Kinds of chunks that make a PNG more than one picture."""

UNSOUND = (
    *(OSError, SyntaxError, ValueError, Image.DecompressionBombError),
    IndexError,  # of one without pixels
    struct.error,  # of chunks that are too short
)
"""What Pillow raises for a PNG that it cannot read."""


def examined(
    job_id: str, pngs: Mapping[int, tuple[int, bytes]], *, attempt: int, checked: bool
) -> list[NewPicture]:
    """The records of a job's pictures, of which `pngs` has seeds and files by their indexes.

    `attempt` is by which try of the job they were made (`Job.attempts`).
    Of those that were `checked` before the pixels are not decoded again. Raises PictureNotSaved.
    """
    # Pillow lets other threads work meanwhile.
    with ThreadPoolExecutor(MAX_CHECKING_THREADS) as threads:
        measure = partial(_measure, checked=checked)
        sizes = tuple(threads.map(measure, (png for _, png in pngs.values())))
    return [
        NewPicture(index, seed, *size, digest(png), file_name(job_id, index, attempt), len(png))
        for (index, (seed, png)), size in zip(pngs.items(), sizes, strict=True)
    ]


def file_name(job_id: str, index: int, attempt: int) -> str:
    """The name of the file of a picture.

    Each try of a job has names of its own: a worker that comes back from a pause cannot overwrite
    what the next one made.
    """
    # Nothing that a person typed may become a path.
    assert re.fullmatch(r"[0-9a-f]{32}", job_id)
    further = f"-{attempt}" if attempt > 1 else ""
    return f"{picture_id(job_id, index)}{further}.png"


def digest(picture: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal; the name of a start picture."""
    return hashlib.sha256(picture).hexdigest()


def _measure(png: bytes, *, checked: bool) -> tuple[int, int]:
    """Read width and height in pixels of a whole, sound PNG. Raises PictureNotSaved."""
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            size = picture.size
            picture.verify()  # the checksums; a picture is of no more use after this
        if checked or _has_all_pixels(png):
            return size
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            picture.load()  # the pixels
            return picture.size
    except UNSOUND as error:
        raise PictureNotSaved("What was made is not a sound PNG picture.") from error


def _has_all_pixels(png: bytes) -> bool:
    """Whether the pixels of a PNG with sound checksums are surely whole.

    They are decompressed and counted, which takes half as long as decoding them. False for kinds
    that are too rare to be counted here: those with less or more than 8 bits, interlaced, animated,
    or with chunks in an order that not all readers take for the same picture.
    """
    width, height, bits, colour, *_, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    if bits != 8 or colour not in CHANNELS or interlaced:
        return False
    row = 1 + width * CHANNELS[colour]
    inflated, done, whole = zlib.decompressobj(), 0, row * height
    try:
        for piece in _compressed(png):
            rest: bytes | memoryview = piece
            while rest:
                if inflated.eof:  # zlib would copy what follows, again for each piece.
                    return False
                # Never more than the picture has: a few bytes could become gigabytes.
                some = inflated.decompress(rest, min(UNPACKED_BYTES, whole - done + 1))
                filters = some[-done % row :: row]
                done, rest = done + len(some), inflated.unconsumed_tail
                if done > whole or max(filters, default=0) > MAX_FILTER:
                    return False
    except (zlib.error, _RareOrder):
        return False
    # At its end zlib has compared its own checksum.
    return inflated.eof and done == whole


class _RareOrder(Exception):
    """The chunks of a PNG do not come in the usual order."""


def _compressed(png: bytes) -> Iterator[memoryview]:
    """The compressed pixels of a PNG whose chunks are whole, in pieces.

    Raises _RareOrder unless it is a header, pixels in one go, an end and nothing behind it, with
    texts and the like only before the pixels.
    """
    content, at, last = memoryview(png), 8, b""
    while last != b"IEND":
        if at + 12 > len(png):
            raise _RareOrder
        length, kind = struct.unpack_from(">I4s", png, at)
        is_late = last == b"IDAT" and kind not in (b"IDAT", b"IEND")
        if (kind == b"IHDR") != (at == 8) or is_late or kind in ANIMATED:
            raise _RareOrder
        end = at + 8 + length
        if kind == b"IDAT":
            for begin in range(at + 8, end, INFLATED_BYTES):
                yield content[begin : min(end, begin + INFLATED_BYTES)]
        at, last = end + 4, kind
    if at != len(png):
        raise _RareOrder
