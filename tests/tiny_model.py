"""A tiny model of random weights in the folder layout of an SD 1.x checkpoint.

It draws nothing a person would recognise, but every part is the real class of diffusers or
transformers, so that what runs with it runs with a real checkpoint. Tests of the engine, the
server and the bot use it; a picture of 64×64 pixels takes some milliseconds a step.
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

TOKENS = 32
WIDTH = 32


def build_tiny_model(
    folder: Path, prediction_type: str = "epsilon", beta_schedule: str = "scaled_linear"
) -> Path:
    """Write the model into `folder` and return it; the same call writes the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer(_byte_vocabulary(), [], model_max_length=TOKENS)
        tokenizer.save_pretrained(folder / "tokenizer")
        _text_encoder(tokenizer).save_pretrained(folder / "text_encoder")
        _unet().save_pretrained(folder / "unet")
        _autoencoder().save_pretrained(folder / "vae")
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
    _write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
            "scheduler": ["diffusers", "DDIMScheduler"],
            "safety_checker": [None, None],
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
            "requires_safety_checker": False,
        },
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
    return folder


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _byte_vocabulary() -> dict[str, int]:
    """Every byte, within a word and at its end, in the letters that CLIP's tokenizer uses."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    return {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}


def _text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _unet() -> UNet2DConditionModel:
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    with torch.no_grad():
        # Random weights hardly listen to the prompt and predict nearly nothing; louder, they
        # give pictures in which every setting is seen.
        for name, weight in unet.named_parameters():
            if "attn2.to_out" in name:
                weight.mul_(20)
        unet.conv_out.weight.mul_(6)
    return unet


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
