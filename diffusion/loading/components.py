"""Components of a loaded model, before they are checked and assembled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TextEncoderComponents:
    """A CLIP text encoder and its tokenizer."""

    tokenizer: Any
    model: Any


@dataclass(frozen=True, slots=True)
class ModelComponents:
    """A model's networks with their weights, and its configuration.

    `place` is the file or folder that they are from; `name` is the model's name unless its sidecar
    has one. `scheduler` is the content of scheduler_config.json, `settings` that of the `sidecar`
    (darkroom.json). SDXL has two `encoders`; `empty_is_zero` means that it encodes the empty text
    as zeros. `preview` is an optional small decoder for previews.
    """

    place: Path
    name: str
    sidecar: Path
    unet: Any
    vae: Any
    encoders: tuple[TextEncoderComponents, ...]
    scheduler: Mapping[str, Any]
    empty_is_zero: bool = False
    preview: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)
