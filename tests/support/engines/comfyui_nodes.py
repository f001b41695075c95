"""The nodes of the stand-in for ComfyUI: their inputs as ComfyUI's sources have them.

Written from nodes.py and comfy_extras of ComfyUI 0.11. What they do is played: a latent is its size
and a colour that depends on all that it was made from.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.support.engines.drawing import like_photo

SAMPLERS = ["euler", "euler_ancestral", "ddpm", "ddim", "dpmpp_2m", "res_multistep"]
SCHEDULERS = ["simple", "sgm_uniform", "karras", "normal", "ddim_uniform"]
MAX_RESOLUTION = 16384


@dataclass
class ModelFiles:
    """The model files that the server has."""

    checkpoints: list[str] = field(default_factory=list)
    loras: list[str] = field(default_factory=list)
    diffusion_models: list[str] = field(default_factory=list)
    text_encoders: list[str] = field(default_factory=list)
    vae: list[str] = field(default_factory=list)


EVERYTHING = ModelFiles(
    checkpoints=["sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly-fp16.safetensors"],
    loras=["ink.safetensors", "styles/oil paint.safetensors"],
    diffusion_models=[
        "flux1-dev.safetensors",
        "flux-2-klein-4b.safetensors",
        "z_image_turbo_bf16.safetensors",
        "qwen_image_fp8_e4m3fn.safetensors",
        "qwen_image_edit_2511_bf16.safetensors",
    ],
    text_encoders=[
        "clip_l.safetensors",
        "t5xxl_fp16.safetensors",
        "qwen_3_4b.safetensors",
        "qwen_2.5_vl_7b_fp8_scaled.safetensors",
    ],
    vae=["ae.safetensors", "flux2-vae.safetensors", "qwen_image_vae.safetensors"],
)
"""The files that the shipped workflows are written for."""


@dataclass(frozen=True)
class Latent:
    width: int
    height: int
    colour: tuple[int, int, int] | None = None
    image: Image.Image | None = None
    mask: Image.Image | None = None


@dataclass(frozen=True)
class NodeClass:
    """A node: inputs as `/object_info` has them, the types of its outputs, and what it does.

    `validated` are the inputs that it checks itself, so that they may be no listed choice.
    """

    required: Mapping[str, list[Any]]
    outputs: tuple[str, ...]
    run: Callable[..., tuple[Any, ...]]
    optional: Mapping[str, list[Any]] = field(default_factory=dict)
    output_node: bool = False
    validated: tuple[str, ...] = ()


def number(kind: str, low: float, high: float, default: float = 1) -> list[Any]:
    return [kind, {"default": default, "min": low, "max": high}]


def combo(options: list[str]) -> list[Any]:
    """A choice as nodes of the first version have it."""
    return [options, {}]


def new_combo(options: list[str]) -> list[Any]:
    """A choice as nodes of the third version have it."""
    return ["COMBO", {"options": options}]


TEXT = ["STRING", {"multiline": True}]
SIDE = number("INT", 16, MAX_RESOLUTION, 512)


def colour_of(*made_from: Any) -> tuple[int, int, int]:
    """A colour that depends on all of this."""
    digest = hashlib.sha256(repr(made_from).encode()).digest()
    return digest[0], digest[1], digest[2]


def empty_latent(width: int, height: int, batch_size: int = 1) -> tuple[Latent]:
    return (Latent(width, height),)


def sampled(latent: Latent, denoise: float, *made_from: Any) -> Latent:
    """What sampling makes of a latent: a colour, mixed with the picture that it starts from."""
    colour = colour_of(*made_from)
    drawn = like_photo(Image.new("RGB", (latent.width, latent.height), colour))
    if latent.image is not None:
        drawn = Image.blend(latent.image, drawn, denoise)
        if latent.mask is not None:
            drawn = Image.composite(drawn, latent.image, latent.mask.resize(drawn.size))
    return Latent(latent.width, latent.height, colour, drawn)


def decoded(samples: Latent, vae: Any) -> tuple[Image.Image]:
    assert samples.image is not None, "only what was sampled is decoded"
    return (samples.image,)


def scaled(
    image: Image.Image, upscale_method: str, width: int, height: int, crop: str
) -> tuple[Image.Image]:
    return (image.resize((width, height)),)


def masked(samples: Latent, mask: Image.Image) -> tuple[Latent]:
    return (Latent(samples.width, samples.height, samples.colour, samples.image, mask),)


def composited(
    destination: Image.Image,
    source: Image.Image,
    x: int,
    y: int,
    resize_source: bool,
    mask: Image.Image | None = None,
) -> tuple[Image.Image]:
    whole = Image.new("L", source.size, 255)
    pasted = destination.copy()
    pasted.paste(source, (x, y), mask.resize(source.size) if mask else whole)
    return (pasted,)


def lora(model: Any, lora_name: str, strength_model: float, **clip: Any) -> tuple[Any, ...]:
    marked = (model, lora_name, strength_model)
    return (marked, (clip["clip"], lora_name, clip["strength_clip"])) if clip else (marked,)


def node_classes(files: ModelFiles, uploads: Mapping[str, bytes]) -> dict[str, NodeClass]:
    """The nodes of a server with these files; `uploads` are pictures by their names."""

    def loaded(image: str) -> Image.Image:
        return Image.open(io.BytesIO(uploads[image])).convert("RGB")

    def loaded_mask(image: str, channel: str) -> tuple[Image.Image]:
        return (loaded(image).getchannel(channel[0].upper()),)

    def loader(*kinds: str) -> Callable[..., tuple[Any, ...]]:
        return lambda **names: tuple((kind, *names.values()) for kind in kinds)

    weight = number("FLOAT", -100.0, 100.0)
    sampler_inputs = {
        "model": ["MODEL"],
        "seed": number("INT", 0, 0xFFFFFFFFFFFFFFFF, 0),
        "steps": number("INT", 1, 10000, 20),
        "cfg": number("FLOAT", 0.0, 100.0, 8),
        "sampler_name": combo(SAMPLERS),
        "scheduler": combo(SCHEDULERS),
        "positive": ["CONDITIONING"],
        "negative": ["CONDITIONING"],
        "latent_image": ["LATENT"],
        "denoise": number("FLOAT", 0.0, 1.0),
    }
    latent_inputs = {"width": SIDE, "height": SIDE, "batch_size": number("INT", 1, 4096)}
    edit_inputs = {"vae": ["VAE"], "image1": ["IMAGE"], "image2": ["IMAGE"], "image3": ["IMAGE"]}
    types = combo(["stable_diffusion", "sd3", "flux2", "lumina2", "qwen_image"])
    return {
        "CheckpointLoaderSimple": NodeClass(
            {"ckpt_name": combo(files.checkpoints)}, ("MODEL", "CLIP", "VAE"), loader(*"mcv")
        ),
        "UNETLoader": NodeClass(
            {
                "unet_name": combo(files.diffusion_models),
                "weight_dtype": combo(["default", "fp8_e4m3fn"]),
            },
            ("MODEL",),
            loader("m"),
        ),
        "CLIPLoader": NodeClass(
            {"clip_name": combo(files.text_encoders), "type": types},
            ("CLIP",),
            loader("c"),
            {"device": combo(["default", "cpu"])},
        ),
        "DualCLIPLoader": NodeClass(
            {
                "clip_name1": combo(files.text_encoders),
                "clip_name2": combo(files.text_encoders),
                "type": combo(["sdxl", "sd3", "flux"]),
            },
            ("CLIP",),
            loader("c"),
        ),
        "VAELoader": NodeClass({"vae_name": new_combo(files.vae)}, ("VAE",), loader("v")),
        "LoraLoader": NodeClass(
            {
                "model": ["MODEL"],
                "clip": ["CLIP"],
                "lora_name": combo(files.loras),
                "strength_model": weight,
                "strength_clip": weight,
            },
            ("MODEL", "CLIP"),
            lora,
        ),
        "LoraLoaderModelOnly": NodeClass(
            {"model": ["MODEL"], "lora_name": combo(files.loras), "strength_model": weight},
            ("MODEL",),
            lora,
        ),
        "CLIPTextEncode": NodeClass(
            {"text": TEXT, "clip": ["CLIP"]}, ("CONDITIONING",), lambda text, clip: ((text, clip),)
        ),
        "TextEncodeQwenImageEditPlus": NodeClass(
            {"clip": ["CLIP"], "prompt": TEXT},
            ("CONDITIONING",),
            lambda clip, prompt, vae=None, image1=None: ((prompt, clip, picture_id(image1)),),
            edit_inputs,
        ),
        "ConditioningZeroOut": NodeClass(
            {"conditioning": ["CONDITIONING"]}, ("CONDITIONING",), lambda conditioning: ("zero",)
        ),
        "FluxGuidance": NodeClass(
            {"conditioning": ["CONDITIONING"], "guidance": number("FLOAT", 0.0, 100.0, 3.5)},
            ("CONDITIONING",),
            lambda conditioning, guidance: ((conditioning, guidance),),
        ),
        "ReferenceLatent": NodeClass(
            {"conditioning": ["CONDITIONING"]},
            ("CONDITIONING",),
            lambda conditioning, latent=None: ((conditioning, picture_id(latent.image)),),
            {"latent": ["LATENT"]},
        ),
        "ModelSamplingAuraFlow": NodeClass(
            {"model": ["MODEL"], "shift": number("FLOAT", 0.0, 100.0)},
            ("MODEL",),
            lambda model, shift: ((model, shift),),
        ),
        "CFGNorm": NodeClass(
            {"model": ["MODEL"], "strength": number("FLOAT", 0.0, 100.0)},
            ("MODEL",),
            lambda model, strength: ((model, strength),),
        ),
        "EmptyLatentImage": NodeClass(latent_inputs, ("LATENT",), empty_latent),
        "EmptySD3LatentImage": NodeClass(latent_inputs, ("LATENT",), empty_latent),
        "EmptyFlux2LatentImage": NodeClass(latent_inputs, ("LATENT",), empty_latent),
        "KSampler": NodeClass(
            sampler_inputs,
            ("LATENT",),
            lambda latent_image, denoise, **rest: (
                sampled(latent_image, denoise, sorted(rest.items())),
            ),
        ),
        "RandomNoise": NodeClass(
            {"noise_seed": number("INT", 0, 0xFFFFFFFFFFFFFFFF, 0)},
            ("NOISE",),
            lambda noise_seed: (noise_seed,),
        ),
        "KSamplerSelect": NodeClass(
            {"sampler_name": new_combo(SAMPLERS)},
            ("SAMPLER",),
            lambda sampler_name: (sampler_name,),
        ),
        "Flux2Scheduler": NodeClass(
            {"steps": number("INT", 1, 4096, 20), "width": SIDE, "height": SIDE},
            ("SIGMAS",),
            lambda steps, width, height: (steps,),
        ),
        "CFGGuider": NodeClass(
            {
                "model": ["MODEL"],
                "positive": ["CONDITIONING"],
                "negative": ["CONDITIONING"],
                "cfg": number("FLOAT", 0.0, 100.0, 8),
            },
            ("GUIDER",),
            lambda **all_of: (sorted(all_of.items()),),
        ),
        "SamplerCustomAdvanced": NodeClass(
            {
                "noise": ["NOISE"],
                "guider": ["GUIDER"],
                "sampler": ["SAMPLER"],
                "sigmas": ["SIGMAS"],
                "latent_image": ["LATENT"],
            },
            ("LATENT", "LATENT"),
            lambda latent_image, **rest: (sampled(latent_image, 1.0, sorted(rest.items())),) * 2,
        ),
        "VAEDecode": NodeClass({"samples": ["LATENT"], "vae": ["VAE"]}, ("IMAGE",), decoded),
        "VAEEncode": NodeClass(
            {"pixels": ["IMAGE"], "vae": ["VAE"]},
            ("LATENT",),
            lambda pixels, vae: (Latent(*pixels.size, image=pixels),),
        ),
        "LoadImage": NodeClass(
            {"image": [sorted(uploads), {"image_upload": True}]},
            ("IMAGE", "MASK"),
            lambda image: (loaded(image), None),
            validated=("image",),
        ),
        "LoadImageMask": NodeClass(
            {
                "image": [sorted(uploads), {"image_upload": True}],
                "channel": combo(["alpha", "red", "green", "blue"]),
            },
            ("MASK",),
            loaded_mask,
            validated=("image",),
        ),
        "ImageScale": NodeClass(
            {
                "image": ["IMAGE"],
                "upscale_method": combo(
                    ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
                ),
                "width": number("INT", 0, MAX_RESOLUTION, 512),
                "height": number("INT", 0, MAX_RESOLUTION, 512),
                "crop": combo(["disabled", "center"]),
            },
            ("IMAGE",),
            scaled,
        ),
        "SetLatentNoiseMask": NodeClass(
            {"samples": ["LATENT"], "mask": ["MASK"]}, ("LATENT",), masked
        ),
        "ImageCompositeMasked": NodeClass(
            {
                "destination": ["IMAGE"],
                "source": ["IMAGE"],
                "x": number("INT", 0, MAX_RESOLUTION, 0),
                "y": number("INT", 0, MAX_RESOLUTION, 0),
                "resize_source": ["BOOLEAN", {"default": False}],
            },
            ("IMAGE",),
            composited,
            {"mask": ["MASK"]},
        ),
        "PreviewImage": NodeClass({"images": ["IMAGE"]}, (), lambda images: (), output_node=True),
        "SaveImage": NodeClass(
            {"images": ["IMAGE"], "filename_prefix": TEXT},
            (),
            lambda images, filename_prefix: (),
            output_node=True,
        ),
    }


def picture_id(image: Image.Image | None) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest() if image else ""
