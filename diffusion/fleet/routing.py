"""Which model a request is for, and for whom: read from its body, which stays as it is.

The replica reads the body properly, and refuses what is wrong with it. Imports no torch.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol

from diffusion.protocol.calls import written_out

FORM_TYPE = "multipart/form-data"

MAX_FIELDS = 64
"""Fields of a form that are looked at."""

MAX_FIELD_BYTES = 1 << 20
"""Bytes of one field that is no file; replicas refuse larger ones."""

READ_BYTES = 1 << 18
"""Bytes of a form that are read before others have their turn."""

USERS = ("safety_identifier", "user")


@dataclass(frozen=True, slots=True)
class Said:
    """What a body says of these, each only if it is a string. `is_stream` is whether the answer is
    wanted as a stream, `lora` the name of the first LoRA."""

    model: str | None = None
    user: str = ""
    is_stream: bool = False
    lora: str = ""


async def said_by(content_type: str, headers: Mapping[str, str], body: bytes) -> Said:
    """Read a body of JSON or a form. One that cannot be read says nothing."""
    if content_type == FORM_TYPE:
        return await _form(headers, body)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Said()
    return _said(content) if isinstance(content, dict) else Said()


def _said(fields: Mapping[str, object]) -> Said:
    model = fields.get("model")
    user = next((name for name in map(fields.get, USERS) if isinstance(name, str) and name), "")
    is_stream = fields.get("stream") in (True, "true")
    model = model if isinstance(model, str) and model else None
    return Said(model, user, is_stream, _first_lora(fields.get("loras")))


def _first_lora(loras: object) -> str:
    if isinstance(loras, str) and loras.lstrip().startswith("["):
        # A form's field.
        try:
            loras = json.loads(loras)
        except (ValueError, RecursionError):
            return ""
    if not isinstance(loras, list | str):
        return ""
    first = next(iter(written_out(loras)), None)
    name = first.get("name") if isinstance(first, dict) else None
    return name if isinstance(name, str) else ""


async def _form(headers: Mapping[str, str], body: bytes) -> Said:
    """The fields before the first file; a field `request` holds JSON with more of them."""
    fields: dict[str, object] = {}
    try:
        async for name, text in _texts(headers, body):
            if name == "request":
                whole = json.loads(text)
                fields |= whole if isinstance(whole, dict) else {}
            else:
                fields.setdefault(name, text)
    except (ValueError, RecursionError, LookupError, AssertionError, RuntimeError):
        pass
    except aiohttp.http.HttpProcessingError:
        pass
    return _said(fields)


async def _texts(headers: Mapping[str, str], body: bytes) -> AsyncIterator[tuple[str, str]]:
    """The fields that are no files, by their names."""
    content = aiohttp.StreamReader(BaseProtocol(asyncio.get_running_loop()), len(body) + 1)
    content.feed_data(body)
    content.feed_eof()
    reader = aiohttp.MultipartReader({hdrs.CONTENT_TYPE: headers[hdrs.CONTENT_TYPE]}, content)
    for _ in range(MAX_FIELDS):
        part = await reader.next()
        if part is None:
            return
        if not isinstance(part, aiohttp.BodyPartReader):
            return
        is_text = bool(part.name) and part.filename is None
        # As replicas read it: bytes of UTF-8, whatever the part says of its encoding.
        text = await _read(part, keep=is_text)
        if part.name and is_text:
            yield part.name, text.decode()


async def _read(part: aiohttp.BodyPartReader, *, keep: bool) -> bytes:
    """The bytes of a part to its end, or none of them. Raises ValueError for too many."""
    kept = bytearray()
    while chunk := await part.read_chunk(READ_BYTES):
        if keep:
            kept += chunk
        if len(kept) > MAX_FIELD_BYTES:
            raise ValueError("A field is too large.")
        # A large form must not keep others waiting.
        await asyncio.sleep(0)
    return bytes(kept)
