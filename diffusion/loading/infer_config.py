"""Infer network configs from the names and shapes of weights.

The weights have the original names of SD 1.x, SD 2.x and SDXL. The configs are those of diffusers
and transformers.
"""

import re
from typing import Any

from torch import Tensor

Weights = dict[str, Tensor]


def unet_config(weights: Weights, heads: int | None, cells: int) -> dict[str, Any]:
    """The config of a `UNet2DConditionModel`. Raises LookupError if there is no U-Net.

    `heads` is the number of attention heads, None for heads of 64 channels; `cells` is the side of
    latents at the native size.
    """
    unet = strip_prefix(weights, "model.diffusion_model.")
    channels, layers, depths = [], [0], [0]
    block = 1
    while f"input_blocks.{block}.0.in_layers.2.weight" in unet:
        if layers[-1] == 0:
            channels.append(len(unet[f"input_blocks.{block}.0.in_layers.2.weight"]))
        layers[-1] += 1
        depths[-1] = count(unet, rf"input_blocks\.{block}\.1\.transformer_blocks\.(\d+)\.")
        block += 1
        if f"input_blocks.{block}.0.op.weight" in unet:
            layers.append(0)
            depths.append(0)
            block += 1
    spatial, told = "middle_block.1", "time_embed.cond_proj.weight"
    if not channels or "out.2.weight" not in unet:
        raise LookupError("there is no U-Net")
    return {
        "sample_size": cells,
        "in_channels": unet["input_blocks.0.0.weight"].shape[1],
        "out_channels": len(unet["out.2.weight"]),
        "block_out_channels": tuple(channels),
        "layers_per_block": layers[0],
        "down_block_types": tuple(_block("Down", depth) for depth in depths),
        "up_block_types": tuple(_block("Up", depth) for depth in reversed(depths)),
        "transformer_layers_per_block": tuple(max(depth, 1) for depth in depths),
        "cross_attention_dim": unet[f"{spatial}.transformer_blocks.0.attn2.to_k.weight"].shape[1],
        "attention_head_dim": heads or tuple(max(width // 64, 1) for width in channels),
        "use_linear_projection": unet[f"{spatial}.proj_in.weight"].ndim == 2,
        **({"time_cond_proj_dim": unet[told].shape[1]} if told in unet else {}),
    }


def _block(direction: str, depth: int) -> str:
    return f"CrossAttn{direction}Block2D" if depth else f"{direction}Block2D"


def added_conditions_config(weights: Weights, pooled: int) -> dict[str, Any]:
    """The config of SDXL's added conditions: a pooled vector [pooled] and six sizes."""
    name = "model.diffusion_model.label_emb.0.0.weight"
    numbers = weights[name].shape[1] if name in weights else 0
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": (numbers - pooled) // 6,
        "projection_class_embeddings_input_dim": numbers,
    }


def vae_config(weights: Weights, cells: int, scaling_factor: float) -> dict[str, Any]:
    """The config of an `AutoencoderKL`. Raises LookupError if there is no autoencoder."""
    vae = strip_prefix(weights, "first_stage_model.")
    levels = count(vae, r"encoder\.down\.(\d+)\.block\.")
    if not levels or "decoder.conv_in.weight" not in vae:
        raise LookupError("there is no autoencoder")
    channels = [len(vae[f"encoder.down.{level}.block.0.conv1.weight"]) for level in range(levels)]
    return {
        "sample_size": cells * 2 ** (levels - 1),
        "block_out_channels": tuple(channels),
        "layers_per_block": count(vae, r"encoder\.down\.0\.block\.(\d+)\."),
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "latent_channels": vae["decoder.conv_in.weight"].shape[1],
        "scaling_factor": scaling_factor,
    }


def text_sizes(
    weights: Weights, words: str, positions: str, layers: str, inner: str
) -> dict[str, Any]:
    """The sizes in the config of a CLIP text encoder. Raises LookupError.

    `words` and `positions` are the names of its two embeddings, `layers` that of the stack of
    layers, `inner` that of the first linear layer of an MLP.
    """
    length, width = weights[positions].shape
    return {
        "vocab_size": len(weights[words]),
        "hidden_size": width,
        "max_position_embeddings": length,
        "num_hidden_layers": count(weights, rf"{re.escape(layers)}\.(\d+)\."),
        "intermediate_size": len(weights[f"{layers}.0.mlp.{inner}.weight"]),
        "num_attention_heads": max(width // 64, 1),
    }


def strip_prefix(weights: Weights, prefix: str) -> Weights:
    """The weights whose names start with the prefix, without it."""
    return {
        name.removeprefix(prefix): weight
        for name, weight in weights.items()
        if name.startswith(prefix)
    }


def count(weights: Weights, pattern: str) -> int:
    """How many different values the pattern's group has among the names."""
    return len({found[1] for name in weights if (found := re.match(pattern, name))})
