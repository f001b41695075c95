"""Decoding an untrusted picture: `decode` is a plain function, and the script a worker process.

`diffusion.decoding.decoder` starts the worker, and kills it when it takes too long.

Imports only the standard library and Pillow: so it starts quickly and has no secret. A message in
either direction is a JSON head and then bytes, with the lengths of both before them. The worker
ends when its input does, so it never outlives its parent.
"""

import contextlib
import io
import json
import math
import os
import re
import signal
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageChops, ImageOps

try:
    import resource
except ImportError:  # Windows has none; the deadline on the clock still holds there
    resource = None  # type: ignore[assignment]

SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "WEBP": (b"RIFF",),
    "GIF": (b"GIF87a", b"GIF89a"),
}
"""The formats that are decoded, by Pillow's names, and how their files begin. Pillow knows many
more, whose decoders are less well tested. A JPEG may have a second picture behind it, as many
phones write it (MPO); the first one is taken."""

MAX_SCANS = 100
"""Scans of a progressive JPEG. Encoders write about ten. Each costs a whole pass over the picture,
and only a few bytes of the file if it is empty."""

MAX_METADATA_CHARS = 1 << 15
"""Characters of the infotext, the text about how a picture was made."""

NICENESS = 5
"""The worker's niceness: drawing comes before decoding."""

PNG_COLOURS = {"L": 0, "RGB": 2, "RGBA": 6}
"""The modes of pictures that are encoded, and PNG's numbers for them."""

PNG_FILTER_UP = b"\2"
"""PNG's filter of a row that is stored as its difference to the row above."""

STRIP_ROWS = 64
"""Rows that are encoded at a time, so that a large picture is not copied as a whole."""

PNG_HEAD_BYTES = 33
"""Bytes of a PNG up to the end of its header."""

PNG_SIZE = slice(16, 24)
"""Where a PNG says its width and height."""

PNG_TYPE, PNG_RGB = slice(24, 26), bytes((8, 2))
"""Where a PNG says its bits for each channel and its type of colour, and those of 8-bit RGB."""

MAY_TURN = (b"eXIf", b"iTXt", b"zTXt", b"tEXtRaw profile type")
"""How chunks of a PNG begin that may say that it is to be shown turned: EXIF, XMP, and EXIF as
ImageMagick writes it."""

_CHUNK_STRUCT = struct.Struct(">I4s")

LENGTHS_STRUCT = struct.Struct(">IQ")

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SCAN, _END, _WITHOUT_LENGTH = 0xDA, 0xD9, (0x01, 0xD8)


