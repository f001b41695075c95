"""The events of a request in the engine: queued, in progress, finished or failed."""

from dataclasses import dataclass, field

from diffusion.vision.image_files import Pixels


@dataclass(frozen=True, slots=True)
class GenerationQueued:
    """The request is in the queue, behind `position` others."""

    key: int
    position: int


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """`step` of `steps` is done. `previews` has one preview per picture, or is empty."""

    key: int
    step: int
    steps: int
    previews: tuple[Pixels, ...]


@dataclass(frozen=True, slots=True)
class GenerationFinished:
    """The request is done: one picture [height, width, 3] per noise."""

    key: int
    pictures: tuple[Pixels, ...]
    began_ns: int = field(default=0, compare=False)
    """When the request left the queue, in nanoseconds since 1970."""
    drawn_ns: int = field(default=0, compare=False)
    """When its last step was made, likewise."""


@dataclass(frozen=True, slots=True)
class GenerationFailed:
    """The request failed and was dropped; `reason` is one sentence for the user."""

    key: int
    reason: str


EngineEvent = GenerationQueued | GenerationProgress | GenerationFinished | GenerationFailed
