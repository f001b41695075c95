"""What callers ask of a server: the bodies of its routes.

GenerationCall    POST /v1/images/generations and /v1/images/edits
PromptCall        POST /v1/prompts/weights and /v1/prompts/tokens
PictureCall       POST /v1/images/descriptions and /v1/images/upscales, beside the file
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from diffusion.protocol.errors import refuse
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import MAX_PICTURES, MAX_STEPS, SEED_COUNT, ImageRequest, Seed
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

OUTPUT_FORMATS = ("png", "jpeg", "webp")


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


@dataclass(frozen=True, slots=True)
class GenerationCall(_Body):
    """A request, and how the caller wants to be answered.

    `partial_images` is the number of previews of each picture. `progress` asks for our own events
    (queued, progress without a picture) in the stream, which other clients do not know. `user` is
    who asks: the server's queue is fair to users.
    """

    request: ImageRequest
    stream: Annotated[bool, Flag()] = False
    partial_images: Annotated[int, Whole(0, MAX_STEPS)] = 0
    output_format: Annotated[str, Choice(OUTPUT_FORMATS)] = "png"
    progress: Annotated[bool, Flag()] = False
    user: Annotated[str, String()] = ""

    def to_json(self) -> dict[str, Any]:
        """The body of the call.

        The request is whole, since what it leaves out would be the model's choice.
        """
        return {
            **self.request.to_json(),
            # For servers that do not know `noises`.
            "seed": self.request.noises[0].seed,
            "response_format": "b64_json",
            **write(self, leave_out={"request"}, skip_defaults=True),
        }


@dataclass(frozen=True, slots=True)
class _Pictures(_Body):
    """How many pictures, from which seed and in which form, where a body has no noises."""

    n: Annotated[int, Whole(1, MAX_PICTURES)] = 1
    seed: Seed | None = None
    response_format: Annotated[str, Choice(("b64_json",))] = "b64_json"


def read_call(
    body: object, models: Mapping[str, ModelInfo], default_model: str, new_seed: int
) -> GenerationCall:
    """Check the JSON body of a generation, and take from its model what it leaves open.

    `new_seed` is used where the caller gives no seed. Raises InvalidField naming the field.
    """
    asked, pictures = read(PromptCall, body), read(_Pictures, body)
    assert isinstance(body, Mapping), "it was just read"
    name = default_model if asked.model is None else asked.model
    if name not in models:
        refuse("model", f"There is no model “{name[:80]}”. Known: {', '.join(sorted(models))}.")
    if not asked.prompt.strip():
        refuse("prompt", "The prompt is empty: say what to draw.")
    model = models[name]
    said = present(body)
    seed = new_seed if pictures.seed is None else pictures.seed
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
    for lora in request.loras:
        if lora.name not in model.loras:
            known = ", ".join(model.loras) or "none"
            refuse("loras", f"There is no LoRA “{lora.name[:80]}”. Known: {known}.")
    return read(GenerationCall, {**said, "request": request})


def _size(said: Mapping[str, Any], model: ModelInfo) -> object:
    """The size that was asked for, or the model's own."""
    size = said.get("size", "auto")
    return f"{model.native_size}x{model.native_size}" if size == "auto" else size


def _check_size(request: ImageRequest, model: ModelInfo) -> None:
    """Raises InvalidField where the model cannot draw pictures of that size."""
    for side in (request.width, request.height):
        if not model.min_size <= side <= model.max_size or side % model.multiple:
            refuse(
                "size",
                f"Width and height must be multiples of {model.multiple} from "
                f"{model.min_size} to {model.max_size} for the model “{model.id}”.",
            )
