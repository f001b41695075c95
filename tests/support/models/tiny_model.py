"""Tiny models of random weights in the folder layouts of SD 1.x, SD 2.x and SDXL checkpoints.

They draw nothing a person would recognise, but every part is the real class of diffusers or
transformers, so that what runs with them runs with a real checkpoint. Tests of the engine, the
server and the bot use them; a picture of 64×64 pixels takes some milliseconds a step.
"""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from diffusion.loading.clip_tokenizer import clip_tokenizer
from diffusion.vision.upscaler import CompactNetwork

TOKENS = 32
WIDTH = 64

PHRASES = {
    "things": ["fox", "owl", "car", "red heart", "house"],
    "colours": ["red", "blue"],
    "styles": ["noto style", "3d style"],
    "grounds": ["on a blue background"],
}
"""What the tiny image tower can find in a picture."""

PIPELINES = {
    "sd1": "StableDiffusionPipeline",
    "sd2": "StableDiffusionPipeline",
    "sdxl": "StableDiffusionXLPipeline",
}

OPTIONS: dict[str, dict[str, Any]] = {
    "StableDiffusionPipeline": {
        "safety_checker": [None, None],
        "requires_safety_checker": False,
    },
    "StableDiffusionXLPipeline": {"force_zeros_for_empty_prompt": True},
}


def build_tiny_model(
    folder: Path,
    prediction_type: str = "epsilon",
    beta_schedule: str = "scaled_linear",
    family: str = "sd1",
    like_published: bool = False,
) -> Path:
    """Write the model into `folder` and return it; the same call writes the same weights.

    `like_published` gives it what all published checkpoints share: CLIP's own vocabulary, and
    normalisation in 32 groups.
    """
    tokenizer = CLIPTokenizer(_byte_vocabulary(), [], model_max_length=TOKENS)
    if like_published:
        tokenizer = clip_tokenizer("<|endoftext|>")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts: dict[str, Any] = _text_parts(family, tokenizer)
        parts["unet"] = _unet(family, 32 if like_published else 8)
        parts["vae"] = _published_autoencoder() if like_published else _autoencoder()
        for name, part in parts.items():
            part.save_pretrained(folder / name)
    (folder / "scheduler").mkdir(exist_ok=True)
    _write_json(
        folder / "scheduler" / "scheduler_config.json",
        {
            "_class_name": "DDIMScheduler",
            "num_train_timesteps": 1000,
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": beta_schedule,
            "prediction_type": prediction_type,
            "clip_sample": False,
            "set_alpha_to_one": False,
            "steps_offset": 1,
        },
    )
    index = {name: [_library(part), type(part).__name__] for name, part in parts.items()}
    _write_json(
        folder / "model_index.json",
        index
        | {
            "_class_name": PIPELINES[family],
            "scheduler": ["diffusers", "DDIMScheduler"],
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
        }
        | OPTIONS[PIPELINES[family]],
    )
    _write_json(
        folder / "darkroom.json",
        {
            "name": "tiny",
            "native_size": 64,
            "steps": 4,
            "guidance_scale": 3.0,
            "styles": {"sketch": "{prompt}, sketch style"},
            "examples": ["a red fox"],
        },
    )
    if family == "sd1" and not like_published:
        build_tiny_eye(folder)
        build_tiny_upscaler(folder)
    return folder


def build_tiny_eye(folder: Path, width: int = WIDTH, **phrases: list[str]) -> None:
    """An image tower of random weights beside the tiny model, as the training leaves one."""
    config = CLIPVisionConfig(
        image_size=32,
        patch_size=8,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=width,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        CLIPVisionModelWithProjection(config).save_pretrained(folder / "image_encoder")
    preparing = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    _write_json(folder / "image_encoder" / "preprocessor_config.json", preparing)
    _write_json(folder / "image_encoder" / "phrases.json", PHRASES | phrases)


def build_tiny_upscaler(folder: Path, factor: int = 4) -> None:
    """An upscaler of random weights beside the tiny model."""
    place = folder / "upscaler"
    place.mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = CompactNetwork(factor, 4, 1).half().state_dict()
    save_file(weights, place / "model.safetensors", {"format": "pt"})
    _write_json(place / "config.json", {"factor": factor, "width": 4, "layers": 1})


def build_tiny_preview(folder: Path) -> Path:
    """Write an `AutoencoderTiny` into `folder` and return it."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        AutoencoderTiny(
            encoder_block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            num_encoder_blocks=(1, 1, 1, 1),
            num_decoder_blocks=(1, 1, 1, 1),
        ).save_pretrained(folder)
    return folder


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _library(part: object) -> str:
    return type(part).__module__.split(".")[0]


def _byte_vocabulary() -> dict[str, int]:
    """Every byte, within a word and at its end, in the letters that CLIP's tokenizer uses."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    return {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}


def _text_parts(family: str, tokenizer: CLIPTokenizer) -> dict[str, Any]:
    """Tokenizers and text encoders as each family has them; 2.x and SDXL's second pad with “!”."""
    if family == "sd1":
        return {"tokenizer": tokenizer, "text_encoder": CLIPTextModel(_text(tokenizer))}
    open_tokenizer = CLIPTokenizer(
        tokenizer.get_vocab(), _merges(tokenizer), model_max_length=tokenizer.model_max_length
    )
    open_tokenizer.pad_token = "!"
    if family == "sd2":
        model = CLIPTextModel(_text(open_tokenizer, hidden_act="gelu"))
        return {"tokenizer": open_tokenizer, "text_encoder": model}
    second = _text(open_tokenizer, hidden_act="gelu", projection_dim=WIDTH)
    return {
        "tokenizer": tokenizer,
        "tokenizer_2": open_tokenizer,
        "text_encoder": CLIPTextModel(_text(tokenizer)),
        "text_encoder_2": CLIPTextModelWithProjection(second),
    }


def _merges(tokenizer: CLIPTokenizer) -> list[tuple[str, str]]:
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    return [tuple(merge) for merge in merges]


def _text(tokenizer: CLIPTokenizer, **options: Any) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=1,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **options,
    )


def _unet(family: str, groups: int) -> UNet2DConditionModel:
    options: dict[str, Any] = {"cross_attention_dim": WIDTH, "attention_head_dim": 8}
    if family != "sd1":
        # Heads of 64 channels; where there is no attention, the number means nothing.
        options |= {"use_linear_projection": True, "attention_head_dim": (1, 1)}
    if family == "sdxl":
        options |= {
            "cross_attention_dim": 2 * WIDTH,
            "transformer_layers_per_block": (1, 2),
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": WIDTH + 6 * 8,
        }
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=groups,
        **options,
    )
    with torch.no_grad():
        # Random weights hardly listen to the prompt and predict nearly nothing; louder, they
        # give pictures in which every setting is seen.
        for name, weight in unet.named_parameters():
            if "attn2.to_out" in name:
                weight.mul_(20)
        unet.conv_out.weight.mul_(6)
    return unet


def _published_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        sample_size=64,
    )


def _autoencoder() -> AutoencoderKL:
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        mid_block_add_attention=False,
        sample_size=64,
        scaling_factor=0.5,
    )
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(3)
    return vae
