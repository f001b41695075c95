"""What a request means for its steps: which are run, which texts pull in them, and how strongly.

Pure: knows no tensors, no noise and no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from diffusion.protocol.requests import ImageRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """The same for every picture of a request.

    `texts` pull at it, each by its one of `weights`, which add up to 1; `negative` is the text that
    it is led away from. Either is left out where no step needs it: `texts` empty, `negative` None.
    `first` of the request's steps is the first that is run; `scales` has the scale of each step
    from there on.
    """

    texts: tuple[str, ...]
    weights: tuple[float, ...]
    negative: str | None
    first: int
    scales: tuple[float, ...]

    @property
    def all_texts(self) -> tuple[str, ...]:
        """The texts whose conditions are needed, the one that is led away from at the end."""
        return self.texts if self.negative is None else (*self.texts, self.negative)

    @property
    def rows(self) -> int:
        """How many rows a picture takes at a step, at the most."""
        return max(len(self.texts) * (scale != 0) + (scale != 1) for scale in self.scales)


def plan(request: ImageRequest) -> Plan:
    """The plan of a request. A start picture takes the place of the first steps."""
    first = _first_step(request)
    used = _scales(request, range(first, first + steps_run(request)))
    parts = [(part.text, part.weight) for part in request.parts if part.weight != 0]
    parts = parts or [(request.prompt, 1.0)]
    if set(used) == {0.0}:
        parts = []
    return Plan(
        texts=tuple(text for text, _ in parts),
        weights=_shares([weight for _, weight in parts]),
        negative=None if set(used) == {1.0} else request.negative_prompt,
        first=first,
        scales=used,
    )


def texts(request: ImageRequest) -> tuple[str, ...]:
    """The texts whose conditions the request needs."""
    return plan(request).all_texts


def rows_needed(request: ImageRequest) -> int:
    """How many rows the request takes at a step, at the most."""
    return len(request.noises) * plan(request).rows


def steps_run(request: ImageRequest) -> int:
    """How many of the request's steps are run; what is left out leaves the picture softer."""
    return max(1, round(request.stop * (request.steps - _first_step(request))))


def preview_steps(steps: int, count: int) -> frozenset[int]:
    """The steps, before the last, after which `count` previews are shown, evenly spaced."""
    count = min(count, steps - 1)
    return frozenset(round(steps * part / (count + 1)) for part in range(1, count + 1))


def _first_step(request: ImageRequest) -> int:
    """The noise that is put upon a start picture is that of the step where drawing begins."""
    if request.start is None:
        return 0
    return request.steps - max(1, round(request.start.strength * request.steps))


def _scales(request: ImageRequest, steps: range) -> tuple[float, ...]:
    """The scale of each of the steps. Outside of the request's interval it is 1 (Kynkäänniemi et
    al. 2024, “Applying guidance in a limited interval improves sample and distribution quality in
    diffusion models”); a step is where its middle is."""
    low, high = request.guidance_interval
    middles = [(step + 0.5) / request.steps for step in steps]
    return tuple(request.guidance_scale if low <= at <= high else 1.0 for at in middles)


def _shares(weights: Sequence[float]) -> tuple[float, ...]:
    """The weights as shares of their sum, which the protocol holds above 0."""
    total = sum(weights)
    return tuple(weight / total for weight in weights)
