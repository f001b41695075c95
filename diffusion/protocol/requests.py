"""Requests for pictures: what bot and inference process send each other, and what is stored.

The JSON is that of OpenAI's Images API with more fields; the names of those come from diffusers
and from the servers that speak the same dialect. Knows neither HTTP nor torch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from diffusion.protocol.errors import refuse
from diffusion.protocol.validation import (
    MAX_TEXT_CHARS,
    Choice,
    Flag,
    JsonObject,
    ListOf,
    Must,
    Number,
    String,
    Whole,
    present,
    read,
    write,
)

SAMPLER_NAMES = ("ddpm", "ddim", "euler", "euler_ancestral", "dpmpp_2m", "lcm")
"""Names of the samplers; `diffusion.sampling.samplers` holds the functions."""

SPACING_NAMES = ("trailing", "leading", "linspace", "karras", "exponential")
"""Names of the ways to choose the noise levels a sampler visits; see
`diffusion.sampling.noise_schedules`.
"""

MAX_PICTURES = 16
MAX_STEPS = 150
MAX_PROMPT_CHARS = MAX_TEXT_CHARS
MAX_GUIDANCE = 100.0
MAX_BLENDS = 64
MAX_PARTS = 16
MAX_WEIGHT = 100.0
MAX_LORAS = 8
MAX_LORA_WEIGHT = 4.0
SEED_COUNT = 2**32
"""Seeds are whole numbers from 0 to SEEDS - 1, as Midjourney has them."""

SIZE = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
SHA_256 = re.compile(r"[0-9a-f]{64}")

Seed = Annotated[int, Whole(0, SEED_COUNT - 1)]
Share = Annotated[float, Number(0, 1)]
Digest = Annotated[
    str, String(), Must(SHA_256.fullmatch, "“{field}” must be a SHA-256 in hexadecimal.")
]


def _side(index: int) -> AfterValidator:
    """One side of a size such as 512x384: 0 is the width, 1 the height."""

    def side(size: str) -> int:
        match = SIZE.fullmatch(size)
        if match is None:
            refuse("size", "“size” must look like 512x512.")
        return int(match[index + 1])

    return AfterValidator(side)


@dataclass(frozen=True, slots=True)
class SeedBlend(JsonObject):
    """A second noise mixed into the first, keeping unit variance: x·√(1-strength²) + n·strength."""

    NOT_AN_OBJECT: ClassVar[str] = "Each of “{field}” must be an object with a seed and a strength."

    seed: Seed
    strength: Share


@dataclass(frozen=True, slots=True)
class Noise(JsonObject):
    """The noise that one picture starts from: a seed, and blends applied in order.

    A variation of a picture has the picture's own noise with one more blend. So a request tells
    all that its pictures come from, and each can be made again.
    """

    NOT_AN_OBJECT: ClassVar[str] = "Each of “{field}” must be an object with a seed."

    seed: Seed
    blends: Annotated[tuple[SeedBlend, ...], ListOf(MAX_BLENDS)] = ()


@dataclass(frozen=True, slots=True)
class WeightedPrompt(JsonObject):
    """One of several texts that a picture is made of, and how much it counts.

    The prediction is the one without words, plus the guidance of each part times its weight
    (composable diffusion, Liu et al. 2022). A negative weight leads away from the text.
    """

    text: Annotated[str, String()]
    weight: Annotated[float, Number(-MAX_WEIGHT, MAX_WEIGHT)] = 1.0


@dataclass(frozen=True, slots=True)
class Lora(JsonObject):
    """A low-rank addition to the model's weights, by its name, and how strongly it is added."""

    name: Annotated[str, String()]
    weight: Annotated[float, Number(-MAX_LORA_WEIGHT, MAX_LORA_WEIGHT)] = 1.0


