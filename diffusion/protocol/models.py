"""A model's description in `/v1/models`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, Field, PlainValidator

from diffusion.protocol.errors import refuse
from diffusion.protocol.requests import (
    MAX_GUIDANCE,
    MAX_STEPS,
    SAMPLER_NAMES,
    SIZE,
    SPACING_NAMES,
    Share,
)
from diffusion.protocol.validation import (
    Choice,
    Flag,
    JsonObject,
    ListOf,
    Must,
    Number,
    String,
    Whole,
    read,
    write,
)

MAX_MODELS = 1000
"""The most models that one engine may list."""

MAX_MODEL_ID_CHARS = 200

MAX_MODEL_LORAS = 1000
MAX_SIZES = 64

GUIDANCE_KINDS = ("cfg", "distilled", "none")
"""How a model is led to its prompt."""

MAX_SKIPPED_LORAS = 100
"""The most LoRA files that a model lists as skipped."""

MAX_NATIVE_SIDE_PX = 1 << 14

MAX_VOCABULARY_PHRASES = 10_000
"""The most phrases of one kind in a model's vocabulary."""

MAX_PHRASE_CHARS = 100

LATER_FIELDS = (
    "model_hash",
    "lora_hashes",
    "skipped_loras",
    "outpaints",
    "title",
    "guidance",
    "negative_prompts",
    "fixed_steps",
    "sizes",
    "masks",
    "seeds",
    "seed_blends",
    "samplers",
    "stops",
    "weirdness",
    "strengths",
    "maker",
    "licence",
    "vocabulary",
)
"""Fields that not every version of our server has sent."""


def _styles(said: object) -> Mapping[str, str]:
    if not isinstance(said, Mapping):
        _unknown_form()
    return {str(name): str(template) for name, template in said.items()}


def _texts_by_name(said: object) -> Mapping[str, str]:
    """Texts by name; an unknown form is ignored, because nothing depends on these texts."""
    if not isinstance(said, Mapping):
        return {}
    return {str(name): str(text) for name, text in said.items()}


def _examples(said: object) -> tuple[str, ...]:
    if not isinstance(said, list):
        _unknown_form()
    return tuple(str(example) for example in said)


def _unknown_form() -> NoReturn:
    refuse("styles", "The model's styles or examples are not in the known form.")


TextsByName = Annotated[Mapping[str, str], PlainValidator(_texts_by_name)]
Size = Annotated[str, String(), Must(SIZE.fullmatch, "“{field}” must have sizes such as 512x512.")]
Side = Annotated[int, Whole(8, MAX_NATIVE_SIDE_PX)]


Phrases = Annotated[
    tuple[Annotated[str, String(MAX_PHRASE_CHARS)], ...], ListOf(MAX_VOCABULARY_PHRASES)
]


@dataclass(frozen=True, slots=True)
class Vocabulary(JsonObject):
    """The words that a small model was taught, all in lower case. Without things, it knows any.

    `things` are what it draws. `modifiers` say how a thing looks, how many there are, where they
    are and on which ground. `joints` stand between two things. Regular plurals are left out.
    """

    things: Phrases = ()
    modifiers: Phrases = ()
    joints: Phrases = ()
    articles: Phrases = ()


