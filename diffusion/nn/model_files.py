"""Read the small files of a model within limits, and `CheckpointError`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAX_CONFIG_FILE_BYTES = 1 << 24
"""The largest file beside the weights; the largest tokenizers in use have 11 million bytes."""

MAX_JSON_VALUES = 1 << 21
"""The most values in a JSON file; each takes about 100 bytes of memory once parsed."""

MAX_JSON_DEPTH = 32
"""The deepest nesting of lists and objects in a JSON file."""


class CheckpointError(Exception):
    """A model cannot be loaded; the message is one sentence for the user."""


def read_json(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file. Raises CheckpointError."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_FILE_BYTES + 1)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    return parse_json(text, str(path))


def parse_json(text: bytes, place: str) -> Mapping[str, Any]:
    """The JSON object in a text; `place` names it in errors. Raises CheckpointError.

    The size is checked before parsing: the result can be fifty times as large as the text.
    """
    if len(text) > MAX_CONFIG_FILE_BYTES:
        raise CheckpointError(f"{place} is larger than {MAX_CONFIG_FILE_BYTES >> 20} MiB.")
    if sum(map(text.count, (b",", b"[", b"{"))) > MAX_JSON_VALUES:
        raise CheckpointError(f"{place} has more than {MAX_JSON_VALUES:,} values.")
    try:
        content = json.loads(text)
    except RecursionError:
        raise CheckpointError(_too_deep(place)) from None
    except ValueError as error:
        raise CheckpointError(f"{place} cannot be read: {error}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{place} must hold a JSON object.")
    inside: list[Any] = [content]
    for _ in range(MAX_JSON_DEPTH):
        inside = [
            value
            for outer in inside
            for value in (outer.values() if isinstance(outer, Mapping) else outer)
            if isinstance(value, Mapping | list)
        ]
    if inside:
        raise CheckpointError(_too_deep(place))
    return content


def _too_deep(place: str) -> str:
    return f"{place} is nested more than {MAX_JSON_DEPTH} deep."


def read_json_if_there(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file, or an empty one if there is no file. Raises CheckpointError."""
    return read_json(path) if path.is_file() else {}


def first_line(error: Exception) -> str:
    """The first line of a library's error, or its class name if it has no message."""
    return str(error).strip().split("\n")[0] or type(error).__name__
