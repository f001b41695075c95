"""The parts of a server's answers that the client reads.

Other servers than ours leave out the fields that only we have.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PlainValidator

from diffusion.protocol.requests import Share
from diffusion.protocol.validation import JsonObject, Must, String, Whole

Count = Annotated[int, Whole(0, None)]


def kind_of(file: bytes) -> str | None:
    """The format of a picture, by the bytes it begins with: png, jpeg, webp, or None."""
    for beginning, kind in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
    ):
        if file.startswith(beginning):
            return kind
    return "webp" if file[:4] == b"RIFF" and file[8:12] == b"WEBP" else None


def _decoded(text: object) -> bytes:
    """The bytes of a text in base64; none if it is something else."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True)
class EncodedPicture(JsonObject):
    """A whole picture. `index` is its place among the request's noises; foreign servers send
    none, and their pictures in order."""

    file: Annotated[
        bytes,
        PlainValidator(_decoded),
        Must(kind_of, "“{field}” must be a picture in base64."),
        Field(alias="b64_json"),
    ]
    index: Count | None = None


@dataclass(frozen=True, slots=True)
class PartialImage(JsonObject):
    """Where a preview stands. `partial_image_index` counts the previews of a picture from 0;
    `step` of `steps` is ours."""

    partial_image_index: Count = 0
    step: Count | None = None
    steps: Count | None = None


@dataclass(frozen=True, slots=True)
class StepDone(JsonObject):
    """`step` of `steps` is done."""

    step: Count = 0
    steps: Count = 1


@dataclass(frozen=True, slots=True)
class QueuePlace(JsonObject):
    """`position` others are before the request."""

    position: Count = 0


@dataclass(frozen=True, slots=True)
class Description(JsonObject):
    """A prompt that could have made the picture."""

    prompt: Annotated[str, String(None)]


@dataclass(frozen=True, slots=True)
class WordWeight(JsonObject):
    """A word of a prompt, and how much it counts."""

    word: Annotated[str, String(None)]
    weight: Share


@dataclass(frozen=True, slots=True)
class TokenCount(JsonObject):
    """How many tokens a prompt has, and how many the model reads."""

    tokens: Count
    max_tokens: Count