class Undecodable(Exception):
    """The bytes are no picture that can be used.

    `reason` is `type` (none of SIGNATURES, or broken), `pixels` (too many for the bound or
    for the memory) or `slow` (decoding it takes too long).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is accepted, and what the picture is turned into.

    `max_pixels` and `max_side` (in pixels) bound the picture as it was sent. If its longer side has
    more than `fit_side` pixels, it is made smaller; None leaves its size. `opaque` lays it on
    white. `png` encodes it as a PNG with no metadata; with `keeps_png`, a PNG that only loses its
    metadata is decoded to check it, and not encoded again, which takes several times as long.
    """

    max_pixels: int
    max_side: int = 1 << 16
    fit_side: int | None = None
    opaque: bool = False
    png: bool = False
    keeps_png: bool = False


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture, turned upright.

    `content` is its pixels, uint8 [height, width, channels], or a PNG if that was wanted. `mode` is
    RGB, or RGBA if the picture has transparency. `text` tells how it was made, in the form of
    AUTOMATIC1111's web UI; mostly it is empty.
    """

    mode: str
    width: int
    height: int
    text: str
    content: bytes

    def image(self) -> Image.Image:
        """The picture for Pillow, if no PNG was wanted."""
        return Image.frombytes(self.mode, (self.width, self.height), self.content)


def decode(file: bytes, wanted: Wanted) -> DecodedPicture:
    """Decode the picture, or its first frame. Raises Undecodable."""
    try:
        if _has_too_many_scans(file):
            raise Undecodable("slow")
        with Image.open(io.BytesIO(file), formats=tuple(SIGNATURES)) as opened:
            width, height = opened.size
            if max(width, height) > wanted.max_side or width * height > wanted.max_pixels:
                raise Undecodable("pixels")
            text = _infotext(opened)[:MAX_METADATA_CHARS]
            keeps_png = wanted.keeps_png and opened.format == "PNG" and _is_upright(opened)
            picture = _upright(opened, wanted.fit_side)
    except Undecodable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise Undecodable("pixels") from error
    except Exception as error:
        # A broken file can make Pillow raise nearly anything.
        raise Undecodable("type") from error
    if wanted.opaque and picture.mode == "RGBA":
        picture = on_white(picture)
    kept = None
    if keeps_png and picture.size == (width, height):
        kept = plain_png(file)
    content = kept or (encoded_png(picture) if wanted.png else picture.tobytes())
    return DecodedPicture(picture.mode, picture.width, picture.height, text, content)


def _infotext(picture: Image.Image) -> str:
    """The text of a PNG, or the UserComment of another file if it is in UTF-16."""
    text = picture.info.get("parameters")
    if isinstance(text, str):
        return text
    comment = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    if not isinstance(comment, bytes) or not comment.startswith(b"UNICODE\0"):
        return ""
    # The byte order should be that of the file, but most programs write the big end first.
    big, little = (comment[8:].decode(f"utf-16-{order}", "replace") for order in ("be", "le"))
    return little if "Steps: " in little else big


def on_white(picture: Image.Image) -> Image.Image:
    """The picture as RGB, laid on white where it is transparent."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _is_upright(picture: Image.Image) -> bool:
    return bool(picture.getexif().get(ExifTags.Base.Orientation, 1) == 1)


