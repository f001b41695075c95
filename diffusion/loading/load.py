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
from diffusion.loading.foreign_models import CONVERT
from diffusion.loading.hashes import model_hash
from diffusion.loading.hub import fetch, is_hub_name
from diffusion.loading.lora_folder import find_loras
from diffusion.loading.model_defaults import Defaults
from diffusion.loading.scheduler_config import TrainedNoise, read_scheduler
from diffusion.loading.single_file import read_file
from diffusion.nn.lora_layers import LoraLayers
from diffusion.nn.model_files import CheckpointError as CheckpointError
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo
from diffusion.sampling.denoiser import Denoiser
from diffusion.text.encoder import ClipEncoder, TextEncoder
from diffusion.vision.autoencoder import Decoder
from diffusion.vision.interrogator import Interrogator, load_interrogator
from diffusion.vision.upscaler import Upscaler, load_upscaler

EMBEDDED = Path(__file__).parent.parent / "mini"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model that is ready to generate pictures.

    `single_subject`: it draws one thing on a plain background, in its native size only.
    """

    info: ModelInfo
    text: TextEncoder
    denoiser: Denoiser
    decoder: Decoder
    interrogator: Interrogator
    upscaler: Upscaler | None = None
    single_subject: bool = False


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
    noise = _noise(parts)
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
    readers = {name: file.read for name, file in found_loras.files.items()}
    lora_layers = LoraLayers(readers, found_loras.layers)
    first = clips[0]
    interrogator = load_interrogator(parts.place, first.tokenizer, first.model, device)
    upscaler = load_upscaler(parts.place, device)
    info = _info(parts, decoder.factor, lora_layers.names, noise.defaults)
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
        denoiser=Denoiser(
            unet,
            noise.levels,
            noise.prediction_type,
            decoder.factor,
            lora_layers,
            noise.sigma_data,
        ),
        decoder=decoder,
        interrogator=interrogator,
        upscaler=upscaler,
        single_subject=_is_single_subject(parts),
    )


def _found(model: Path, dtype: torch.dtype) -> ModelComponents:
    if model.suffix == ".safetensors" and model.is_file():
        return read_file(model, dtype)
    if model.is_file():
        raise CheckpointError(
            f"{model} is not a .safetensors file. Other formats can contain code. {CONVERT}"
        )
    if not model.exists() and is_hub_name(str(model)):
        return read_folder(fetch(str(model)), dtype, name=model.name)
    return read_folder(model, dtype)


def _ready(network: Any, device: torch.device) -> Any:
    return network.to(device).requires_grad_(False).eval()


def _noise(parts: ModelComponents) -> TrainedNoise:
    """How the model was trained, by its scheduler's config."""
    place = parts.place
    if place.is_dir():
        place = place / "scheduler" / "scheduler_config.json"
    guides_itself = parts.unet.config.time_cond_proj_dim is not None
    return read_scheduler(parts.scheduler, str(place), parts.name, guides_itself)


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
    if (
        unet.class_embed_type
        or unet.num_class_embeds
        or unet.encoder_hid_dim_type
        or unet.addition_embed_type not in (None, "text_time")
    ):
        raise CheckpointError(
            f"The U-Net in {place} needs more conditions than texts, which is not supported."
        )
    _check_told(parts)
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


def _check_told(parts: ModelComponents) -> None:
    """Check the numbers in the configs that we use ourselves."""
    told = parts.unet.config.time_cond_proj_dim
    if told is not None and (not isinstance(told, int) or told < 4):
        raise CheckpointError(f"The U-Net in {parts.place} has {told!r} as time_cond_proj_dim.")
    for name in ("latents_mean", "latents_std"):
        numbers = getattr(parts.vae.config, name, None)
        if numbers is None:
            continue
        channels = parts.vae.config.latent_channels
        alike = isinstance(numbers, list | tuple) and len(numbers) == channels
        if not alike or not all(isinstance(one, int | float) for one in numbers):
            raise CheckpointError(
                f"The autoencoder in {parts.place} must have one number per channel as {name}."
            )
        if name == "latents_std" and not all(one > 0 for one in numbers):
            raise CheckpointError(
                f"The autoencoder in {parts.place} must have numbers above 0 as {name}."
            )


def _check_tokens(encoder: TextEncoderComponents, place: Path) -> None:
    known, spoken = len(encoder.tokenizer), encoder.model.config.vocab_size
    if known > spoken:
        raise CheckpointError(
            f"The tokenizer in {place} has {known} tokens, but its text encoder only {spoken}."
        )


def _is_single_subject(parts: ModelComponents) -> bool:
    said = parts.settings.get("single_subject", False)
    if not isinstance(said, bool):
        raise CheckpointError(f"{parts.sidecar} must have true or false as single_subject.")
    return said


def _info(
    parts: ModelComponents, factor: int, loras: tuple[str, ...], defaults: Defaults
) -> ModelInfo:
    """The model's description: from `darkroom.json` if there is one, and from its components.

    `defaults` are those that its scheduler brings.

    The U-Net takes latents of any size, so sizes go in steps of the autoencoder's factor. They may
    be at most four times smaller or larger than the native size; beyond it pictures fall apart.
    """
    path, settings = parts.sidecar, parts.settings
    usual = {"num_inference_steps": 25, "guidance_scale": 7.0, **defaults}
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
                "num_inference_steps": settings.get("steps", usual["num_inference_steps"]),
                "guidance_scale": settings.get("guidance_scale", usual["guidance_scale"]),
                "guidance_rescale": settings.get("guidance_rescale"),
                "sampler": settings.get("sampler", usual.get("sampler")),
                "spacing": settings.get("spacing", usual.get("spacing")),
                "styles": settings.get("styles", {}),
                "examples": settings.get("examples", []),
                "multiple": factor,
                "edits": True,
                "outpaints": settings.get("outpaints", True),
                "min_size": max(native // 4 // factor, 1) * factor,
                "max_size": min(native * 4, 2048),
                "aesthetic": settings.get("aesthetic", ""),
                "vocabulary": settings.get("vocabulary"),
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
