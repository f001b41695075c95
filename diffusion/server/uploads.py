"""Uploads: multipart bodies within bounds, and pictures decoded in other processes.

Whatever cannot be used raises InvalidField naming the field.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from diffusion.decoding.decode import DecodedPicture, Undecodable, Wanted
from diffusion.decoding.decoder import PictureDecoder
from diffusion.protocol.errors import InvalidField, refuse
from diffusion.server.admission.bodies import RequestBody, body_of

MAX_UPLOAD_BYTES = 1 << 24
"""Bytes of one file; a PNG of 2048² that compresses badly stays below."""

MAX_FIELD_BYTES = 1 << 20
MAX_TEXTS_BYTES = 1 << 21
"""Bytes of all fields of a form that are not files."""

MAX_FIELDS = 64
IMAGE = "image"
"""The one part that may come several times."""

MAX_UPLOAD_SIDE_PX = 8192
MAX_UPLOAD_PIXELS = 50_000_000
"""Pixels of the largest picture; phones make pictures of a little more than 48 million."""

FIT_SIDE_PX = 4096
"""Larger pictures are made smaller to this longer side: no model draws larger ones."""


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a multipart body, by their names."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes]
    more_images: tuple[bytes, ...] = ()


async def read_form(http: web.Request, files: Collection[str], *, most_images: int = 1) -> Form:
    """Read a body in which the parts named in `files` are files and all others are texts.

    `image` may come `most_images` times; the first is in `files`, the others in `more_images`.
    `image[]`, which some clients send, is the same as `image`. Raises InvalidField,
    bodies.BodyTooSlow and bodies.NoRoom.
    """
    if http.content_type != "multipart/form-data":
        refuse(None, "The body must be multipart/form-data.")
    body = body_of(http)
    try:
        async with body.reading():
            parts, more = await _parts(http, body, files, most_images)
    except InvalidField:
        raise
    except (HttpProcessingError, ValueError, AssertionError, LookupError, RuntimeError) as error:
        raise InvalidField(None, "The body is not valid multipart/form-data.") from error
    return Form(
        {name: _text(part, name) for name, part in parts.items() if name not in files},
        {name: part for name, part in parts.items() if name in files},
        tuple(more),
    )


async def _parts(
    http: web.Request, body: RequestBody, files: Collection[str], most_images: int
) -> tuple[dict[str, bytes], list[bytes]]:
    """The parts by their names, and further images."""
    parts: dict[str, bytes] = {}
    more: list[bytes] = []
    texts = 0
    async for part in await http.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            refuse(None, "Each part of the body must be a field with a name.")
        name = part.name.removesuffix("[]")
        another = name == IMAGE and name in parts and most_images > 1
        if name in parts and not another:
            refuse(name, f"“{name}” came twice; only one can be used.")
        if another and len(more) + 1 == most_images:
            refuse(name, f"There are more than {most_images} pictures.")
        if len(parts) == MAX_FIELDS:
            refuse(None, f"The body has more than {MAX_FIELDS} fields.")
        most = MAX_UPLOAD_BYTES if name in files else MAX_FIELD_BYTES
        if another:
            more.append(await _whole(part, body, name, most))
            continue
        parts[name] = await _whole(part, body, name, most)
        texts += 0 if name in files else len(parts[name])
        if texts > MAX_TEXTS_BYTES:
            refuse(None, f"The fields of the body are larger than {MAX_TEXTS_BYTES >> 20} MiB.")
    return parts, more


async def _whole(part: BodyPartReader, body: RequestBody, name: str, most: int) -> bytes:
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


async def read_picture(
    decoder: PictureDecoder,
    file: bytes,
    name: str,
    *,
    fit_side: int | None = FIT_SIDE_PX,
    max_pixels: int = MAX_UPLOAD_PIXELS,
) -> DecodedPicture:
    """The picture in a file, or its first frame, turned upright; with alpha or without.

    `name` is the form's field. Pictures whose longer side has more than `fit_side` pixels are made
    smaller. Raises InvalidField, DecoderBusy.
    """
    try:
        return await decoder.decode(file, Wanted(max_pixels, MAX_UPLOAD_SIDE_PX, fit_side))
    except Undecodable as error:
        _explain(error.reason, name, max_pixels)


def _explain(reason: str, name: str, max_pixels: int) -> NoReturn:
    match reason:
        case "pixels":
            most = f"{max_pixels:,} pixels is the most, and {MAX_UPLOAD_SIDE_PX:,} on a side"
            refuse(name, f"“{name}” is too large: {most}.")
        case "slow":
            refuse(name, f"“{name}” takes too long to decode: save it anew, as a PNG say.")
        case _:
            kinds = "send a PNG, JPEG, WebP or GIF file"
            refuse(name, f"“{name}” is no picture that can be read: {kinds}.")
