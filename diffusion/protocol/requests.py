"""What the bot and the inference process say to each other: requests, events and their JSON.

The shape on the wire is OpenAI's Images API with more fields; the names of those come from
diffusers and from the servers that speak the same dialect. This module knows neither HTTP nor
torch, so both sides can import it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffusion.protocol.fields import (
    MAX_TEXT_CHARS,
    choice,
    flag,
    number,
    objects,
    present,
    refuse,
    sequence,
    text,
    whole,
)
from diffusion.protocol.fields import InvalidField as InvalidField

SAMPLERS = ("ddpm", "ddim", "euler", "euler_ancestral", "dpmpp_2m")
"""Names of the samplers; `diffusion.sampling.samplers` holds the functions."""

SPACINGS = ("trailing", "leading", "linspace", "karras")
"""Names of the ways to choose the noise levels a sampler visits; see
`diffusion.sampling.noise_schedules`.
"""

OUTPUT_FORMATS = ("png", "jpeg", "webp")

MAX_PICTURES = 16
MAX_STEPS = 150
MAX_PROMPT = MAX_TEXT_CHARS
MAX_GUIDANCE = 100.0
MAX_BLENDS = 64
MAX_PARTS = 16
MAX_WEIGHT = 100.0
MAX_LORAS = 8
MAX_LORA_WEIGHT = 4.0
SEEDS = 2**32
"""Seeds are whole numbers from 0 to SEEDS - 1, as Midjourney has them."""


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
class Part:
    """One of several texts that a picture is made of, and how much it counts.

    The prediction is that without words plus the guidance of each part times its weight
    (composable diffusion, Liu et al. 2022); a negative weight leads away from the text.
    """

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Lora:
    """A low-rank addition to the model's weights, by its name, and how strongly it is added."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Start:
    """The picture that drawing starts from, instead of from noise alone.

    `image` is the SHA-256 of the file that goes with the request, in hexadecimal: the request
    names it, and whoever sends the request has it. `strength` is the share of the noise that is
    put upon it (0 < strength ≤ 1): 1 leaves nothing of it. `mask` is the SHA-256 of a picture of
    the same size, white where it is drawn anew and black where it is kept; None draws all anew.
    """

    image: str
    strength: float
    mask: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Everything that decides the bytes of the pictures, and nothing else.

    `width` and `height` are pixels, `stop` is the share of the steps that is run (0 < stop ≤ 1),
    and there is one picture for each noise. Where there are `parts`, they stand in for `prompt`,
    which then only says what was asked for.

    `guidance_rescale` is φ of Lin et al. (2023). `guidance_interval` is the share of the steps,
    from and to, in which there is guidance (Kynkäänniemi et al. 2024). `condition_noise` is how
    much noise is mixed into the texts' states at the start, falling to none towards the end
    (CADS, Sadat et al. 2023): 0 to 1. `tile` makes opposite borders meet.
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
    parts: tuple[Part, ...] = ()
    guidance_rescale: float = 0.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    condition_noise: float = 0.0
    tile: bool = False
    loras: tuple[Lora, ...] = ()
    start: Start | None = None

    def to_json(self) -> dict[str, Any]:
        """The request in the names of the wire; `read_call` and `from_json` read it back."""
        start = self.start
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
            "parts": [{"text": part.text, "weight": part.weight} for part in self.parts],
            "guidance_rescale": self.guidance_rescale,
            "guidance_interval": list(self.guidance_interval),
            "condition_noise": self.condition_noise,
            "tile": self.tile,
            "loras": [{"name": lora.name, "weight": lora.weight} for lora in self.loras],
            "start": start
            and {"image": start.image, "strength": start.strength, "mask": start.mask},
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
            model=text(stored, "model", None),
            prompt=text(stored, "prompt", None),
            negative_prompt=text(stored, "negative_prompt", ""),
            noises=_noises(stored, 1, None),
            width=width,
            height=height,
            steps=whole(stored, "num_inference_steps", None, 1, MAX_STEPS),
            guidance_scale=number(stored, "guidance_scale", None, 0, MAX_GUIDANCE),
            guidance_rescale=number(stored, "guidance_rescale", 0.0, 0, 1),
            sampler=choice(stored, "sampler", None, SAMPLERS),
            spacing=choice(stored, "spacing", None, SPACINGS),
            stop=_stop(stored),
            **_options(stored),
        )


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model says of itself in `/v1/models`.

    Sizes are pixels; `multiple` is what width and height must be divisible by. `styles` maps a
    style's name to a template with `{prompt}` in it. `aesthetic` is the text that stylizing pulls
    towards. `edits`, `tiles` and `describes` say whether it can start from a picture, make
    seamless ones, and put pictures into words; `upscales` is the factor by which it enlarges, 1
    for not at all.
    """

    id: str
    native_size: int
    steps: int
    guidance_scale: float
    guidance_rescale: float = 0.0
    multiple: int = 8
    min_size: int = 64
    max_size: int = 2048
    sampler: str = "dpmpp_2m"
    spacing: str = "trailing"
    styles: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    aesthetic: str = ""
    loras: tuple[str, ...] = ()
    edits: bool = False
    tiles: bool = False
    describes: bool = False
    upscales: int = 1

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "model",
            "created": 0,
            "owned_by": "darkroom",
            "native_size": self.native_size,
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance_scale,
            "guidance_rescale": self.guidance_rescale,
            "multiple": self.multiple,
            "min_size": self.min_size,
            "max_size": self.max_size,
            "sampler": self.sampler,
            "spacing": self.spacing,
            "styles": dict(self.styles),
            "examples": list(self.examples),
            "aesthetic": self.aesthetic,
            "loras": list(self.loras),
            "edits": self.edits,
            "tiles": self.tiles,
            "describes": self.describes,
            "upscales": self.upscales,
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
            id=text(entry, "id", None),
            native_size=whole(entry, "native_size", 1024, 8, 1 << 14),
            steps=whole(entry, "num_inference_steps", 30, 1, MAX_STEPS),
            guidance_scale=number(entry, "guidance_scale", 5.0, 0, MAX_GUIDANCE),
            guidance_rescale=number(entry, "guidance_rescale", 0.0, 0, 1),
            multiple=whole(entry, "multiple", 8, 8, 256),
            min_size=whole(entry, "min_size", 64, 8, 1 << 14),
            max_size=whole(entry, "max_size", 2048, 8, 1 << 14),
            sampler=choice(entry, "sampler", "dpmpp_2m", SAMPLERS),
            spacing=choice(entry, "spacing", "trailing", SPACINGS),
            styles={str(name): str(template) for name, template in styles.items()},
            examples=tuple(str(example) for example in examples),
            aesthetic=text(entry, "aesthetic", ""),
            loras=tuple(str(name) for name in sequence(entry, "loras", 1000)),
            edits=flag(entry, "edits"),
            tiles=flag(entry, "tiles"),
            describes=flag(entry, "describes"),
            upscales=whole(entry, "upscales", 1, 1, 16),
        )


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
        refuse(None, "The body must be a JSON object.")
    name = text(body, "model", default_model)
    if name not in models:
        refuse("model", f"There is no model “{name[:80]}”. Known: {', '.join(sorted(models))}.")
    model = models[name]
    prompt = text(body, "prompt", None)
    if not prompt.strip():
        refuse("prompt", "The prompt is empty: say what to draw.")
    width, height = _size(body, model)
    n = whole(body, "n", 1, 1, MAX_PICTURES)
    request = ImageRequest(
        model=name,
        prompt=prompt,
        negative_prompt=text(body, "negative_prompt", ""),
        noises=_noises(body, n, whole(body, "seed", new_seed, 0, SEEDS - 1)),
        width=width,
        height=height,
        steps=whole(body, "num_inference_steps", model.steps, 1, MAX_STEPS),
        guidance_scale=number(body, "guidance_scale", model.guidance_scale, 0, MAX_GUIDANCE),
        guidance_rescale=number(body, "guidance_rescale", model.guidance_rescale, 0, 1),
        sampler=choice(body, "sampler", model.sampler, SAMPLERS),
        spacing=choice(body, "spacing", model.spacing, SPACINGS),
        stop=_stop(body),
        **_options(body),
    )
    for lora in request.loras:
        if lora.name not in model.loras:
            known = ", ".join(model.loras) or "none"
            refuse("loras", f"There is no LoRA “{lora.name[:80]}”. Known: {known}.")
    choice(body, "response_format", "b64_json", ("b64_json",))
    return GenerationCall(
        request=request,
        stream=flag(body, "stream"),
        partial_images=whole(body, "partial_images", 0, 0, MAX_STEPS),
        output_format=choice(body, "output_format", "png", OUTPUT_FORMATS),
        progress=flag(body, "progress"),
        user=text(body, "user", ""),
    )


# Reading what is more than one field.


def _options(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request that are absent from most."""
    return {
        "parts": _parts(body),
        "guidance_interval": _interval(body),
        "condition_noise": number(body, "condition_noise", 0.0, 0, 1),
        "tile": flag(body, "tile"),
        "loras": tuple(
            Lora(
                text(entry, "name", None),
                number(entry, "weight", 1.0, -MAX_LORA_WEIGHT, MAX_LORA_WEIGHT),
            )
            for entry in objects(body, "loras", MAX_LORAS)
        ),
        "start": _start(body),
    }


