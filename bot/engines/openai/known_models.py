"""What is known of models by their names: whether they draw, and what they can do. Pure.

A server's list of models says hardly more than their names, and has chat models, voices and text
encoders among them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffusion.protocol.models import ModelInfo

RATIOS = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1), (21, 9), (3, 1))
"""The shapes that are offered of models that take any size: 3:1 is the longest they take."""

GPT_IMAGE_SIZES = ("1024x1024", "1536x1024", "1024x1536")

STREAM = frozenset({"stream", "partial_images"})
DIFFUSION = frozenset(
    {
        "size",
        "response_format",
        "seed",
        "negative_prompt",
        "num_inference_steps",
        "guidance_scale",
    }
)
"""The optional parameters that servers of diffusion models have beyond OpenAI's."""

UNHEARD = dict.fromkeys(("seed_blends", "samplers", "stops", "weirdness", "strengths"), False)
"""What the dialect has no word for."""

NO_STREAMS = ("vllm", "sglang")
"""Owners of models whose servers answer in one piece."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model, and the optional parameters that its server is expected to know."""

    info: ModelInfo
    parameters: frozenset[str] = DIFFUSION | STREAM
    guidance_name: str = "guidance_scale"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Models whose names match, and what they have in common."""

    name: re.Pattern[str]
    fields: Mapping[str, Any] = field(default_factory=dict)
    parameters: frozenset[str] = DIFFUSION | STREAM
    guidance_name: str = "guidance_scale"


def _kind(name: str, **fields: Any) -> _Kind:
    return _Kind(re.compile(name), fields)


def _openai(name: str, sizes: tuple[str, ...], parameters: set[str], **fields: Any) -> _Kind:
    """OpenAI's own models: they have no seed, no negative prompt, no steps and no guidance."""
    own = {"seeds": False, "negative_prompts": False, "fixed_steps": True, "guidance": "none"}
    pattern = re.compile(name)
    return _Kind(pattern, {"sizes": sizes, **own, **fields}, frozenset({"size", *parameters}))


def _any_size() -> tuple[str, ...]:
    """Sizes of one megapixel and of four, both sides divisible by 16, within OpenAI's limits."""
    sizes = []
    for pixels, most in ((1024, 3840), (2048, 3840)):
        for across, down in RATIOS:
            # Rounded away from the limit of 3:1.
            long = round(pixels * (across / down) ** 0.5 / 16) * 16
            short = -(-long * down // across // 16) * 16
            if long <= most and long * short <= 3840 * 2160:
                sizes += [f"{long}x{short}", f"{short}x{long}"]
    return tuple(dict.fromkeys(sizes))


_EDITS = {"edits": True, "masks": True, "native_size": 1024}

KINDS = (
    _openai(r"^(gpt-image-1\b(?!\d)|chatgpt-image)", GPT_IMAGE_SIZES, {*STREAM}, **_EDITS),
    _openai(r"^gpt-image-", _any_size(), {*STREAM}, **_EDITS),
    _openai(r"^dall-e-3", ("1024x1024", "1792x1024", "1024x1792"), {"response_format"}),
    _openai(r"^dall-e", ("1024x1024", "512x512", "256x256"), {"response_format"}),
    _kind(r"z-image.*turbo", steps=9, guidance="none", negative_prompts=False),
    _kind(r"flux.*schnell", steps=4, guidance="none", negative_prompts=False),
    _kind(r"flux\.?-?2.*klein", steps=4, guidance="none", negative_prompts=False, edits=True),
    _kind(
        r"flux\.?-?2",
        steps=28,
        guidance="distilled",
        guidance_scale=4.0,
        negative_prompts=False,
        edits=True,
    ),
    _kind(
        r"kontext",
        steps=28,
        guidance="distilled",
        guidance_scale=2.5,
        negative_prompts=False,
        edits=True,
    ),
    _kind(r"flux", steps=28, guidance="distilled", guidance_scale=3.5, negative_prompts=False),
    _Kind(
        re.compile(r"qwen.?image.*edit"),
        {"steps": 40, "guidance_scale": 4.0, "edits": True},
        guidance_name="true_cfg_scale",
    ),
    _Kind(
        re.compile(r"qwen.?image"),
        {"steps": 50, "guidance_scale": 4.0},
        guidance_name="true_cfg_scale",
    ),
    _kind(r"stable-diffusion-3|\bsd3", steps=28, guidance_scale=4.5),
    _kind(r"image.?edit|edit.?image|omnigen", edits=True),
)

_DRAWS = re.compile(
    r"image|dall-e|diffusion|flux|sdxl|\bsd\d|kontext|pixart|sana|hidream|kandinsky|lumina|chroma"
    r"|omnigen|playground|ideogram|recraft|seedream|imagen"
)
_DRAWS_NOT = re.compile(
    r"whisper|\btts|speech|audio|voice|transcri|realtime|embed|rerank|moderation|codex|\bgpt\b"
    r"|\bo\d\b|chat|instruct|davinci|babbage|llama|mistral|mixtral|gemma|claude|deepseek|qwen|phi\b"
    r"|\bbge\b|\be5\b|\bclip\b|sora|video|\bwan|t2v|i2v|computer-use|search|coder|-vl\b"
)
_SPOKEN = re.compile(r"whisper|\btts|speech|audio|transcri|realtime|embed|rerank|video|i2v|t2v")


def draws(model_id: str, said: Mapping[str, object]) -> bool:
    """Whether a model makes pictures, by its name and its entry in the server's list."""
    task = str(said.get("task_type") or said.get("task") or said.get("type") or "").lower()
    if task in ("t2i", "i2i", "ti2i", "image", "text-to-image", "image-to-image"):
        return True
    name = model_id.lower()
    if _SPOKEN.search(name) or task in ("t2v", "i2v", "chat", "embedding", "audio", "language"):
        return False
    return bool(_DRAWS.search(name)) or not _DRAWS_NOT.search(name)


def known_model(model_id: str, owner: str) -> KnownModel:
    """What is known of a model; `owner` is what its server's list says of it."""
    name = model_id.lower()
    kind = next((one for one in KINDS if one.name.search(name.rpartition("/")[2])), _Kind(_DRAWS))
    fields = {"multiple": 16, "min_size": 256, **UNHEARD, **kind.fields}
    parameters = kind.parameters - (STREAM if owner in NO_STREAMS else frozenset())
    # Only OpenAI's own models take masks.
    fields.setdefault("masks", False)
    return KnownModel(ModelInfo(model_id, **fields), parameters, kind.guidance_name)
