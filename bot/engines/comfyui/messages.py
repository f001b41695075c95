"""What ComfyUI sends through its websocket, read. Pure; no message is trusted.

Texts are JSON with a `type` and `data`. Binary frames begin with their type, a big-endian number
of 4 bytes: 1 is a preview, behind 4 bytes for its format; 4 is a preview behind the length of some
JSON and this JSON, for clients that announced that they read it; 3 is text. Others may come.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREVIEW_FRAME = 1
PREVIEW_WITH_METADATA_FRAME = 4

FEATURES: Mapping[str, Any] = {
    "type": "feature_flags",
    "data": {"supports_preview_metadata": True},
}
"""What a client may announce in its first message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text. `kind` is its `type`."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def is_of(self, prompt_id: str) -> bool:
        """Whether it is about this prompt. Old versions do not say so of all messages."""
        said: object = self.data.get("prompt_id", prompt_id)
        return said == prompt_id


@dataclass(frozen=True, slots=True)
class PreviewFrame:
    """An encoded preview, and the prompt that it belongs to where this is said."""

    picture: bytes
    prompt_id: str | None = None


def read_text(text: str) -> Message | None:
    """The message; None if it is in no known form."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    data = said.get("data")
    return Message(str(said.get("type")), data if isinstance(data, dict) else {})


def read_frame(frame: bytes) -> PreviewFrame | None:
    """The preview in a binary frame; None if there is none in it."""
    if len(frame) < 8:
        return None
    kind, number = struct.unpack(">II", frame[:8])
    if kind == PREVIEW_FRAME:
        return PreviewFrame(frame[8:])
    if kind != PREVIEW_WITH_METADATA_FRAME or len(frame) < 8 + number:
        return None
    try:
        said = json.loads(frame[8 : 8 + number])
    except (ValueError, RecursionError):
        said = None
    prompt_id = said.get("prompt_id") if isinstance(said, dict) else None
    return PreviewFrame(frame[8 + number :], str(prompt_id) if prompt_id else None)