def _parts(body: Mapping[str, Any]) -> tuple[Part, ...]:
    parts = tuple(
        Part(text(entry, "text", None), number(entry, "weight", 1.0, -MAX_WEIGHT, MAX_WEIGHT))
        for entry in objects(body, "parts", MAX_PARTS)
    )
    if parts and sum(part.weight for part in parts) <= 0:
        refuse("parts", "The weights of the parts must add up to more than 0.")
    return parts


def _interval(body: Mapping[str, Any]) -> tuple[float, float]:
    ends = sequence(body, "guidance_interval", 2) or [0.0, 1.0]
    if len(ends) != 2:
        refuse("guidance_interval", "“guidance_interval” must be two numbers, from and to.")
    low, high = (
        number({"guidance_interval": end}, "guidance_interval", None, 0, 1) for end in ends
    )
    if low > high:
        refuse("guidance_interval", "“guidance_interval” must begin before it ends.")
    return low, high


def _start(body: Mapping[str, Any]) -> Start | None:
    entry = body.get("start")
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        refuse("start", "“start” must be an object with an image and a strength.")
    strength = number(entry, "strength", None, 0, 1)
    if strength == 0:
        refuse("strength", "“strength” must be above 0: at 0 there is nothing to draw.")
    mask = entry.get("mask")
    return Start(
        _digest(entry, "image"), strength, None if mask is None else _digest(entry, "mask")
    )


