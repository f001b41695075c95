"""What is read off the weights' names and shapes, for the networks of the published models."""

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

from diffusion.loading.infer_config import added_conditions_config, unet_config, vae_config
from diffusion.loading.lora_names import flat_name, from_original
from tests.support.models.single_files import original_name, original_unet, original_vae

CROSS, UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D"
FOUR = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (CROSS, CROSS, CROSS, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", UP, UP, UP),
    "transformer_layers_per_block": (1, 1, 1, 1),
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "sd1": FOUR
    | {"cross_attention_dim": 768, "attention_head_dim": 8, "use_linear_projection": False},
    "sd2": FOUR
    | {
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    "sdxl": {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", CROSS, CROSS),
        "up_block_types": (UP, UP, "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
"""The U-Nets of Stable Diffusion 1.5, 2.1 and XL, as their config.json on the hub have them."""


@pytest.mark.parametrize("family", PUBLISHED)
def test_the_published_unets_are_recognised(family: str) -> None:
    published = PUBLISHED[family]
    with torch.device("meta"):
        weights = UNet2DConditionModel(**published).state_dict()
    original = {
        f"model.diffusion_model.{name}": weight for name, weight in original_unet(weights).items()
    }
    heads = 8 if family == "sd1" else None
    config = unet_config(original, heads, published["sample_size"])
    if family == "sdxl":
        config |= added_conditions_config(original, 1280)
    both = {"in_channels": 4, "out_channels": 4, "layers_per_block": 2}
    assert config == published | both
    assert convert_ldm_unet_checkpoint(original, config).keys() == weights.keys()


@pytest.mark.parametrize("family", PUBLISHED)
def test_every_layer_is_found_by_its_original_name(family: str) -> None:
    with torch.device("meta"):
        names = list(UNet2DConditionModel(**PUBLISHED[family]).state_dict())
    for name in names:
        if name.endswith(".weight") and "norm" not in name:
            original = original_name(name, names).removesuffix(".weight")
            assert from_original(flat_name(original), 2) == flat_name(name.removesuffix(".weight"))


def test_the_published_autoencoder_is_recognised() -> None:
    published = {
        "sample_size": 512,
        "block_out_channels": (128, 256, 512, 512),
        "layers_per_block": 2,
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "latent_channels": 4,
        "scaling_factor": 0.18215,
    }
    with torch.device("meta"):
        weights = AutoencoderKL(**published).state_dict()
    original = {f"first_stage_model.{name}": one for name, one in original_vae(weights).items()}
    assert vae_config(original, 64, 0.18215) == published
