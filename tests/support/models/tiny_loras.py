"""LoRA files for the tiny models, in each of the layouts that LoRAs are published in."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from diffusion.loading.load import Checkpoint
from tests.support.models.single_files import original_name

RANK = 3
ALPHA = 1.5

LAYOUTS = ("kohya", "peft", "diffusers")

WRITERS: dict[str, tuple[str, str, str]] = {
    "a U-Net saved by peft": (
        "base_model.model.{name}.lora_{half}.default_0.weight",
        "text_encoder.base_model.model.{name}.lora_{half}.weight",
        "A B",
    ),
    "networks wrapped by peft": (
        "unet.base_model.model.{name}.lora_{half}.weight",
        "base_model.model.text_model.{name}.lora_{half}.my-style.weight",
        "A B",
    ),
    "ComfyUI": (
        "diffusion_model.{original}.lora_{half}.weight",
        "text_encoders.clip_l.transformer.text_model.{name}.lora_{half}.weight",
        "down up",
    ),
    "the whole original model": (
        "model.diffusion_model.{original}.lora_{half}.weight",
        "cond_stage_model.transformer.text_model.{name}.lora_{half}.weight",
        "A B",
    ),
    "SimpleTuner": (
        "lycoris_{flat}.lora_{half}.weight",
        "lycoris_text_model_{flat}.lora_{half}.weight",
        "down up",
    ),
    "no prefix": ("{name}.lora_{half}", "text_encoder.{name}.lora_{half}", "A B"),
}
"""How other programs name the weights of a U-Net and of a text encoder, and the two halves."""

Factors = dict[tuple[str, str], tuple[Tensor, Tensor]]


def networks_of(model: Checkpoint) -> dict[str, Any]:
    """The networks that LoRAs add to, by the names of their folders."""
    texts = zip(("text_encoder", "text_encoder_2"), model.text.clips, strict=False)
    return {"unet": model.denoiser.unet, **{name: clip.model for name, clip in texts}}


def tiny_factors(model: Checkpoint, seed: int) -> Factors:
    """`down` and `up` for layers of every kind, by network and layer."""
    generator = torch.Generator().manual_seed(seed)
    factors = {}
    for network, module in networks_of(model).items():
        for name, layer in module.named_modules():
            if not _is_wanted(name) or not isinstance(layer, nn.Linear | nn.Conv2d):
                continue
            shape = layer.weight.shape
            down = torch.randn((RANK, *shape[1:]), generator=generator) / shape[1:].numel() ** 0.5
            up = torch.randn((shape[0], RANK, *[1] * (len(shape) - 2)), generator=generator)
            factors[network, name] = down, 0.3 * up
    return factors


def _is_wanted(name: str) -> bool:
    parts = ("attn2.to_", "proj_in", "ff.net.0", "time_emb_proj", "conv2", "q_proj", "fc1")
    return any(part in name for part in parts)


def write_tiny_lora(factors: Factors, path: Path, layout: str, original: bool = False) -> Path:
    """Write a LoRA of strength ALPHA / RANK; `original` names the U-Net's layers as SDXL's
    trainers do."""
    weights: dict[str, Tensor] = {}
    names = [f"{name}.weight" for network, name in factors if network == "unet"]
    for (network, name), (down, up) in factors.items():
        if layout == "kohya":
            shown = name
            if original and network == "unet":
                shown = original_name(f"{name}.weight", names).removesuffix(".weight")
            weights |= _kohya(network, shown, down, up, original)
        elif layout == "peft":
            weights[f"{network}.{name}.lora_A.weight"] = down
            weights[f"{network}.{name}.lora_B.weight"] = up
        else:
            weights |= _diffusers(network, name, down, up * (ALPHA / RANK))
    metadata = {}
    if layout == "peft":
        said = {f"{network}.lora_alpha": ALPHA for network, _ in factors}
        metadata["lora_adapter_metadata"] = json.dumps(said)
    save_file({name: one.contiguous() for name, one in weights.items()}, path, metadata)
    return path


def write_as(factors: Factors, path: Path, writer: str) -> Path:
    """Write a LoRA with the names of one of `WRITERS`, of strength ALPHA / RANK."""
    unet, text, halves = WRITERS[writer]
    names = [f"{name}.weight" for network, name in factors if network == "unet"]
    weights = {}
    for (network, name), (down, up) in factors.items():
        name = name.removeprefix("text_model.")
        places = {"name": name, "flat": name.replace(".", "_")}
        if network == "unet":
            places["original"] = original_name(f"{name}.weight", names).removesuffix(".weight")
        pattern = unet if network == "unet" else text
        for half, weight in zip(halves.split(), (down, up * (ALPHA / RANK)), strict=True):
            weights[pattern.format(half=half, **places)] = weight.contiguous()
    save_file(weights, path)
    return path


def _kohya(network: str, name: str, down: Tensor, up: Tensor, original: bool) -> dict[str, Tensor]:
    if network == "unet":
        flat = f"lora_unet_{name.replace('.', '_')}"
    else:
        number = "2" if network.endswith("2") else "1" if original else ""
        flat = f"lora_te{number}_text_model_{name.removeprefix('text_model.').replace('.', '_')}"
    return {
        f"{flat}.lora_down.weight": down,
        f"{flat}.lora_up.weight": up,
        f"{flat}.alpha": torch.tensor(ALPHA),
    }


def _diffusers(network: str, name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    """As diffusers wrote them before peft; attention's layers belong to its processor."""
    stem, _, layer = name.removesuffix(".0").rpartition(".")
    if "attn" in stem and network == "unet":
        place = f"unet.{stem}.processor.{layer}_lora"
    elif network == "unet":
        place = f"unet.{name}.lora"
    else:
        place = f"{network}.{name}.lora_linear_layer"
    return {f"{place}.down.weight": down, f"{place}.up.weight": up}