def _digest(entry: Mapping[str, Any], name: str) -> str:
    digest = text(entry, name, None)
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        refuse(name, f"“{name}” must be a SHA-256 in hexadecimal.")
    return digest


def _stop(body: Mapping[str, Any]) -> float:
    stop = number(body, "stop", 1.0, 0, 1)
    if stop == 0:
        refuse("stop", "“stop” must be above 0: some of the steps have to run.")
    return stop


def _size(body: Mapping[str, Any], model: ModelInfo | None) -> tuple[int, int]:
    default = "auto" if model else None
    size = text(body, "size", default)
    if model and size == "auto":
        return model.native_size, model.native_size
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size, re.ASCII)
    if match is None:
        refuse("size", "“size” must look like 512x512.")
    width, height = int(match[1]), int(match[2])
    if model:
        for side in (width, height):
            if not model.min_size <= side <= model.max_size or side % model.multiple:
                refuse(
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
        refuse("noises", f"“noises” must be a list of 1 to {MAX_PICTURES} noises.")
    if body.get("n") not in (None, len(given)):
        refuse("n", "“n” and the number of “noises” must agree.")
    return tuple(_noise(entry) for entry in given)


def _noise(entry: object) -> Noise:
    if not isinstance(entry, Mapping):
        refuse("noises", "Each of “noises” must be an object with a seed.")
    blends = present(entry, "blends", [])
    if not isinstance(blends, list) or len(blends) > MAX_BLENDS:
        refuse("noises", f"“blends” must be a list of at most {MAX_BLENDS}.")
    for blend in blends:
        if not isinstance(blend, Mapping):
            refuse("noises", "Each of “blends” must be an object with a seed and a strength.")
    return Noise(
        seed=whole(entry, "seed", None, 0, SEEDS - 1),
        blends=tuple(
            Blend(
                seed=whole(blend, "seed", None, 0, SEEDS - 1),
                strength=number(blend, "strength", None, 0, 1),
            )
            for blend in blends
        ),
    )
