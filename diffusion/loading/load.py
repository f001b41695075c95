"""Load a model: find its components, check that they fit together, and assemble a checkpoint.

A model is a folder in diffusers' layout, a single `.safetensors` file, or a name on the hub.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from diffusion.loading.components import ModelComponents, TextEncoderComponents
from diffusion.loading.diffusers_folder import read_folder
from diffusion.loading.hashes import model_hash
from diffusion.loading.hub import fetch, is_hub_name
from diffusion.loading.lora_folder import find_loras
from diffusion.loading.single_file import read_file
from diffusion.nn.lora_layers import LoraLayers
from diffusion.nn.model_files import CheckpointError as CheckpointError
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import MAX_STEPS
from diffusion.sampling.denoiser import PREDICTION_TYPES, Denoiser
from diffusion.sampling.noise_schedules import (
    BETA_SCHEDULES,
    TrainedLevels,
    trained_levels,
    zero_terminal,
)
from diffusion.text.encoder import ClipEncoder, TextEncoder
from diffusion.vision.autoencoder import Decoder
from diffusion.vision.interrogator import Interrogator, load_interrogator
from diffusion.vision.upscaler import Upscaler, load_upscaler

MAX_TIMESTEPS = 1 << 14
"""The most training timesteps; all models in use have 1000."""

EMBEDDED = Path(__file__).parent.parent / "mini"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model that is ready to generate pictures."""

    info: ModelInfo
    text: TextEncoder
    denoiser: Denoiser
    decoder: Decoder
    interrogator: Interrogator
    upscaler: Upscaler | None = None


def load(
    model: Path,
    device: torch.device,
    dtype: torch.dtype | None = None,
    loras: Path | None = None,
) -> Checkpoint:
    """Load a model. Raises CheckpointError if anything is missing or invalid.

    `dtype` is for the U-Net and the text encoders; by default bfloat16 on a GPU (half the memory,
    more than twice the speed) and float32 elsewhere. `loras` is a folder of LoRA files, in addition
    to those that the model names itself; files in it that cannot be used are skipped.
    """
    dtype = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
    parts = _found(model, dtype)
    _check_fit(parts)
    levels, prediction_type = _scheduler(parts)
    unet, vae = _ready(parts.unet, device), _ready(parts.vae, device)
    preview = parts.preview and _ready(parts.preview, device)
    decoder = Decoder(vae, vae.config, preview)
    double = len(parts.encoders) == 2
    clips = [
        ClipEncoder(encoder.tokenizer, _ready(encoder.model, device), penultimate=double)
        for encoder in parts.encoders
    ]
    encoders = zip(("text_encoder", "text_encoder_2"), (clip.model for clip in clips), strict=False)
    networks = {"unet": unet, **dict(encoders)}
    found_loras = find_loras(parts, loras, networks)
    lora_layers = LoraLayers(found_loras.deltas)
    first = clips[0]
    interrogator = load_interrogator(parts.place, first.tokenizer, first.model, device)
    upscaler = load_upscaler(parts.place, device)
    info = _info(parts, decoder.factor, lora_layers.names)
    return Checkpoint(
        info=replace(
            info,
            describes=interrogator.sees,
            upscales=upscaler.factor if upscaler else 1,
            model_hash=model_hash(parts.place),
            lora_hashes=found_loras.hashes,
            skipped_loras=found_loras.skipped,
        ),
        text=TextEncoder(clips, double, parts.empty_is_zero, lora_layers),
        denoiser=Denoiser(unet, levels, prediction_type, decoder.factor, lora_layers),
        decoder=decoder,
        interrogator=interrogator,
        upscaler=upscaler,
    )


def _found(model: Path, dtype: torch.dtype) -> ModelComponents:
    if model.suffix == ".safetensors" and model.is_file():
        return read_file(model, dtype)
    if model.is_file():
        raise CheckpointError(
            f"{model} is not a .safetensors file. Other formats can contain code."
        )
    if not model.exists() and is_hub_name(str(model)):
        return read_folder(fetch(str(model)), dtype, name=model.name)
    return read_folder(model, dtype)


def _ready(network: Any, device: torch.device) -> Any:
    return network.to(device).requires_grad_(False).eval()