def _upright(picture: Image.Image, fit_side: int | None) -> Image.Image:
    """The picture as RGB or RGBA, first made smaller and then turned, which saves memory."""
    if fit_side is not None:
        # Has a JPEG decoded at ½, ¼ or ⅛ of its size where that is enough.
        picture.draft("RGB", (fit_side, fit_side))
    picture.load()
    small = _eight_bits(picture).convert("RGBA" if picture.has_transparency_data else "RGB")
    if fit_side is not None:
        small.thumbnail((fit_side, fit_side), Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(small)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits scaled to 8; Pillow's own conversion would cut off all that is not dark."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.point(lambda level: level * (1 / 257) + 0.5).convert("L")


def _has_too_many_scans(file: bytes) -> bool:
    """Whether a JPEG has more scans than any encoder writes. Looks only at its first picture."""
    if not file.startswith(b"\xff\xd8"):
        return False
    at, scans = 2, 0
    while found := _MARKER.search(file, at):
        marker, at = found[0][1], found.end()
        if marker == _END:
            break
        scans += marker == _SCAN
        if scans > MAX_SCANS:
            return True
        if marker not in _WITHOUT_LENGTH:
            at += int.from_bytes(file[at : at + 2], "big")
    return False


def encoded_png(picture: Image.Image) -> bytes:
    """The pixels of a picture in one of PNG_COLOURS as a PNG, with no metadata.

    Every row has the same filter, and zlib only looks for runs. Pillow tries five filters for each
    row, which takes several times as long, for files that are up to a quarter smaller.
    """
    width, height = picture.size
    header = struct.pack(">IIBBBBB", width, height, 8, PNG_COLOURS[picture.mode], 0, 0, 0)
    compressor = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    pixels = [compressor.compress(strip) for strip in _filtered_strips(picture)]
    parts = (
        png_chunk(b"IHDR", header),
        png_chunk(b"IDAT", b"".join((*pixels, compressor.flush()))),
        png_chunk(b"IEND", b""),
    )
    return SIGNATURES["PNG"][0] + b"".join(parts)


def _filtered_strips(picture: Image.Image) -> Iterator[bytes]:
    """The rows as PNG stores them, some at a time: the filter, and the differences of the bytes."""
    width, height = picture.size
    row_bytes = width * len(picture.getbands())
    for top in range(0, height, STRIP_ROWS):
        bottom = min(height, top + STRIP_ROWS)
        # Above the first row there is black, as the standard has it.
        rows, above = (picture.crop((0, top - up, width, bottom - up)) for up in (0, 1))
        content = ImageChops.subtract_modulo(rows, above).tobytes()
        starts = range(0, len(content), row_bytes)
        yield b"".join(PNG_FILTER_UP + content[at : at + row_bytes] for at in starts)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its length and its checksum."""
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((_CHUNK_STRUCT.pack(len(content), kind), content, checksum.to_bytes(4, "big")))


def plain_png(file: bytes, *, upright: bool = False) -> bytes | None:
    """A PNG's header, compressed pixels and end, without all else that is in the file.

    None for one that is not 8-bit RGB without transparency and animation, or not whole; with
    `upright` also for one that may say that it is to be shown turned. The pixels are not decoded.
    """
    if not file.startswith(SIGNATURES["PNG"]) or file[PNG_TYPE] != PNG_RGB:
        return None
    parts, at = [SIGNATURES["PNG"][0]], len(SIGNATURES["PNG"][0])
    while at + _CHUNK_STRUCT.size + 4 <= len(file):
        length, kind = _CHUNK_STRUCT.unpack_from(file, at)
        end = at + _CHUNK_STRUCT.size + length
        if end + 4 > len(file) or kind in (b"tRNS", b"acTL"):
            return None
        # One, and first: readers differ in which of two they mind.
        if (kind == b"IHDR") != (at == len(parts[0]) and end + 4 == PNG_HEAD_BYTES):
            return None
        if upright and file.startswith(MAY_TURN, at + 4, end):
            return None
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            checksum = zlib.crc32(memoryview(file)[at + 4 : end])
            if file[end : end + 4] != checksum.to_bytes(4, "big"):
                return None
            parts.append(file[at : end + 4])
        if kind == b"IEND":
            return b"".join(parts)
        at = end + 4
    return None


# The worker process.


def packed(head: dict[str, Any], content: bytes) -> bytes:
    """A message for the pipe: the lengths, the head and the content."""
    encoded = json.dumps(head).encode()
    return LENGTHS_STRUCT.pack(len(encoded), len(content)) + encoded + content


def main(memory: int) -> None:
    """Answer until the input ends. `memory` is the address space in bytes."""
    # Ctrl-C is for the parent, which then closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    _die_first()
    _limit("RLIMIT_AS", memory)
    _limit("RLIMIT_CORE", 0)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while message := _received(source):
        head, file = message
        _limit("RLIMIT_CPU", math.ceil(time.process_time() + head.pop("cpu_s")))
        target.write(_answer(file, Wanted(**head)))
        target.flush()


def _answer(file: bytes, wanted: Wanted) -> bytes:
    try:
        decoded = decode(file, wanted)
        head = asdict(decoded)
        return packed(head, head.pop("content"))
    except Undecodable as error:
        return packed({"refused": error.reason}, b"")
    except MemoryError:
        return packed({"refused": "pixels"}, b"")


def _received(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next message; None if the input ends."""
    lengths = source.read(LENGTHS_STRUCT.size)
    if len(lengths) < LENGTHS_STRUCT.size:
        return None
    head_size, size = LENGTHS_STRUCT.unpack(lengths)
    head, content = source.read(head_size), source.read(size)
    if len(head) < head_size or len(content) < size:
        return None
    return json.loads(head), content


def _die_first() -> None:
    """Where memory runs out, Linux ends this process before any other."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as place:
        place.write("1000")


def _limit(name: str, value: int) -> None:
    """Set a resource limit of this process, if the system has it.

    macOS has RLIMIT_AS but does not enforce it; the bounds on pixels and time still hold there.
    """
    kind = getattr(resource, name, None)
    if kind is None:
        return
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(kind, (value, hard))
    except (ValueError, OSError):
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
