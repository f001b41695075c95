"""The bodies of calls in OpenAI's dialect. Pure.

There is one picture in each call: many servers take one seed, some ignore `n`, and OpenAI streams
only one picture. What is at its default is not sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import aiohttp

from bot.engines.noise_seed import noise_seed
from bot.engines.openai.known_models import KnownModel
from bot.models.sizes import nearest
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest

MAX_PARTIAL_IMAGES = 3

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the fields that every server needs, and those that may be left out.

    `image` and `mask` are PNG files. With an image it goes to `/v1/images/edits`.
    """

    needed: Fields
    optional: Fields
    image: bytes | None = None
    mask: bytes | None = None

    @property
    def path(self) -> str:
        return "/v1/images/generations" if self.image is None else "/v1/images/edits"

    def body(self) -> Fields | aiohttp.FormData:
        fields = {**self.needed, **self.optional}
        if self.image is None:
            return fields
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, str(value).lower() if value is True else str(value))
        for name, file in (("image", self.image), ("mask", self.mask)):
            if file is not None:
                form.add_field(name, file, filename=f"{name}.png", content_type="image/png")
        return form


def call_for(
    request: ImageRequest,
    index: int,
    model: KnownModel,
    previews: int,
    image: bytes | None = None,
    mask: bytes | None = None,
) -> Call:
    """The call for picture `index` of a request, with what the model is known to take."""
    info = model.info
    size = (request.width, request.height)
    if info.sizes:
        size = nearest(info.sizes, *size)
    prompt, negative = _texts(request)
    optional: Fields = {
        "size": f"{size[0]}x{size[1]}",
        "response_format": "b64_json",
        "seed": noise_seed(request.noises[index]),
    }
    if negative and info.negative_prompts:
        optional["negative_prompt"] = negative
    if request.steps != info.steps:
        optional["num_inference_steps"] = request.steps
    if request.guidance_scale != info.guidance_scale:
        optional["guidance_scale"] = request.guidance_scale
    if previews:
        optional["stream"] = True
        optional["partial_images"] = min(previews, MAX_PARTIAL_IMAGES)
    kept = {name: value for name, value in optional.items() if name in model.parameters}
    if info.guidance == "none":
        kept.pop("guidance_scale", None)
    if info.fixed_steps:
        kept.pop("num_inference_steps", None)
    if "guidance_scale" in kept and model.guidance_name != "guidance_scale":
        kept[model.guidance_name] = kept.pop("guidance_scale")
    return Call({"model": request.model, "prompt": prompt}, kept, image, mask)


def without(info: ModelInfo, dropped: frozenset[str]) -> ModelInfo:
    """A model whose server does not know some parameters."""
    return replace(
        info,
        seeds=info.seeds and "seed" not in dropped,
        negative_prompts=info.negative_prompts and "negative_prompt" not in dropped,
        fixed_steps=info.fixed_steps or "num_inference_steps" in dropped,
        guidance="none" if {"guidance_scale", "true_cfg_scale"} & dropped else info.guidance,
    )


def _texts(request: ImageRequest) -> tuple[str, str]:
    """Prompt and negative prompt. These servers know no weights, so parts become one text each."""
    if not request.parts:
        return request.prompt, request.negative_prompt
    wanted = [part.text for part in request.parts if part.weight > 0]
    unwanted = [part.text for part in request.parts if part.weight < 0]
    return ", ".join(wanted), ", ".join(filter(None, [request.negative_prompt, *unwanted]))


def files_of(
    request: ImageRequest, files: Mapping[str, bytes]
) -> tuple[bytes | None, bytes | None]:
    """The picture that a request starts from, and its mask."""
    start = request.start
    if start is None:
        return None, None
    return files[start.image], files[start.mask] if start.mask else None