def _scheduler(parts: ModelComponents) -> tuple[TrainedLevels, str]:
    """The noise levels the model was trained on, and its prediction type."""
    path, config = parts.place, parts.scheduler
    if path.is_dir():
        path = path / "scheduler" / "scheduler_config.json"
    schedule = config.get("beta_schedule", "linear")
    prediction_type = config.get("prediction_type", "epsilon")
    if schedule not in BETA_SCHEDULES:
        raise CheckpointError(f"{path} has the unknown beta_schedule {schedule!r}.")
    if prediction_type not in PREDICTION_TYPES:
        raise CheckpointError(f"{path} has the unknown prediction_type {prediction_type!r}.")
    if config.get("trained_betas"):
        raise CheckpointError(f"{path} sets trained_betas, which is not supported yet.")
    try:
        count = int(config.get("num_train_timesteps", 1000))
        if count > MAX_TIMESTEPS:
            raise ValueError(f"it has more than {MAX_TIMESTEPS} timesteps")
        betas = BETA_SCHEDULES[schedule](
            float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02)), count
        )
        if config.get("rescale_betas_zero_snr"):
            betas = zero_terminal(betas)
        levels = trained_levels(betas, int(config.get("steps_offset", 0)))
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
    if count < MAX_STEPS or not bool((levels.sigmas.diff() > 0).all()):
        raise CheckpointError(
            f"{path} must describe noise that rises over at least {MAX_STEPS} timesteps."
        )
    return levels, prediction_type


def _check_fit(parts: ModelComponents) -> None:
    """Raise CheckpointError if the components belong to different or unsupported models."""
    unet, vae, place = parts.unet.config, parts.vae.config, parts.place
    if unet.in_channels != unet.out_channels or unet.in_channels != vae.latent_channels:
        raise CheckpointError(
            f"The U-Net in {place} takes {unet.in_channels} channels and the autoencoder has "
            f"{vae.latent_channels}: only text-to-picture models are supported."
        )
    width = sum(encoder.model.config.hidden_size for encoder in parts.encoders)
    if unet.cross_attention_dim != width:
        raise CheckpointError(
            f"The U-Net in {place} expects texts of width {unet.cross_attention_dim}, but its "
            f"text encoders produce {width}."
        )
    if unet.class_embed_type or unet.addition_embed_type not in (None, "text_time"):
        raise CheckpointError(
            f"The U-Net in {place} needs more conditions than texts, which is not supported."
        )
    given = 0
    if len(parts.encoders) == 2:
        pooled = parts.encoders[-1].model.config.projection_dim
        given = pooled + 6 * (unet.addition_time_embed_dim or 0)
    if (unet.projection_class_embeddings_input_dim or 0) != given:
        raise CheckpointError(
            f"The U-Net in {place} expects {unet.projection_class_embeddings_input_dim or 0} "
            f"numbers beside the text, but its text encoders and sizes give {given}."
        )
    for encoder in parts.encoders:
        _check_tokens(encoder, place)


def _check_tokens(encoder: TextEncoderComponents, place: Path) -> None:
    known, spoken = len(encoder.tokenizer), encoder.model.config.vocab_size
    if known > spoken:
        raise CheckpointError(
            f"The tokenizer in {place} has {known} tokens, but its text encoder only {spoken}."
        )


def _info(parts: ModelComponents, factor: int, loras: tuple[str, ...]) -> ModelInfo:
    """The model's description: from `darkroom.json` if there is one, and from its components.

    The U-Net takes latents of any size, so sizes go in steps of the autoencoder's factor. They may
    be at most four times smaller or larger than the native size; beyond it pictures fall apart.
    """
    path, settings = parts.sidecar, parts.settings
    sample_size = parts.unet.config.sample_size
    cells = sample_size if isinstance(sample_size, int) else 64
    native = settings.get("native_size", cells * factor)
    if not isinstance(native, int) or native <= 0 or native % factor:
        raise CheckpointError(f"{path} must have a native_size that is a multiple of {factor}.")
    try:
        info = ModelInfo.from_json(
            {
                "id": settings.get("name", parts.name),
                "native_size": native,
                "num_inference_steps": settings.get("steps", 25),
                "guidance_scale": settings.get("guidance_scale", 7.0),
                "guidance_rescale": settings.get("guidance_rescale"),
                "sampler": settings.get("sampler"),
                "spacing": settings.get("spacing"),
                "styles": settings.get("styles", {}),
                "examples": settings.get("examples", []),
                "multiple": factor,
                "edits": True,
                "outpaints": settings.get("outpaints", True),
                "min_size": max(native // 4 // factor, 1) * factor,
                "max_size": min(native * 4, 2048),
                "aesthetic": settings.get("aesthetic", ""),
                "tiles": True,
                "loras": list(loras),
            }
        )
    except InvalidField as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
    _check_styles(info.styles, path)
    return info


def _check_styles(styles: Mapping[str, str], path: Path) -> None:
    for style, template in styles.items():
        if "{prompt}" not in template:
            raise CheckpointError(f"{path} must have {{prompt}} in its style {style!r}.")
