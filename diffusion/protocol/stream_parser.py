"""Understanding an inference server's answer: bytes and JSON in, events out.

Answers are not trusted. What cannot be understood raises InferenceRefused, worded for a person,
and never anything else. Does no input or output.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from diffusion.protocol.answers import (
    Description,
    EncodedPicture,
    PartialImage,
    QueuePlace,
    StepDone,
    TokenCount,
    WordWeight,
)
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.events import Event, Finished, Progress, Queued
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.validation import read

MAX_EVENT_BYTES = 1 << 26
"""Bytes of one event: a picture of 2048² in base64 stays well below."""

EVENT_TIMEOUT_S = 1800.0
"""Seconds in which a server may send no event, only comments. A request that stands still behind
others hears of each that ends, and one that is drawn without previews takes minutes at most."""

LINE_BYTES = 64
"""What each line of an event takes besides its text, so that empty ones have an end too."""

MAX_JSON_VALUES = 100_000
"""Values in one answer: reading them blocks the event loop. Pictures are large, but few."""

EVENT_PREFIXES = ("image_generation", "image_edit")
"""The prefix of event names for each endpoint."""

Kind = TypeVar("Kind")


class InferenceRefused(Exception):
    """The server will never do this, or answers what cannot be understood."""


class StreamParser:
    """Collects the previews and pictures of one request's answer.

    `previews` is how many previews of each picture were asked for.
    """

    def __init__(self, request: ImageRequest, previews: int) -> None:
        self._count = len(request.noises)
        self._previews = previews
        self._pictures: dict[int, bytes] = {}
        self._shown_step = 0
        self._shown: dict[int, bytes] = {}

    def feed(self, content: dict[str, object]) -> Iterator[Event]:
        """The events that the content of one server-sent event completes.

        Unknown kinds are ignored, as a newer server may have more. Raises InferenceRefused.
        """
        if "error" in content or content.get("type") == "error":
            raise InferenceRefused(_message_in(content) or "The inference server failed.")
        family, _, kind = str(content.get("type")).partition(".")
        if family not in EVENT_PREFIXES:
            return
        match kind:
            case "queued":
                yield Queued(_read(QueuePlace, content).position)
            case "progress":
                done = _read(StepDone, content)
                yield Progress(done.step, done.steps)
            case "partial_image":
                yield from self._preview(content)
            case "completed":
                self._keep(self._pictures, content)
                if len(self._pictures) == self._count:
                    yield Finished(_in_order(self._pictures))

    def whole(self, answer: dict[str, object]) -> tuple[bytes, ...]:
        """The pictures of an answer in one piece. Raises InferenceRefused."""
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
        place = _read(PartialImage, content)
        step = place.partial_image_index + 1 if place.step is None else place.step
        if step != self._shown_step:
            self._shown_step, self._shown = step, {}
        self._keep(self._shown, content)
        if len(self._shown) == self._count:
            steps = max(self._previews, step) + 1 if place.steps is None else place.steps
            yield Progress(step, steps, _in_order(self._shown))
            self._shown = {}

    def _keep(self, kept: dict[int, bytes], content: dict[str, object]) -> None:
        """Put a picture at its index; a server that sends none sends them in order."""
        picture = _read(EncodedPicture, content)
        index = len(kept) if picture.index is None else picture.index
        if index < self._count:
            kept[index] = picture.file


def prompts_in(answer: dict[str, object]) -> tuple[str, ...]:
    """The prompts that describe a picture. Raises InferenceRefused, as all of these do."""
    return tuple(_read(Description, entry).prompt for entry in _entries(answer))


def weights_in(answer: dict[str, object]) -> tuple[tuple[str, float], ...]:
    """The words of a prompt and how much each counts, from 0 to 1."""
    words = (_read(WordWeight, entry) for entry in _entries(answer))
    return tuple((word.word, word.weight) for word in words)


def tokens_in(answer: dict[str, object]) -> tuple[int, int]:
    """How many tokens a prompt has, and how many the model reads."""
    count = _read(TokenCount, answer)
    return count.tokens, count.max_tokens


def picture_in(answer: dict[str, object]) -> bytes:
    """The one picture of an answer."""
    entries = _entries(answer)
    if not entries:
        raise InferenceRefused("The inference server's answer has no picture in it.")
    return _read(EncodedPicture, entries[0]).file


def _read(kind: type[Kind], content: dict[str, object]) -> Kind:
    try:
        return read(kind, content)
    except InvalidField as error:
        reason = f"The inference server's answer cannot be used: {error.message}"
        raise InferenceRefused(reason) from error


def _entries(answer: dict[str, object]) -> list[dict[str, object]]:
    """What an answer in one piece consists of."""
    if "error" in answer:
        raise InferenceRefused(_message_in(answer) or "The inference server failed.")
    entries = answer.get("data")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InferenceRefused("The inference server's answer cannot be understood.")
    return entries


def _in_order(pictures: dict[int, bytes]) -> tuple[bytes, ...]:
    return tuple(picture for _, picture in sorted(pictures.items()))


def _message_in(answer: dict[str, object]) -> str | None:
    """The message of an error in OpenAI's shape, or in a simpler one."""
    error = answer.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    if not isinstance(message, str):
        message = answer.get("message")
    return message[:500] if isinstance(message, str) and message.strip() else None


def error_message(body: bytes) -> str | None:
    """The message in the body of an error; None if it cannot be understood."""
    try:
        return _message_in(parsed(body))
    except InferenceRefused:
        return None


def parsed(body: bytes) -> dict[str, object]:
    """The JSON object in an answer. Raises InferenceRefused."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_JSON_VALUES:
        raise InferenceRefused("The inference server's answer has too many values.")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise InferenceRefused("The inference server's answer cannot be understood.")
    return answer


async def events_in(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, object]]:
    """The JSON objects of a stream of server-sent events, up to its end or its `[DONE]`.

    An event is its `data:` lines up to an empty line (HTML standard, §9.2). Names are skipped, as
    they repeat the JSON's `type`; so are comments, which only keep the connection alive. Raises
    InferenceRefused, and TimeoutError if no event comes for EVENT_TIMEOUT_S.
    """
    data: list[bytes] = []
    size = 0
    heard = time.monotonic()

    async def timed() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            if time.monotonic() - heard > EVENT_TIMEOUT_S:
                raise TimeoutError
            yield chunk

    async for line in _lines(timed()):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
            size += len(data[-1]) + LINE_BYTES
            if size > MAX_EVENT_BYTES:
                raise InferenceRefused("The inference server's answer is too large.")
        elif not line and data:
            whole = b"\n".join(data)
            data.clear()
            size = 0
            if whole.strip() == b"[DONE]":
                return
            yield parsed(whole)
            heard = time.monotonic()


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends. A picture's line is longer than asyncio's stream readers allow."""
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
