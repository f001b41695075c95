"""What the bot and the inference process say to each other: requests, events and their JSON.

The shape on the wire is OpenAI's Images API with more fields; the names of those come from
diffusers and from the servers that speak the same dialect. This module knows neither HTTP nor
torch, so both sides can import it.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

SAMPLERS = ("ddpm", "ddim", "euler", "euler_ancestral", "dpmpp_2m")
"""Names of the samplers; `diffusion.samplers` holds the functions."""

SPACINGS = ("trailing", "leading", "linspace", "karras")
"""Names of the ways to choose the noise levels a sampler visits; see `diffusion.schedules`."""

OUTPUT_FORMATS = ("png", "jpeg", "webp")

MAX_PICTURES = 16
MAX_STEPS = 150
MAX_PROMPT = 6000
MAX_GUIDANCE = 100.0
MAX_BLENDS = 64
SEEDS = 2**32
"""Seeds are whole numbers from 0 to SEEDS - 1, as Midjourney has them."""


class InvalidField(ValueError):
    """A field of a request cannot be used. `param` names it, the message says what to do."""

    def __init__(self, param: str | None, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.message = message


@dataclass(frozen=True, slots=True)
class Blend:
    """A second noise mixed into the first, keeping unit variance: x·√(1-strength²) + n·strength."""

    seed: int
    strength: float


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise one picture starts from: a seed, and blends applied in order.

    A variation of a picture is the picture's own noise with one more blend, so that the line of
    descent is written down in the request and every picture can be made again.
    """

    seed: int
    blends: tuple[Blend, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Everything that decides the bytes of the pictures, and nothing else.

    `width` and `height` are pixels, `stop` is the share of the steps that is run (0 < stop ≤ 1),
    and there is one picture for each noise.
    """

    model: str
    prompt: str
    noises: tuple[Noise, ...]
    width: int
    height: int
    steps: int
    guidance_scale: float
    negative_prompt: str = ""
    sampler: str = "dpmpp_2m"
    spacing: str = "trailing"
    stop: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The request in the names of the wire; `read_call` and `from_json` read it back."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "size": f"{self.width}x{self.height}",
            "n": len(self.noises),
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance_scale,
            "sampler": self.sampler,
            "spacing": self.spacing,
            "stop": self.stop,
            "noises": [
                {
                    "seed": noise.seed,
                    "blends": [{"seed": b.seed, "strength": b.strength} for b in noise.blends],
                }
                for noise in self.noises
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ImageRequest":
        """Read what `to_json` wrote. Raises InvalidField if it was not written by `to_json`."""
        width, height = _size(stored, None)
        return cls(
            model=_text(stored, "model", None),
            prompt=_text(stored, "prompt", None),
            negative_prompt=_text(stored, "negative_prompt", ""),
            noises=_noises(stored, 1, None),
            width=width,
            height=height,
            steps=_whole(stored, "num_inference_steps", None, 1, MAX_STEPS),
            guidance_scale=_number(stored, "guidance_scale", None, 0, MAX_GUIDANCE),
            sampler=_choice(stored, "sampler", None, SAMPLERS),
            spacing=_choice(stored, "spacing", None, SPACINGS),
            stop=_stop(stored),
        )


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model says of itself in `/v1/models`.

    Sizes are pixels; `multiple` is what width and height must be divisible by. `styles` maps a
    style's name to a template with `{prompt}` in it.
    """

    id: str
    native_size: int
    steps: int
    guidance_scale: float
    multiple: int = 8
    min_size: int = 64
    max_size: int = 2048
    sampler: str = "dpmpp_2m"
    spacing: str = "trailing"
    styles: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "model",
            "created": 0,
            "owned_by": "darkroom",
            "native_size": self.native_size,
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance_scale,
            "multiple": self.multiple,
            "min_size": self.min_size,
            "max_size": self.max_size,
            "sampler": self.sampler,
            "spacing": self.spacing,
            "styles": dict(self.styles),
            "examples": list(self.examples),
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "ModelInfo":
        """Read one entry of `/v1/models`; a foreign server sends only `id`, the rest is guessed."""
        styles = entry.get("styles", {})
        examples = entry.get("examples", [])
        if not isinstance(styles, Mapping) or not isinstance(examples, list):
            raise InvalidField(
                "styles", "The model's styles or examples are not in the known form."
            )
        return cls(
            id=_text(entry, "id", None),
            native_size=_whole(entry, "native_size", 1024, 8, 1 << 14),
            steps=_whole(entry, "num_inference_steps", 30, 1, MAX_STEPS),
            guidance_scale=_number(entry, "guidance_scale", 5.0, 0, MAX_GUIDANCE),
            multiple=_whole(entry, "multiple", 8, 8, 256),
            min_size=_whole(entry, "min_size", 64, 8, 1 << 14),
            max_size=_whole(entry, "max_size", 2048, 8, 1 << 14),
            sampler=_choice(entry, "sampler", "dpmpp_2m", SAMPLERS),
            spacing=_choice(entry, "spacing", "trailing", SPACINGS),
            styles={str(name): str(template) for name, template in styles.items()},
            examples=tuple(str(example) for example in examples),
        )


# What the bot hears while a request is made.


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits; `position` others are before it."""

    position: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` is done; `previews` has an encoded picture per noise, or is empty."""

    step: int
    steps: int
    previews: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """All pictures are there, encoded, one per noise, in the request's order."""

    pictures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The request can never succeed as it is; `reason` is one sentence for a person."""

    reason: str


Event = Queued | Progress | Finished | Failed


# What the server reads.


@dataclass(frozen=True, slots=True)
class GenerationCall:
    """One `POST /v1/images/generations`: the request, and how the caller wants to be answered.

    `partial_images` is the number of previews of each picture. `progress` asks for our own
    events (queued, progress without a picture) in the stream, which other clients do not know.
    """

    request: ImageRequest
    stream: bool = False
    partial_images: int = 0
    output_format: str = "png"
    progress: bool = False
    user: str = ""


def read_call(
    body: object, models: Mapping[str, ModelInfo], default_model: str, new_seed: int
) -> GenerationCall:
    """Check the JSON body of a generation and fill what it leaves open from its model.

    `new_seed` is used where the caller gives none. Raises InvalidField naming the field.
    """
    if not isinstance(body, Mapping):
        _refuse(None, "The body must be a JSON object.")
    name = _text(body, "model", default_model)
    if name not in models:
        _refuse("model", f"There is no model “{name[:80]}”. Known: {', '.join(sorted(models))}.")
    model = models[name]
    prompt = _text(body, "prompt", None)
    if not prompt.strip():
        _refuse("prompt", "The prompt is empty: say what to draw.")
    width, height = _size(body, model)
    n = _whole(body, "n", 1, 1, MAX_PICTURES)
    request = ImageRequest(
        model=name,
        prompt=prompt,
        negative_prompt=_text(body, "negative_prompt", ""),
        noises=_noises(body, n, _whole(body, "seed", new_seed, 0, SEEDS - 1)),
        width=width,
        height=height,
        steps=_whole(body, "num_inference_steps", model.steps, 1, MAX_STEPS),
        guidance_scale=_number(body, "guidance_scale", model.guidance_scale, 0, MAX_GUIDANCE),
        sampler=_choice(body, "sampler", model.sampler, SAMPLERS),
        spacing=_choice(body, "spacing", model.spacing, SPACINGS),
        stop=_stop(body),
    )
    _choice(body, "response_format", "b64_json", ("b64_json",))
    return GenerationCall(
        request=request,
        stream=_flag(body, "stream"),
        partial_images=_whole(body, "partial_images", 0, 0, MAX_STEPS),
        output_format=_choice(body, "output_format", "png", OUTPUT_FORMATS),
        progress=_flag(body, "progress"),
        user=_text(body, "user", ""),
    )


# Reading single fields. A field that is absent or null takes the default; without one it is
# required.


def _refuse(param: str | None, message: str) -> NoReturn:
    raise InvalidField(param, message)


def _present(body: Mapping[str, Any], name: str, default: Any) -> Any:
    value = body.get(name)
    if value is None:
        if default is None:
            _refuse(name, f"“{name}” is missing.")
        return default
    return value


def _text(body: Mapping[str, Any], name: str, default: str | None) -> str:
    value = _present(body, name, default)
    if not isinstance(value, str):
        _refuse(name, f"“{name}” must be text.")
    if len(value) > MAX_PROMPT:
        _refuse(name, f"“{name}” has {len(value)} characters; {MAX_PROMPT} is the most.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        _refuse(name, f"“{name}” has half a character in it (a lone surrogate).")
    return value


def _whole(body: Mapping[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    value = _present(body, name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(name, f"“{name}” must be a whole number from {low} to {high}.")
    return value


def _number(
    body: Mapping[str, Any], name: str, default: float | None, low: float, high: float
) -> float:
    value = _present(body, name, default)
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    # The comparison is done first on purpose: a whole number may be too large for a float.
    if not usable or not low <= value <= high or not math.isfinite(value):
        _refuse(name, f"“{name}” must be a number from {low:g} to {high:g}.")
    return float(value)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = _present(body, name, False)
    if not isinstance(value, bool):
        _refuse(name, f"“{name}” must be true or false.")
    return value


def _choice(
    body: Mapping[str, Any], name: str, default: str | None, choices: tuple[str, ...]
) -> str:
    value = _present(body, name, default)
    if value not in choices:
        _refuse(name, f"“{name}” must be one of {', '.join(choices)}.")
    return str(value)


def _stop(body: Mapping[str, Any]) -> float:
    stop = _number(body, "stop", 1.0, 0, 1)
    if stop == 0:
        _refuse("stop", "“stop” must be above 0: some of the steps have to run.")
    return stop


def _size(body: Mapping[str, Any], model: ModelInfo | None) -> tuple[int, int]:
    default = "auto" if model else None
    size = _text(body, "size", default)
    if model and size == "auto":
        return model.native_size, model.native_size
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size, re.ASCII)
    if match is None:
        _refuse("size", "“size” must look like 512x512.")
    width, height = int(match[1]), int(match[2])
    if model:
        for side in (width, height):
            if not model.min_size <= side <= model.max_size or side % model.multiple:
                _refuse(
                    "size",
                    f"Width and height must be multiples of {model.multiple} from "
                    f"{model.min_size} to {model.max_size} for the model “{model.id}”.",
                )
    return width, height


def _noises(body: Mapping[str, Any], n: int, seed: int | None) -> tuple[Noise, ...]:
    """The noises as given, or `n` of them with seeds counted up from `seed`."""
    given = body.get("noises")
    if given is None and seed is not None:
        return tuple(Noise((seed + index) % SEEDS) for index in range(n))
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_PICTURES:
        _refuse("noises", f"“noises” must be a list of 1 to {MAX_PICTURES} noises.")
    if body.get("n") not in (None, len(given)):
        _refuse("n", "“n” and the number of “noises” must agree.")
    return tuple(_noise(entry) for entry in given)


def _noise(entry: object) -> Noise:
    if not isinstance(entry, Mapping):
        _refuse("noises", "Each of “noises” must be an object with a seed.")
    blends = _present(entry, "blends", [])
    if not isinstance(blends, list) or len(blends) > MAX_BLENDS:
        _refuse("noises", f"“blends” must be a list of at most {MAX_BLENDS}.")
    for blend in blends:
        if not isinstance(blend, Mapping):
            _refuse("noises", "Each of “blends” must be an object with a seed and a strength.")
    return Noise(
        seed=_whole(entry, "seed", None, 0, SEEDS - 1),
        blends=tuple(
            Blend(
                seed=_whole(blend, "seed", None, 0, SEEDS - 1),
                strength=_number(blend, "strength", None, 0, 1),
            )
            for blend in blends
        ),
    )
