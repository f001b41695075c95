"""What callers ask of a server: the bodies of its routes.

GenerationCall    POST /v1/images/generations and /v1/images/edits
PromptCall        POST /v1/prompts/weights and /v1/prompts/tokens
PictureCall       POST /v1/images/descriptions and /v1/images/upscales, beside the file
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, TypeVar

from diffusion.protocol.errors import refuse
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.openai_fields import (
    OUTPUT_FORMATS,
    QUALITIES,
    OpenAIFields,
    Warned,
    answer_form,
    check,
    check_strict,
    drawn_instead,
    is_alias,
    unknown,
)
from diffusion.protocol.requests import MAX_PICTURES, MAX_STEPS, SEED_COUNT, ImageRequest, Seed
from diffusion.protocol.unknown_fields import shape_of, unknown_fields
from diffusion.protocol.validation import (
    Choice,
    Flag,
    JsonObject,
    String,
    Whole,
    present,
    read,
    write,
)

RANDOM_SEED = -1
"""What some clients send for a seed that the server chooses."""


class _Body(JsonObject):
    """The JSON object that is all of a body."""

    __slots__ = ()

    NOT_AN_OBJECT: ClassVar[str] = "The body must be a JSON object."

    def to_json(self) -> dict[str, Any]:
        """The fields that are not at their defaults."""
        return write(self, skip_defaults=True)


@dataclass(frozen=True, slots=True)
class PromptCall(_Body):
    """A question about a prompt. `model` is None for the server's own; `user` is who asks."""

    prompt: Annotated[str, String()]
    model: Annotated[str, String()] | None = None
    user: Annotated[str, String()] = ""


@dataclass(frozen=True, slots=True)
class PictureCall(_Body):
    """A question about a picture. `model` is None for the server's own; `user` is who asks."""

    model: Annotated[str, String()] | None = None
    user: Annotated[str, String()] = ""


Question = TypeVar("Question", PromptCall, PictureCall)


