"""Models with random weights in the sizes of well-known models: speed does not depend on weights.
The reduced ones have the same layers with few channels, for trying things out."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from diffusion.loading.load import EMBEDDED


@dataclass(frozen=True, slots=True)
class Model:
    """A model to measure: its size in pixels and its steps.

    `step` and `decode` are the TFLOP of one row through the U-Net and of decoding one picture, or 0
    where they are unknown.
    """

    name: str
    size: int
    steps: int
    step: float = 0.0
    decode: float = 0.0
    reduced: bool = False


MODELS = {
    "sd15": Model("SD 1.5", 512, 30, 0.803, 2.51),
    "sdxl": Model("SDXL", 1024, 20, 6.76, 10.5),
    "sd15-reduced": Model("SD 1.5, reduced", 64, 5, reduced=True),
    "sdxl-reduced": Model("SDXL, reduced", 64, 5, reduced=True),
}


def build(name: str, folder: Path) -> Path:
    """Write the model into `folder`, in diffusers' layout, and return it."""
    model = MODELS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = _sdxl(model) if name.startswith("sdxl") else _sd15(model)
    for part in parts.values():
        if isinstance(part, torch.nn.Module):
            part.to(torch.bfloat16)
    kind = StableDiffusionXLPipeline if name.startswith("sdxl") else StableDiffusionPipeline
    parts |= {"scheduler": DPMSolverMultistepScheduler(**_NOISE), "feature_extractor": None}
    if kind is StableDiffusionPipeline:
        parts |= {"safety_checker": None, "requires_safety_checker": False}
    kind(**parts).save_pretrained(folder)
    # Use the embedded model's tokenizer: the library may save its own format.
    for tokenizer in folder.glob("tokenizer*"):
        shutil.rmtree(tokenizer)
        shutil.copytree(EMBEDDED / "tokenizer", tokenizer)
    return folder


_NOISE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def _sd15(model: Model) -> dict[str, Any]:
    less = 10 if model.reduced else 1
    unet = UNet2DConditionModel(
        sample_size=model.size // 8,
        layers_per_block=1 if model.reduced else 2,
        block_out_channels=tuple(width // less for width in (320, 640, 1280, 1280)),
        cross_attention_dim=768 // (12 if model.reduced else 1),
        attention_head_dim=8,
        norm_num_groups=16 if model.reduced else 32,
    )
    return {
        "unet": unet,
        "vae": _autoencoder(model, 0.18215),
        "text_encoder": CLIPTextModel(_text(model, 768, 12, 12, "quick_gelu")),
        "tokenizer": _tokenizer(),
    }


def _sdxl(model: Model) -> dict[str, Any]:
    pooled = 80 if model.reduced else 1280
    unet = UNet2DConditionModel(
        sample_size=model.size // 8,
        layers_per_block=1 if model.reduced else 2,
        block_out_channels=(32, 64, 128) if model.reduced else (320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2) if model.reduced else (1, 2, 10),
        attention_head_dim=(2, 4, 8) if model.reduced else (5, 10, 20),
        cross_attention_dim=64 + 80 if model.reduced else 2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=pooled + 6 * 256,
        norm_num_groups=16 if model.reduced else 32,
    )
    second = _text(model, 1280, 32, 20, "gelu")
    second.projection_dim = pooled
    return {
        "unet": unet,
        "vae": _autoencoder(model, 0.13025),
        "text_encoder": CLIPTextModel(_text(model, 768, 12, 12, "quick_gelu")),
        "text_encoder_2": CLIPTextModelWithProjection(second),
        "tokenizer": _tokenizer(),
        "tokenizer_2": _tokenizer(),
    }


def _text(model: Model, width: int, layers: int, heads: int, act: str) -> CLIPTextConfig:
    if model.reduced:
        width, layers, heads = {768: 64, 1280: 80}[width], 2, 4
    tokenizer = _tokenizer()
    return CLIPTextConfig(
        vocab_size=max(49408, len(tokenizer)),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        hidden_act=act,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer", local_files_only=True)


def _autoencoder(model: Model, scale: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 16, 32, 32) if model.reduced else (128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1 if model.reduced else 2,
        norm_num_groups=16 if model.reduced else 32,
        sample_size=model.size,
        scaling_factor=scale,
    )
