"""How a picture was made, as text in the format of AUTOMATIC1111's web UI (“infotext”).

    a red fox in snow <lora:ink:0.8>
    Negative prompt: blur
    Steps: 20, Sampler: DPM++ 2M, Schedule type: trailing, CFG scale: 7, Seed: 7, Size: 512x512, …

All of the request that is not at its default is in it, and no names of members. Pure: the labels
are listed in docs/api.md. PNGs have it as the text `parameters`, JPEG and WebP files as EXIF's
UserComment.
"""

import json
import re

from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise

PNG_KEY = "parameters"
"""The PNG text that has the infotext."""

SAMPLER_LABELS = {
    "ddpm": "DDPM",
    "ddim": "DDIM",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
    "lcm": "LCM",
}
"""AUTOMATIC1111's names of the samplers."""

MAX_COMMENT_BYTES = 60_000
"""Bytes of an infotext in EXIF, which has room for 64 KB."""

_SETTING = re.compile(r'\s*([^:,"]+):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
"""A label and its value, as AUTOMATIC1111 reads them."""


def infotext(request: ImageRequest, index: int, model: ModelInfo) -> str:
    """How picture `index` of a request was made."""
    lines = [_prompt(request)]
    if request.negative_prompt:
        lines.append(f"Negative prompt: {request.negative_prompt}")
    lines.append(_line(_settings(request, request.noises[index], model)))
    return "\n".join(lines)


def with_size(text: str, width: int, height: int) -> str:
    """The infotext of a picture that was enlarged to this size, in pixels.

    `Size` becomes the true one. `Postprocess upscale by` says how much larger that is than the
    picture was when it was generated.
    """
    *lines, last = text.split("\n")
    settings = dict(_SETTING.findall(last))
    size = re.fullmatch(r"(\d+)x(\d+)", settings.get("Size", ""))
    if size is None or int(size[1]) in (0, width):
        return text
    before = _number_in(settings.pop(_UPSCALED, "1"))
    settings["Size"] = f"{width}x{height}"
    settings[_UPSCALED] = _number(round(before * width / int(size[1]), 4))
    return "\n".join([*lines, ", ".join(f"{label}: {value}" for label, value in settings.items())])


_UPSCALED = "Postprocess upscale by"


def to_user_comment(text: str) -> bytes:
    """The infotext as EXIF's UserComment. One that is too long loses the end of its prompts."""
    encoded = text.encode("utf-16-be")
    if len(encoded) > MAX_COMMENT_BYTES:
        prompts, _, last = text.rpartition("\n")
        end = f"…\n{last}".encode("utf-16-be")[:MAX_COMMENT_BYTES]
        beginning = prompts.encode("utf-16-be")[: MAX_COMMENT_BYTES - len(end)]
        # Half a character may be left at the cut.
        encoded = beginning.decode("utf-16-be", "ignore").encode("utf-16-be") + end
    return b"UNICODE\0" + encoded


def _prompt(request: ImageRequest) -> str:
    """What the picture is made of: AUTOMATIC1111 has `AND` between weighted parts, and LoRAs."""
    text = request.prompt
    if request.parts:
        text = " AND ".join(f"{part.text} :{_number(part.weight)}" for part in request.parts)
    loras = (f"<lora:{lora.name}:{_number(lora.weight)}>" for lora in request.loras)
    return " ".join(filter(None, [text, *loras]))


def _settings(request: ImageRequest, noise: Noise, model: ModelInfo) -> dict[str, object]:
    """The labels and their values, in order; what is None is left out."""
    start, hashes = request.start, model.lora_hashes
    loras = [f"{lora.name}: {hashes[lora.name]}" for lora in request.loras if lora.name in hashes]
    return {
        "Steps": request.steps,
        "Sampler": SAMPLER_LABELS[request.sampler],
        "Schedule type": request.spacing,
        "CFG scale": request.guidance_scale,
        "Seed": noise.seed,
        "Size": f"{request.width}x{request.height}",
        "Model hash": (model.model_hash if model.id == request.model else "") or None,
        "Model": _quoted(request.model),
        "Variations": " ".join(f"{b.seed}:{_number(b.strength)}" for b in noise.blends) or None,
        "Stop": request.stop if request.stop < 1 else None,
        "Denoising strength": start.strength if start else None,
        "Init image hash": start.image if start else None,
        "Mask hash": start.mask if start else None,
        "CFG Rescale φ": request.guidance_rescale or None,
        "Guidance interval": _interval(request),
        "CADS Noise Scale": request.condition_noise or None,
        "Tiling": True if request.tile else None,
        "Lora hashes": f'"{", ".join(loras)}"' if loras else None,
        "Original prompt": _quoted(request.prompt) if request.parts else None,
    }


def _interval(request: ImageRequest) -> str | None:
    begin, end = request.guidance_interval
    return f"{_number(begin)}-{_number(end)}" if (begin, end) != (0, 1) else None


def _line(settings: dict[str, object]) -> str:
    return ", ".join(
        f"{label}: {_number(value) if type(value) is float else value}"
        for label, value in settings.items()
        if value is not None
    )


def _number(value: float) -> str:
    """The shortest text that reads as the same number."""
    return repr(float(value)).removesuffix(".0")


def _number_in(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _quoted(text: str) -> str:
    """A text as AUTOMATIC1111 quotes it, if it needs that.

    Commas and colons are written as escapes, because many readers split the line at them.
    """
    if text and not re.search(r'[,:\n"]', text):
        return text
    return json.dumps(text, ensure_ascii=False).replace(",", r"\u002c").replace(":", r"\u003a")
