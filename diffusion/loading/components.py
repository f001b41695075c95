"""The parts of a model as they were found somewhere, and the refusal where they were not.

Knows the families of models only by what their parts are; not what is done with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TextEncoderComponents:
    """One of CLIP's text encoders, and the tokenizer that goes with it."""

    tokenizer: Any
    model: Any


@dataclass(frozen=True, slots=True)
class ModelComponents:
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
    encoders: tuple[TextEncoderComponents, ...]
    scheduler: Mapping[str, Any]
    empty_is_zero: bool = False
    preview: Any = None
    said: Mapping[str, Any] = field(default_factory=dict)