@dataclass(frozen=True, slots=True)
class InitImage(JsonObject):
    """The picture that drawing starts from, instead of from noise alone.

    `image` is the SHA-256, in hexadecimal, of the file that goes with the request. `strength` is
    how much noise is put upon it (0 < strength ≤ 1): 1 leaves nothing of it. `mask` is the SHA-256
    of a picture of the same size, white where it is drawn anew and black where it is kept. Without
    a mask all of it is drawn anew.
    """

    NOT_AN_OBJECT: ClassVar[str] = "“{field}” must be an object with an image and a strength."

    image: Digest
    strength: Annotated[
        Share, Must(bool, "“{field}” must be above 0: at 0 there is nothing to draw.")
    ]
    mask: Digest | None = None


@dataclass(frozen=True, slots=True)
class ImageRequest(JsonObject):
    """Everything that decides the bytes of the pictures, and nothing else.

    `width` and `height` are pixels. There is one picture for each of `noises`. `stop` is the share
    of the steps that is run (0 < stop ≤ 1). Where there are `parts`, pictures are made of them,
    and `prompt` only tells what was asked for.

    `guidance_rescale` is φ of Lin et al. (2023). `guidance_interval` is the share of the steps,
    from and to, in which there is guidance (Kynkäänniemi et al. 2024). `condition_noise` is how
    much noise is mixed into the encoded texts at the first step, falling to none towards the last
    (CADS, Sadat et al. 2023): 0 to 1. `tile` makes opposite borders meet.
    """

    model: Annotated[str, String()]
    prompt: Annotated[str, String()]
    noises: Annotated[
        tuple[Noise, ...],
        ListOf(
            MAX_PICTURES,
            low=1,
            wording=f"“{{field}}” must be a list of 1 to {MAX_PICTURES} noises.",
        ),
    ]
    width: Annotated[int, String(), _side(0), Field(validation_alias="size")]
    height: Annotated[int, String(), _side(1), Field(validation_alias="size")]
    steps: Annotated[int, Whole(1, MAX_STEPS), Field(alias="num_inference_steps")]
    guidance_scale: Annotated[float, Number(0, MAX_GUIDANCE)]
    negative_prompt: Annotated[str, String()] = ""
    sampler: Annotated[str, Choice(SAMPLER_NAMES)] = "dpmpp_2m"
    spacing: Annotated[str, Choice(SPACING_NAMES)] = "trailing"
    stop: Annotated[
        Share, Must(bool, "“{field}” must be above 0: some of the steps have to run.")
    ] = 1.0
    parts: Annotated[
        tuple[WeightedPrompt, ...],
        ListOf(MAX_PARTS),
        Must(
            lambda parts: not parts or sum(part.weight for part in parts) > 0,
            "The weights of the parts must add up to more than 0.",
        ),
    ] = ()
    guidance_rescale: Share = 0.0
    guidance_interval: Annotated[
        tuple[Share, Share],
        ListOf(2, 2, "“{field}” must be two numbers, from and to."),
        BeforeValidator(lambda ends: [0.0, 1.0] if ends == [] else ends),
        Must(lambda ends: ends[0] <= ends[1], "“{field}” must begin before it ends."),
    ] = (0.0, 1.0)
    condition_noise: Share = 0.0
    tile: Annotated[bool, Flag()] = False
    loras: Annotated[tuple[Lora, ...], ListOf(MAX_LORAS)] = ()
    start: InitImage | None = None

    @classmethod
    def fields_in(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        fields = present(said)
        noises = fields.get("noises")
        if isinstance(noises, list) and fields.get("n", len(noises)) != len(noises):
            refuse("n", "“n” and the number of “noises” must agree.")
        return fields

    def to_json(self) -> dict[str, Any]:
        """The request as JSON, with all fields; `read_call` and `from_json` read it back."""
        fields = write(self, leave_out={"width", "height"})
        noises = fields.pop("noises")
        return {
            "model": fields.pop("model"),
            "prompt": fields.pop("prompt"),
            "negative_prompt": fields.pop("negative_prompt"),
            "size": f"{self.width}x{self.height}",
            "n": len(self.noises),
            **fields,
            "noises": noises,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ImageRequest":
        """Read what `to_json` wrote. Raises InvalidField if it was not written by `to_json`."""
        return read(cls, stored)
