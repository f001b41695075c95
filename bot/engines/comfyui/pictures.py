"""Pictures of ComfyUI: finished ones as our PNGs, and previews of a whole grid.

What is decoded here comes from another server, so it is decoded in processes that can be killed.
"""

import asyncio
import io
import struct
import zlib

from PIL import Image

from bot.images.png import encode_png, open_rgb
from bot.images.sanitize import MAX_PIXELS
from diffusion.decoding.decode import Undecodable, Wanted
from diffusion.decoding.decoder import DecoderBusy, PictureDecoder
from diffusion.protocol.answers import kind_of
from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.infotext import PNG_KEY
from diffusion.protocol.stream_parser import InferenceRefused

MAX_SIDE_PX = 4096
"""Pixels of a finished picture's longer side; larger ones are made smaller."""

PREVIEW_SIDE_PX = 512
"""Pixels of a preview's longer side, as ComfyUI has it at most."""

NOT_BEGUN = (32, 34, 37)
"""The colour of pictures of the grid that are not begun."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")


async def finished(decoder: PictureDecoder, file: bytes, label: str) -> bytes:
    """The picture as a PNG with our text that says how it was made, and without ComfyUI's.

    ComfyUI writes the whole workflow into its PNGs, with the paths of the server's files. Raises
    InferenceRefused, InferenceUnavailable.
    """
    if kind_of(file) != "png":
        file = await _decoded(decoder, file, MAX_SIDE_PX)
    try:
        # A chunk of text is replaced in no time; encoding the pixels again would take a second.
        return relabelled(file, label)
    except ValueError as error:
        raise InferenceRefused("ComfyUI sent a picture that cannot be read.") from error


def relabelled(png: bytes, label: str) -> bytes:
    """The PNG with this infotext and no other text. Raises ValueError if it is cut off."""
    if not png.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    parts, place = [_SIGNATURE], len(_SIGNATURE)
    while place < len(png):
        if place + 12 > len(png):
            raise ValueError("cut off")
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        end = place + 12 + length
        if end > len(png):
            raise ValueError("cut off")
        if kind not in _TEXT_CHUNKS:
            parts.append(png[place:end])
        if kind == b"IHDR":
            parts.append(_text_chunk(label))
        place = end
    return b"".join(parts)


class GridPreviews:
    """The previews of all pictures of a request, in tiles of one size.

    ComfyUI draws one picture after another: those before it are done, those after it not begun.
    """

    def __init__(self, decoder: PictureDecoder, count: int, size: tuple[int, int]) -> None:
        scale = min(1.0, PREVIEW_SIDE_PX / max(size))
        self._size = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        self._decoder = decoder
        self._tiles = [encode_png(Image.new("RGB", self._size, NOT_BEGUN))] * count

    @property
    def tiles(self) -> tuple[bytes, ...]:
        """One encoded picture for each noise."""
        return tuple(self._tiles)

    async def show(self, index: int, picture: bytes) -> None:
        """Take a picture's newest preview, or the finished one. What cannot be read is left out."""
        try:
            small = await _decoded(self._decoder, picture, PREVIEW_SIDE_PX)
        except (InferenceRefused, InferenceUnavailable):
            return
        self._tiles[index] = await asyncio.to_thread(self._fitted, small)

    def _fitted(self, picture: bytes) -> bytes:
        stream = io.BytesIO()
        open_rgb(picture).resize(self._size).save(stream, "JPEG", quality=85)
        return stream.getvalue()


async def _decoded(decoder: PictureDecoder, file: bytes, side: int) -> bytes:
    """The picture as a PNG, with sides of at most so many pixels."""
    wanted = Wanted(max_pixels=MAX_PIXELS, fit_side=side, opaque=True, png=True)
    try:
        return (await decoder.decode(file, wanted)).content
    except Undecodable as error:
        raise InferenceRefused("ComfyUI sent a picture that cannot be read.") from error
    except DecoderBusy as error:
        raise InferenceUnavailable("Too many pictures wait to be decoded.") from error


def _text_chunk(label: str) -> bytes:
    """An iTXt chunk (PNG, third edition, §11.3.3.4): uncompressed UTF-8."""
    content = b"iTXt" + PNG_KEY.encode() + b"\0\0\0\0\0" + label.encode("utf-8", "replace")
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
