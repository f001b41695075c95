"""Understanding an inference server's answer. Pure: bytes and JSON in, events out.

Nothing here trusts what it hears: what cannot be understood raises InferenceRefused, worded for
a person, and never anything else.
"""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Iterator

from diffusion.protocol.events import Event, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest

MAX_EVENT_BYTES = 1 << 26
"""Bytes of one event: a picture of 2048² in base64 stays well below."""


EVENT_PREFIXES = ("image_generation", "image_edit")
"""What the names of events begin with, by what was asked for."""


class InferenceRefused(Exception):
    """The server will never do this, or answers what cannot be understood."""


class StreamParser:
    """What has been heard of one request: previews and pictures, until all are there."""

    def __init__(self, request: ImageRequest, previews: int) -> None:
        self._count = len(request.noises)
        self._previews = previews
        self._pictures: dict[int, bytes] = {}
        self._shown_step = 0
        self._shown: dict[int, bytes] = {}

    def feed(self, content: dict[str, object]) -> Iterator[Event]:
        """The events that the content of one server-sent event completes; kinds that are unknown
        are passed over, as a newer server may have more."""
        if "error" in content or content.get("type") == "error":
            raise InferenceRefused(_message_in(content) or "The inference server failed.")
        family, _, kind = str(content.get("type")).partition(".")
        if family not in EVENT_PREFIXES:
            return
        match kind:
            case "queued":
                yield Queued(_whole(content, "position", 0))
            case "progress":
                yield Progress(_whole(content, "step", 0), _whole(content, "steps", 1))
            case "partial_image":
                yield from self._preview(content)
            case "completed":
                self._keep(self._pictures, content)
                if len(self._pictures) == self._count:
                    yield Finished(_in_order(self._pictures))

    def whole(self, answer: dict[str, object]) -> tuple[bytes, ...]:
        """The pictures of an answer in one piece."""
        for entry in _entries(answer)[: self._count]:
            self._keep(self._pictures, {**entry, "index": None})
        if len(self._pictures) < self._count:
            raise InferenceRefused(self.unfinished())
        return _in_order(self._pictures)

    def unfinished(self) -> str:
        """What to say when nothing more comes."""
        return (
            f"The inference server ended its answer after {len(self._pictures)} of "
            f"{self._count} pictures."
        )

    def _preview(self, content: dict[str, object]) -> Iterator[Event]:
        """One Progress once the previews of all pictures at this step are there."""
        step = _whole(content, "step", _whole(content, "partial_image_index", 0) + 1)
        if step != self._shown_step:
            self._shown_step, self._shown = step, {}
        self._keep(self._shown, content)
        if len(self._shown) == self._count:
            steps = _whole(content, "steps", max(self._previews, step) + 1)
            yield Progress(step, steps, _in_order(self._shown))
            self._shown = {}

    def _keep(self, kept: dict[int, bytes], content: dict[str, object]) -> None:
        """Put a picture at its index; a server that sends none sends them in order."""
        index = _whole(content, "index", len(kept))
        if index < self._count:
            kept[index] = _picture(content)


def prompts_in(answer: dict[str, object]) -> tuple[str, ...]:
    """The prompts that describe a picture."""
    return tuple(_text(entry, "prompt") for entry in _entries(answer))


def weights_in(answer: dict[str, object]) -> tuple[tuple[str, float], ...]:
    """The words of a prompt and how much each counts, from 0 to 1."""
    return tuple((_text(entry, "word"), _share(entry, "weight")) for entry in _entries(answer))


def tokens_in(answer: dict[str, object]) -> tuple[int, int]:
    """How many tokens a prompt has, and how many the model reads."""
    tokens, most = (_whole(answer, name, -1) for name in ("tokens", "max_tokens"))
    if tokens < 0 or most < 0:
        raise InferenceRefused("The inference server does not say how long the prompt is.")
    return tokens, most


def picture_in(answer: dict[str, object]) -> bytes:
    """The one picture of an answer."""
    entries = _entries(answer)
    if not entries:
        raise InferenceRefused("The inference server's answer has no picture in it.")
    return _picture(entries[0])


def _entries(answer: dict[str, object]) -> list[dict[str, object]]:
    """What an answer in one piece consists of."""
    if "error" in answer:
        raise InferenceRefused(_message_in(answer) or "The inference server failed.")
    entries = answer.get("data")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InferenceRefused("The inference server's answer cannot be understood.")
    return entries


def _text(content: dict[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise InferenceRefused(f"The inference server sent a “{name}” that is no text.")
    return value


def _share(content: dict[str, object], name: str) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InferenceRefused(f"The inference server sent a “{name}” that is no share.")
    return float(value)


def _in_order(pictures: dict[int, bytes]) -> tuple[bytes, ...]:
    return tuple(picture for _, picture in sorted(pictures.items()))


def _whole(content: dict[str, object], name: str, default: int) -> int:
    value = content.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InferenceRefused(f"The inference server sent a “{name}” that is no number.")
    return value


def _picture(content: dict[str, object]) -> bytes:
    text = content.get("b64_json")
    if not isinstance(text, str):
        raise InferenceRefused("The inference server sent no picture where one was due.")
    try:
        file = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        file = b""
    if kind_of(file) is None:
        raise InferenceRefused("The inference server sent something that is no picture.")
    return file


def kind_of(file: bytes) -> str | None:
    """Which kind of picture a file is, by what it begins with; None if it is none that we know."""
    for beginning, kind in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
    ):
        if file.startswith(beginning):
            return kind
    return "webp" if file[:4] == b"RIFF" and file[8:12] == b"WEBP" else None


def _message_in(answer: dict[str, object]) -> str | None:
    """The message of an error in OpenAI's shape, or in a simpler one."""
    error = answer.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    if not isinstance(message, str):
        message = answer.get("message")
    return message[:500] if isinstance(message, str) and message.strip() else None


def error_message(body: bytes) -> str | None:
    """What the body of an error says, if it can be understood."""
    try:
        return _message_in(parsed(body))
    except InferenceRefused:
        return None


def parsed(body: bytes) -> dict[str, object]:
    """The JSON object in an answer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise InferenceRefused("The inference server's answer cannot be understood.")
    return answer


async def events_in(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, object]]:
    """The JSON objects of a stream of server-sent events, up to its end or its `[DONE]`.

    An event is its `data:` lines up to an empty line; names repeat the JSON's `type`, and
    comments only keep the connection alive (HTML standard, §9.2).
    """
    data: list[bytes] = []
    async for line in _lines(chunks):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
            if sum(map(len, data)) > MAX_EVENT_BYTES:
                raise InferenceRefused("The inference server's answer is too large.")
        elif not line and data:
            whole = b"\n".join(data)
            data.clear()
            if whole.strip() == b"[DONE]":
                return
            yield parsed(whole)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends; those of a picture are longer than a stream reader's limit."""
    pending: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            pending.append(line)
            yield b"".join(pending).removesuffix(b"\r")
            pending.clear()
            size = 0
        pending.append(rest)
        size += len(rest)
        if size > MAX_EVENT_BYTES:
            raise InferenceRefused("The inference server's answer is too large.")