@dataclass(frozen=True, slots=True)
class GenerationCall(_Body):
    """A request, and how the caller wants to be answered.

    `partial_images` is the number of previews of each picture. `progress` asks for our own events
    (queued, progress without a picture) in the stream, which other clients do not know. `user` is
    who asks: the server's queue is fair to users.

    `output_compression` is the quality of JPEG and WebP files, 0 to 100; None is the server's own.
    `links` is whether pictures are answered by links. `quality` is the name of the quality that is
    drawn. `warnings` say what was asked for and is not done. The server makes these three itself.
    """

    request: ImageRequest
    stream: Annotated[bool, Flag()] = False
    partial_images: Annotated[int, Whole(0, MAX_STEPS)] = 0
    output_format: Annotated[str, Choice(OUTPUT_FORMATS)] = "png"
    progress: Annotated[bool, Flag()] = False
    user: Annotated[str, String()] = ""
    output_compression: Annotated[int, Whole(0, 100)] | None = None
    links: bool = False
    quality: str = "medium"
    warnings: tuple[Warned, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The body of the call.

        The request is whole, since what it leaves out would be the model's choice.
        """
        return {
            **self.request.to_json(),
            # For servers that do not know `noises`.
            "seed": self.request.noises[0].seed,
            "response_format": "b64_json",
            **write(self, leave_out={"request", *_MADE_HERE}, skip_defaults=True),
        }


_MADE_HERE = frozenset({"links", "quality", "warnings"})
"""The fields of GenerationCall that no caller sends as they are."""


@dataclass(frozen=True, slots=True)
class _Pictures(_Body):
    """How many pictures, and from which seed, where a body has no noises."""

    n: Annotated[int, Whole(1, MAX_PICTURES)] = 1
    seed: Seed | None = None


_CALL_SHAPE = {
    name: kind
    for body in (PromptCall, _Pictures, ImageRequest, GenerationCall, OpenAIFields)
    for name, kind in shape_of(body).items()
    if name not in ("request", "links", "warnings")
}
"""The fields of the body of a generation."""


def read_call(
    body: object,
    models: Mapping[str, ModelInfo],
    default_model: str,
    new_seed: int,
    aliases: Collection[str] = (),
) -> GenerationCall:
    """Check the JSON body of a generation, and take from its model what it leaves open.

    `new_seed` is used where the caller gives no seed. `aliases` are other names of the default
    model; `*` in them stands for any characters. Raises InvalidField naming the field.
    """
    said = _said(body)
    asked, pictures = read(PromptCall, said), read(_Pictures, said)
    theirs = read(OpenAIFields, said)
    check(theirs)
    name, alias = _model(asked.model, models, default_model, aliases)
    if not asked.prompt.strip():
        refuse("prompt", "The prompt is empty: say what to draw.")
    model = models[name]
    seed = new_seed if pictures.seed is None else pictures.seed
    instead, warned = drawn_instead(said, theirs, model, alias)
    warned += unknown(unknown_fields(_CALL_SHAPE, said))
    said |= instead
    request = read(
        ImageRequest,
        {
            "noises": [{"seed": (seed + index) % SEED_COUNT} for index in range(pictures.n)],
            "num_inference_steps": model.steps,
            "guidance_scale": model.guidance_scale,
            "guidance_rescale": model.guidance_rescale,
            "sampler": model.sampler,
            "spacing": model.spacing,
            **said,
            "model": name,
            "size": _size(said, model),
        },
    )
    if said.get("size", "auto") != "auto":
        _check_size(request, model)
    _check_loras(request, model)
    call = read(GenerationCall, {**_without(said, _MADE_HERE), "request": request})
    return replace(
        call,
        user=theirs.safety_identifier or call.user,
        links=answer_form(theirs, alias) == "url",
        quality=QUALITIES[theirs.quality][0],
        warnings=check_strict(theirs, warned),
    )


def read_question(kind: type[Question], said: object) -> tuple[Question, tuple[Warned, ...]]:
    """A question about a prompt or a picture, and what of it is not done. Raises InvalidField."""
    question = read(kind, said)
    assert isinstance(said, Mapping), "it was just read"
    asked = read(OpenAIFields, {"strict": said.get("strict")})
    shape = {**shape_of(kind), "strict": None}
    return question, check_strict(asked, unknown(unknown_fields(shape, present(said))))


def _said(body: object) -> dict[str, Any]:
    """What the body says: without nulls, and without a seed that stands for any."""
    if not isinstance(body, Mapping):
        refuse(None, _Body.NOT_AN_OBJECT)
    said = present(body)
    if type(said.get("seed")) is int and said["seed"] == RANDOM_SEED:
        del said["seed"]
    if isinstance(said.get("loras"), list | str):
        said["loras"] = written_out(said["loras"])
    return said


def written_out(loras: list[Any] | str) -> list[Any]:
    """A request's LoRAs, each as an object, where it is typed as members of the bot do."""
    if isinstance(loras, str):
        loras = [lora.strip() for lora in loras.split(",")]
    return [_lora(lora) if isinstance(lora, str) else lora for lora in loras]


def _lora(typed: str) -> dict[str, Any]:
    """A LoRA as members of the bot type it: `ink:0.8`, or `ink` for a weight of 1."""
    name, colon, weight = typed.rpartition(":")
    try:
        return {"name": name, "weight": float(weight)} if colon else {"name": typed}
    except ValueError:
        return {"name": typed}


def _model(
    name: str | None, models: Mapping[str, ModelInfo], default_model: str, aliases: Collection[str]
) -> tuple[str, str | None]:
    """The id of the model that a name means, and the name itself if it is an alias."""
    if not name or name in models:
        return name or default_model, None
    if not is_alias(name, aliases):
        refuse("model", f"There is no model “{name[:80]}”. Known: {', '.join(sorted(models))}.")
    return default_model, name


def _check_loras(request: ImageRequest, model: ModelInfo) -> None:
    """Raises InvalidField where the model lacks a LoRA."""
    for lora in request.loras:
        if lora.name not in model.loras:
            known = ", ".join(model.loras) or "none"
            refuse("loras", f"There is no LoRA “{lora.name[:80]}”. Known: {known}.")


def _without(said: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


def _size(said: Mapping[str, Any], model: ModelInfo) -> object:
    """The size that was asked for, or the model's own."""
    size = said.get("size", "auto")
    return f"{model.native_size}x{model.native_size}" if size == "auto" else size


def _check_size(request: ImageRequest, model: ModelInfo) -> None:
    """Raises InvalidField where the model cannot draw pictures of that size."""
    if not model.draws(request.width, request.height):
        refuse(
            "size",
            f"Width and height must be multiples of {model.multiple} from "
            f"{model.min_size} to {model.max_size} for the model “{model.id}”.",
        )
