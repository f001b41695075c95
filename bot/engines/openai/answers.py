"""Reading a server's answer for one picture: a JSON body or a stream of events.

Answers are not trusted: what cannot be understood raises InferenceRefused.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp

from bot.engines.openai.connection import read_bounded
from bot.engines.openai.errors import check_error, error_of, message_of
from diffusion.protocol.stream_parser import InferenceRefused, events_in, parsed

MAX_LINK_CHARS = 4000


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture in an answer: its file, or where it is. `is_preview` if it is not finished.

    `place` counts the previews from 0.
    """

    file: bytes = b""
    link: str = ""
    is_preview: bool = False
    place: int = 0


async def pictures_in(
    response: aiohttp.ClientResponse, sent: frozenset[str]
) -> AsyncIterator[EncodedPicture]:
    """The previews and pictures of an answer in their order.

    `sent` are the optional parameters of the call. Raises InferenceRefused, and what
    `bot.engines.openai.errors.check_error` raises.
    """
    if response.content_type == "text/event-stream":
        async for content in events_in(response.content.iter_any()):
            for picture in await asyncio.to_thread(_pictures, content, sent):
                yield picture
        return
    if response.content_type.startswith("image/"):
        yield EncodedPicture(await read_bounded(response))
        return
    body = await read_bounded(response)
    for picture in await asyncio.to_thread(lambda: _pictures(parsed(body), sent)):
        yield picture


def _pictures(content: Mapping[str, object], sent: frozenset[str]) -> list[EncodedPicture]:
    """The pictures in one JSON object: a body, or the content of an event."""
    error = error_of(content)
    if error is not None:
        check_error(error, sent)
        raise InferenceRefused(message_of(error) or "The engine failed.")
    entries = content.get("data")
    if entries is None:
        entries = [content]
    elif isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list):
        raise InferenceRefused("The engine's answer cannot be understood.")
    preview = str(content.get("type")).endswith("partial_image")
    place = content.get("partial_image_index")
    place = place if isinstance(place, int) and place >= 0 else 0
    return [
        picture
        for entry in entries
        if isinstance(entry, Mapping) and (picture := _picture(entry, preview, place))
    ]


def _picture(entry: Mapping[str, object], preview: bool, place: int) -> EncodedPicture | None:
    encoded, link = entry.get("b64_json"), entry.get("url")
    if not isinstance(encoded, str) or not encoded:
        encoded = link if isinstance(link, str) and link.startswith("data:") else None
    if encoded is not None:
        return EncodedPicture(_decoded(encoded), "", preview, place)
    if isinstance(link, str) and link:
        if len(link) > MAX_LINK_CHARS:
            raise InferenceRefused("The engine's answer has a link that is too long.")
        return EncodedPicture(b"", link, preview, place)
    return None


def _decoded(text: str) -> bytes:
    """The bytes of a text in base64, which may be a data URL or have line breaks."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InferenceRefused("The engine's answer has no picture in it.") from error
