"""Files that somebody sent: multipart bodies within bounds, and pictures decoded with care.

Knows no requests. Whatever cannot be used raises InvalidField, which names the field.
"""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError
from PIL import Image, ImageOps

from diffusion.bodies import Body, body_of
from diffusion.fields import InvalidField, refuse

MAX_FILE = 1 << 24
"""Bytes of one file; a PNG of 2048² that compresses badly stays below."""

MAX_FIELD = 1 << 20
MAX_TEXTS = 1 << 21
"""Bytes of all fields of a form that are not files."""

MAX_FIELDS = 64

MAX_SIDE = 8192
MAX_PIXELS = 4096 * 4096

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""What is decoded; Pillow knows many more forms, whose decoders few people look after."""


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a multipart body by their names: texts, and files."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes]


async def read_form(http: web.Request, files: Collection[str]) -> Form:
    """Read a body in which the parts named in `files` are files and all others are texts.

    A list of one file, which some clients call `image[]`, is the file. Raises InvalidField,
    bodies.BodyTooSlow and bodies.NoRoom.
    """
    if http.content_type != "multipart/form-data":
        refuse(None, "The body must be multipart/form-data.")
    body = body_of(http)
    try:
        async with body.reading():
            parts = await _parts(http, body, files)
    except InvalidField:
        raise
    except (HttpProcessingError, ValueError, AssertionError, LookupError, RuntimeError) as error:
        raise InvalidField(None, "The body is not valid multipart/form-data.") from error
    return Form(
        {name: _text(part, name) for name, part in parts.items() if name not in files},
        {name: part for name, part in parts.items() if name in files},
    )


async def _parts(http: web.Request, body: Body, files: Collection[str]) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    texts = 0
    async for part in await http.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            refuse(None, "Each part of the body must be a field with a name.")
        name = part.name.removesuffix("[]")
        if name in parts:
            refuse(name, f"“{name}” came twice; only one can be used.")
        if len(parts) == MAX_FIELDS:
            refuse(None, f"The body has more than {MAX_FIELDS} fields.")
        most = MAX_FILE if name in files else MAX_FIELD
        parts[name] = await _whole(part, body, name, most)
        texts += 0 if name in files else len(parts[name])
        if texts > MAX_TEXTS:
            refuse(None, f"The fields of the body are larger than {MAX_TEXTS >> 20} MiB.")
    return parts


async def _whole(part: BodyPartReader, body: Body, name: str, most: int) -> bytes:
    whole = bytearray()
    while chunk := await part.read_chunk():
        body.take(len(chunk))
        whole += chunk
        if len(whole) > most:
            refuse(name, f"“{name}” is larger than {most >> 20} MiB.")
    return bytes(whole)


def _text(part: bytes, name: str) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        refuse(name, f"“{name}” must be text in UTF-8.")


def read_picture(file: bytes, name: str) -> Image.Image:
    """The picture in a file, or its first frame, upright; with alpha or without."""
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as opened:
            _check_size(opened, name)
            opened.load()
            mode = "RGBA" if opened.has_transparency_data else "RGB"
            return ImageOps.exif_transpose(opened).convert(mode)
    except InvalidField:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidField(name, _too_large(name)) from error
    except Exception as error:
        # A broken file can make Pillow raise nearly anything.
        reason = f"“{name}” is no picture that can be read: send a PNG, JPEG, WebP or GIF file."
        raise InvalidField(name, reason) from error


def on_white(picture: Image.Image) -> Image.Image:
    """The picture without its alpha."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _check_size(picture: Image.Image, name: str) -> None:
    """Before anything is decoded: a file of a kilobyte may claim to be a wall of pixels."""
    width, height = picture.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        refuse(name, _too_large(name))


def _too_large(name: str) -> str:
    return f"“{name}” is too large: at most {MAX_SIDE} pixels a side and {MAX_PIXELS:,} in all."