@dataclass(frozen=True, slots=True)
class ModelInfo(JsonObject):
    """One model of a server.

    Sizes are in pixels; width and height must be divisible by `multiple`. `styles` maps a style's
    name to a template with `{prompt}` in it. `aesthetic` is the text that stylizing leads towards.
    `loras` are the names of those it has; `skipped_loras` says of each LoRA file that could not be
    used why. `model_hash` and `lora_hashes` are the short hashes that pictures name their files by.
    `edits`, `tiles` and `describes` say whether it can start from a picture, make seamless ones,
    and describe pictures in words. `outpaints` says whether one that edits can also continue a
    picture beyond its edges, `masks` whether it can redraw only a part of one. `upscales` is the
    factor by which it enlarges, 1 for not at all. `vocabulary` has the words that it was taught, if
    these are few.

    `title` is the name that people know it by. `guidance` is how it is led: `cfg` by a scale,
    `distilled` by a scale without a second pass, `none` not at all. `negative_prompts` says whether
    it takes them, `fixed_steps` whether the number of steps is its own, `seeds` whether the same
    seed gives the same picture, `seed_blends` whether a share of new noise gives one like it.
    `samplers` says whether it can be told its sampler, `stops` whether it can stop before its last
    step, `weirdness` whether noise can be put on what it reads, `strengths` whether it can be told
    how much of a picture that it starts from is kept. `maker` and `licence` are who made it and on
    which terms, empty where nobody said. `sizes` are the only sizes it draws, such as `1024x1536`;
    empty where any size within the bounds will do.
    """

    id: Annotated[str, String()]
    # The defaults are for other servers than ours, which send only the id.
    native_size: Side = 1024
    steps: Annotated[int, Whole(1, MAX_STEPS), Field(alias="num_inference_steps")] = 30
    guidance_scale: Annotated[float, Number(0, MAX_GUIDANCE)] = 5.0
    guidance_rescale: Share = 0.0
    multiple: Annotated[int, Whole(8, 256)] = 8
    min_size: Side = 64
    max_size: Side = 2048
    sampler: Annotated[str, Choice(SAMPLER_NAMES)] = "dpmpp_2m"
    spacing: Annotated[str, Choice(SPACING_NAMES)] = "trailing"
    styles: Annotated[Mapping[str, str], PlainValidator(_styles)] = field(default_factory=dict)
    examples: Annotated[tuple[str, ...], PlainValidator(_examples)] = ()
    aesthetic: Annotated[str, String()] = ""
    loras: Annotated[tuple[Annotated[str, BeforeValidator(str)], ...], ListOf(MAX_MODEL_LORAS)] = ()
    model_hash: Annotated[str, String()] = ""
    lora_hashes: TextsByName = field(default_factory=dict)
    skipped_loras: TextsByName = field(default_factory=dict)
    edits: Annotated[bool, Flag()] = False
    outpaints: Annotated[bool, Flag()] = True
    masks: Annotated[bool, Flag()] = True
    tiles: Annotated[bool, Flag()] = False
    describes: Annotated[bool, Flag()] = False
    upscales: Annotated[int, Whole(1, 16)] = 1
    title: Annotated[str, String()] = ""
    guidance: Annotated[str, Choice(GUIDANCE_KINDS)] = "cfg"
    negative_prompts: Annotated[bool, Flag()] = True
    fixed_steps: Annotated[bool, Flag()] = False
    seeds: Annotated[bool, Flag()] = True
    seed_blends: Annotated[bool, Flag()] = True
    samplers: Annotated[bool, Flag()] = True
    stops: Annotated[bool, Flag()] = True
    weirdness: Annotated[bool, Flag()] = True
    strengths: Annotated[bool, Flag()] = True
    maker: Annotated[str, String()] = ""
    licence: Annotated[str, String()] = ""
    sizes: Annotated[tuple[Size, ...], ListOf(MAX_SIZES)] = ()
    vocabulary: Vocabulary = Vocabulary()

    def to_json(self) -> dict[str, Any]:
        """The entry of `/v1/models`. Later fields are left out where they are at their default."""
        usual = {name for name in LATER_FIELDS if getattr(self, name) == getattr(_PLAIN, name)}
        return {
            "id": self.id,
            "object": "model",
            "created": 0,
            "owned_by": "darkroom",
            **write(self, leave_out={"id", *usual}),
        }

    def draws(self, width: int, height: int) -> bool:
        """Whether it draws pictures of this size, in pixels."""
        return all(
            self.min_size <= side <= self.max_size and side % self.multiple == 0
            for side in (width, height)
        )

    def size_like(self, width: int, height: int) -> tuple[int, int]:
        """This size if it draws it, else its native size in the shape of this one."""
        if self.draws(width, height):
            return width, height
        scale = self.native_size / math.sqrt(width * height)

        def fitting(side: int) -> int:
            nearest = round(side * scale / self.multiple) * self.multiple
            return min(max(nearest, self.min_size), self.max_size)

        return fitting(width), fitting(height)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "ModelInfo":
        """Read an entry of `/v1/models`; all but `id` may be missing. Raises InvalidField."""
        return read(cls, entry)


_PLAIN = ModelInfo("")
"""A model of which nothing else is known."""
