"""Pictures made to harm the program that decodes them, and pictures as phones make them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

SCAN = b"\xff\xda"


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of few bytes whose header says that it is of this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def repeated_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG of few bytes whose last scan comes so many times.

    Each is a pass over the whole picture: it refines what an earlier one left, by nothing.
    """
    whole = encoded(Image.new("RGB", (side, side), "grey"), "JPEG", progressive=True)
    last, end = whole.rindex(SCAN), whole.rindex(b"\xff\xd9")
    return whole[:end] + whole[last:end] * scans + whole[end:]


def with_films(jpeg: bytes) -> bytes:
    """A photo with a film behind it, as phones write it: bytes of all kinds, scans among them."""
    return jpeg + SCAN * 1000


def with_scans_in_its_metadata(jpeg: bytes) -> bytes:
    """A photo whose maker left bytes of all kinds in a segment of its own."""
    note = (SCAN + b"\x00\x08") * 1000
    return jpeg[:2] + b"\xff\xef" + struct.pack(">H", len(note) + 2) + note + jpeg[2:]
