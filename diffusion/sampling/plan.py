"""The plan of a request: which steps run, which texts guide them, and with which guidance scale.

Pure Python: no tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from diffusion.protocol.requests import ImageRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """What all pictures of a request share. Made once, when the request is added to the engine.

    `texts` are the positive texts; their `weights` add up to 1. `negative` is the negative text, or
    None if no step needs it. `first` is the index of the first step that runs; `scales` has the
    guidance scale of each step from there on. `told` says that the network is told the scale: it
    has learned to guide itself, and needs no negative text.
    """

    texts: tuple[str, ...]
    weights: tuple[float, ...]
    negative: str | None
    first: int
    scales: tuple[float, ...]
    told: bool = False

    @classmethod
    def of(cls, request: ImageRequest, told: bool = False) -> "Plan":
        """The plan of a request. With an init image the first steps are skipped."""
        first = _first_step(request)
        scales = _scales(request, range(first, first + steps_run(request)))
        parts = [(part.text, part.weight) for part in request.parts if part.weight != 0]
        parts = parts or [(request.prompt, 1.0)]
        return cls(
            texts=tuple(text for text, _ in parts),
            weights=_normalised([weight for _, weight in parts]),
            negative=None if told or set(scales) == {1.0} else request.negative_prompt,
            first=first,
            scales=scales,
            told=told,
        )

    @property
    def all_texts(self) -> tuple[str, ...]:
        """The texts to encode: the positive ones, then the negative one."""
        return self.texts if self.negative is None else (*self.texts, self.negative)

    @property
    def rows(self) -> int:
        """The most rows that one picture takes in a step."""
        if self.told:
            return len(self.texts)
        return max(len(self.texts) + (scale != 1) for scale in self.scales)

    @property
    def steps(self) -> int:
        """How many steps run."""
        return len(self.scales)


def steps_run(request: ImageRequest) -> int:
    """How many of the request's steps run: fewer with `stop` or with an init image."""
    return max(1, round(request.stop * (request.steps - _first_step(request))))


def preview_steps(steps: int, count: int) -> frozenset[int]:
    """The steps after which `count` previews are made: evenly spaced, never the last step."""
    count = min(count, steps - 1)
    return frozenset(round(steps * part / (count + 1)) for part in range(1, count + 1))


def _first_step(request: ImageRequest) -> int:
    """The first step that runs. The init image gets the noise of this step's level."""
    if request.start is None:
        return 0
    return request.steps - max(1, round(request.start.strength * request.steps))


def _scales(request: ImageRequest, steps: range) -> tuple[float, ...]:
    """The guidance scale of each step; 1, which is none, outside the request's guidance interval.

    A scale of 0 is none as well: so models say that were distilled to need no guidance.

    Kynkäänniemi et al. 2024, “Applying guidance in a limited interval improves sample and
    distribution quality in diffusion models”. The middle of a step decides whether it is inside.
    """
    low, high = request.guidance_interval
    middles = [(step + 0.5) / request.steps for step in steps]
    scale = request.guidance_scale or 1.0
    return tuple(scale if low <= at <= high else 1.0 for at in middles)


def _normalised(weights: Sequence[float]) -> tuple[float, ...]:
    """The weights divided by their sum, which the protocol keeps above 0."""
    total = sum(weights)
    return tuple(weight / total for weight in weights)
