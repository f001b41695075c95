"""The parts of a model as they were found somewhere, and the refusal where they were not.

Knows the families of models only by what their parts are; not what is done with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class CheckpointError(Exception):
    """A model cannot be loaded; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """One of CLIP's text encoders, and the tokenizer that goes with it."""

    tokenizer: Any
    model: Any


@dataclass(frozen=True, slots=True)
class Parts:
    """A model's networks with their weights, and what stands beside them.

    `place` is where they were found, `name` what the model is called if it does not say.
    `scheduler` is the content of scheduler_config.json, `said` that of the `sidecar`. SDXL has
    two `encoders`, and `empty_is_zero` says whether no text is zeros to it. `preview` is a small
    decoder for previews.
    """

    place: Path
    name: str
    sidecar: Path
    unet: Any
    vae: Any
    encoders: tuple[Encoder, ...]
    scheduler: Mapping[str, Any]
    empty_is_zero: bool = False
    preview: Any = None
    said: Mapping[str, Any] = field(default_factory=dict)


def read_json(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file. Raises CheckpointError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} must hold a JSON object.")
    return content


def read_json_if_there(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file, empty where there is no file. Raises CheckpointError."""
    return read_json(path) if path.is_file() else {}


def first_line(error: Exception) -> str:
    """What a person can use of an error of the libraries, which raise all kinds, at length."""
    return str(error).strip().split("\n")[0] or type(error).__name__
