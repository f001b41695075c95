"""The text in a picture that says how it was made: every field of a request has its label."""

import io
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from sd_parsers import ParserManager

from diffusion.protocol.infotext import SAMPLER_LABELS, infotext, to_user_comment, with_size
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import (
    SAMPLER_NAMES,
    ImageRequest,
    InitImage,
    Lora,
    Noise,
    SeedBlend,
    WeightedPrompt,
)
from diffusion.vision.image_files import encode
from tests.support.engine.inference_requests import a_request

MODEL = ModelInfo(
    "tiny", model_hash="0123456789", lora_hashes={"ink": "aabbccddeeff", "oil": "001122334455"}
)
IMAGE, MASK = "1" * 64, "2" * 64

FULL = a_request(
    prompt="a red fox",
    negative_prompt="blur, fog",
    noises=(Noise(7, (SeedBlend(8, 0.25), SeedBlend(9, 0.5))),),
    sampler="euler_ancestral",
    spacing="karras",
    stop=0.75,
    parts=(WeightedPrompt("a red fox", 2.0), WeightedPrompt("snow, deep: white", -0.5)),
    guidance_rescale=0.7,
    guidance_interval=(0.1, 0.8),
    condition_noise=0.3,
    tile=True,
    loras=(Lora("ink", 0.8), Lora("oil", -1.0), Lora("unknown")),
    start=InitImage(IMAGE, 0.6, MASK),
)

CHANGES: Mapping[type, Mapping[str, tuple[Any, str]]] = {
    ImageRequest: {
        "model": ("other, one", r'Model: "other\u002c one"'),
        "prompt": ("a cat", "Original prompt: a cat"),
        "noises": ((Noise(4),), "Seed: 4,"),
        "width": (72, "Size: 72x64"),
        "height": (72, "Size: 64x72"),
        "steps": (9, "Steps: 9"),
        "guidance_scale": (7.123456789, "CFG scale: 7.123456789"),
        "negative_prompt": ("mist", "\nNegative prompt: mist\n"),
        "sampler": ("ddim", "Sampler: DDIM"),
        "spacing": ("leading", "Schedule type: leading"),
        "stop": (0.5, "Stop: 0.5"),
        "parts": ((WeightedPrompt("a cat", 3),), "a cat :3 <lora:ink"),
        "guidance_rescale": (0.2, "CFG Rescale φ: 0.2"),
        "guidance_interval": ((0.0, 0.5), "Guidance interval: 0-0.5"),
        "condition_noise": (0.6, "CADS Noise Scale: 0.6"),
        "tile": (False, "CADS Noise Scale: 0.3, Lora hashes"),
        "loras": ((Lora("ink", 0.5),), "<lora:ink:0.5>\n"),
        "start": (InitImage("3" * 64, 0.6), f"Init image hash: {'3' * 64}, CFG"),
    },
    Noise: {
        "seed": (5, "Seed: 5"),
        "blends": ((SeedBlend(3, 1),), "Variations: 3:1,"),
    },
    SeedBlend: {"seed": (6, "Variations: 6:0.25 9:0.5"), "strength": (0.1, "Variations: 8:0.1 ")},
    WeightedPrompt: {"text": ("ice", "ice :2 AND"), "weight": (1.5, "a red fox :1.5 AND")},
    Lora: {"name": ("oil", "<lora:oil:0.8>"), "weight": (2.0, "<lora:ink:2>")},
    InitImage: {
        "image": ("4" * 64, f"Init image hash: {'4' * 64}"),
        "strength": (0.35, "Denoising strength: 0.35"),
        "mask": ("5" * 64, f"Mask hash: {'5' * 64}"),
    },
}
"""Another value for each field of a request, and what the text then has in it."""


def _changed(kind: type, name: str, value: Any) -> ImageRequest:
    """FULL with this field changed, in the first object of its kind."""
    (noise,), (part, *parts), (lora, *loras) = FULL.noises, FULL.parts, FULL.loras
    change = {name: value}
    match kind:
        case _ if kind is Noise:
            return replace(FULL, noises=(replace(noise, **change),))
        case _ if kind is SeedBlend:
            blends = (replace(noise.blends[0], **change), *noise.blends[1:])
            return replace(FULL, noises=(replace(noise, blends=blends),))
        case _ if kind is WeightedPrompt:
            return replace(FULL, parts=(replace(part, **change), *parts))
        case _ if kind is Lora:
            return replace(FULL, loras=(replace(lora, **change), *loras))
        case _ if kind is InitImage:
            assert FULL.start
            return replace(FULL, start=replace(FULL.start, **change))
    return replace(FULL, **change)


def test_every_field_of_a_request_is_tried() -> None:
    for kind, changes in CHANGES.items():
        assert set(changes) == {field.name for field in fields(kind)}, kind


@pytest.mark.parametrize(("kind", "name"), [(k, name) for k in CHANGES for name in CHANGES[k]])
def test_every_field_of_a_request_has_its_label(kind: type, name: str) -> None:
    value, shown = CHANGES[kind][name]
    assert shown not in infotext(FULL, 0, MODEL)
    assert shown in infotext(_changed(kind, name, value), 0, MODEL)


def test_the_whole_text() -> None:
    assert infotext(FULL, 0, MODEL) == (
        "a red fox :2 AND snow, deep: white :-0.5 "
        "<lora:ink:0.8> <lora:oil:-1> <lora:unknown:1>\n"
        "Negative prompt: blur, fog\n"
        "Steps: 4, Sampler: Euler a, Schedule type: karras, CFG scale: 3, Seed: 7, Size: 64x64, "
        "Model hash: 0123456789, Model: tiny, Variations: 8:0.25 9:0.5, Stop: 0.75, "
        f"Denoising strength: 0.6, Init image hash: {IMAGE}, Mask hash: {MASK}, "
        "CFG Rescale φ: 0.7, Guidance interval: 0.1-0.8, CADS Noise Scale: 0.3, Tiling: True, "
        'Lora hashes: "ink: aabbccddeeff, oil: 001122334455", Original prompt: a red fox'
    )


def test_what_is_at_its_default_is_left_out() -> None:
    assert infotext(a_request(), 1, ModelInfo("tiny")) == (
        "a red fox\nSteps: 4, Sampler: DPM++ 2M, Schedule type: trailing, CFG scale: 3, Seed: 2, "
        "Size: 64x64, Model: tiny"
    )


def test_every_sampler_has_a_name() -> None:
    assert tuple(SAMPLER_LABELS) == SAMPLER_NAMES


def test_a_quoted_text_reads_as_json_and_has_no_comma_or_colon() -> None:
    asked = 'x, Seed: 99, "y"\nSteps: 1'
    request = replace(FULL, prompt=asked)
    last = infotext(request, 0, MODEL).split("\n")[-1]
    quoted = last.partition("Original prompt: ")[2]
    assert json.loads(quoted) == asked
    assert last.count("Seed: ") == last.count("Steps: ") == 1


# Files.


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("request_", [a_request(), FULL], ids=["plain", "full"])
def test_sd_parsers_reads_it_in_every_format(form: str, request_: ImageRequest) -> None:
    text = infotext(request_, 0, MODEL)
    file = encode(np.zeros((64, 64, 3), np.uint8), form, text)
    with Image.open(io.BytesIO(file)) as picture:
        info = ParserManager().parse(picture)
    assert info is not None
    assert info.raw_parameters["parameters"] == text
    (sampler,) = info.samplers
    assert sampler.name == SAMPLER_LABELS[request_.sampler]
    said = {name: str(value) for name, value in sampler.parameters.items()}
    assert said == {
        "steps": "4",
        "scheduler": request_.spacing,
        "cfg_scale": "3",
        "seed": str(request_.noises[0].seed),
    }
    assert sampler.model is not None
    assert (sampler.model.name, sampler.model.hash) == ("tiny", "0123456789")
    assert [prompt.value for prompt in sampler.prompts] == [text.split("\n")[0]]
    assert [one.value for one in sampler.negative_prompts] == (
        [request_.negative_prompt] if request_.negative_prompt else []
    )
    assert info.metadata["Size"] == "64x64"


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_the_longest_request_fits_into_exif(form: str) -> None:
    parts = tuple(WeightedPrompt(f"{n} " + "🦊" * 5990, 1.0) for n in range(16))
    text = infotext(replace(FULL, parts=parts, negative_prompt="é" * 6000), 0, MODEL)
    file = encode(np.zeros((8, 8, 3), np.uint8), form, text)
    with Image.open(io.BytesIO(file)) as picture:
        comment = picture.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    shown = comment.removeprefix(b"UNICODE\0").decode("utf-16-be")
    assert shown.split("\n")[-1] == text.split("\n")[-1]
    assert shown.startswith(text[:9000])
    assert len(to_user_comment("x" * 10**6)) < 1 << 16


# Enlarged pictures.


def test_an_enlarged_picture_says_its_true_size() -> None:
    text = infotext(replace(FULL, prompt="Size: 64x64"), 0, MODEL)
    large = with_size(text, 256, 256)
    assert large == text.replace("Size: 64x64, Model hash", "Size: 256x256, Model hash") + (
        ", Postprocess upscale by: 4"
    )
    larger = with_size(large, 512, 512)
    assert "Size: 512x512, Model hash" in larger
    assert larger.endswith(", Postprocess upscale by: 8")
    assert with_size(text, 64, 64) == text


@pytest.mark.parametrize("text", ["", "a fox", "a fox\nSize: 64x64 is its size", "Size: 0x0"])
def test_a_text_without_a_size_is_left_as_it_is(text: str) -> None:
    assert with_size(text, 256, 256) == text
