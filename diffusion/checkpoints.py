"""Loading a model: a folder in the layout that diffusers gives a Stable Diffusion 1.x checkpoint.

Loading is strict. A library that finds a weight missing fills it with chance and says so in a
log at most, and the pictures are then noise that looks like a bad model; here it is a refusal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from diffusion.conditioning import TextEncoder
from diffusion.denoiser import PREDICTION_TYPES, Denoiser
from diffusion.pictures import Decoder
from diffusion.protocol import MAX_STEPS, InvalidField, ModelInfo
from diffusion.schedules import SCHEDULES, TrainedLevels, trained_levels

EMBEDDED = Path(__file__).parent / "mini"


class CheckpointError(Exception):
    """A model cannot be loaded; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model ready to draw, and what it says of itself."""

    info: ModelInfo
    text: TextEncoder
    denoiser: Denoiser
    decoder: Decoder


def load(folder: Path, device: torch.device) -> Checkpoint:
    """Load the model in `folder`. Raises CheckpointError where anything is missing or amiss."""
    if not (folder / "unet").is_dir():
        raise CheckpointError(
            f"There is no model in {folder}: expected a folder with unet, vae, text_encoder, "
            "tokenizer and scheduler in it."
        )
    # Half the memory and more than twice the speed where hardware has it; a CPU mostly has not.
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    levels, prediction_type = _scheduler(folder)
    unet = _network(UNet2DConditionModel, folder / "unet", device, dtype)
    vae = _network(AutoencoderKL, folder / "vae", device, torch.float32)
    text_model = _network(CLIPTextModel, folder / "text_encoder", device, dtype)
    tokenizer = _tokenizer(folder / "tokenizer")
    decoder = Decoder(vae, vae.config)
    _check_fit(folder, unet.config, vae.config, text_model.config, tokenizer)
    return Checkpoint(
        info=_info(folder, unet.config.sample_size, decoder.factor),
        text=TextEncoder(tokenizer, text_model),
        denoiser=Denoiser(unet, levels, prediction_type),
        decoder=decoder,
    )


def _network(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """One network with its weights, from safetensors only: a pickle may run anything."""
    plain = any(not path.stem.endswith(".fp16") for path in folder.glob("*.safetensors"))
    options: dict[str, Any] = {} if plain else {"variant": "fp16"}
    if kind is not CLIPTextModel:
        options["low_cpu_mem_usage"] = False  # the other way needs accelerate, and says so
    try:
        network, report = kind.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            **options,
        )
    except Exception as error:
        raise CheckpointError(f"The weights in {folder}: {_first_line(error)}") from error
    for trouble in ("missing_keys", "mismatched_keys", "error_msgs"):
        if report.get(trouble):
            raise CheckpointError(
                f"The weights in {folder} do not fit their config: {len(report[trouble])} "
                f"{trouble.replace('_', ' ')}, such as {sorted(map(str, report[trouble]))[0]}."
            )
    return network.to(device).requires_grad_(False).eval()


def _tokenizer(folder: Path) -> Any:
    # Without its files the library makes a tokenizer that knows no word, and says nothing.
    if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
        raise CheckpointError(f"There is no tokenizer.json or vocab.json in {folder}.")
    try:
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise CheckpointError(f"The tokenizer in {folder}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """What a person can use of an error of the libraries, which raise all kinds, at length."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} must hold a JSON object.")
    return content


def _scheduler(folder: Path) -> tuple[TrainedLevels, str]:
    """The levels the model was trained on and what it predicts, from scheduler_config.json."""
    path = folder / "scheduler" / "scheduler_config.json"
    config = _read(path)
    schedule = config.get("beta_schedule", "linear")
    prediction_type = config.get("prediction_type", "epsilon")
    if schedule not in SCHEDULES:
        raise CheckpointError(f"{path} has the unknown beta_schedule {schedule!r}.")
    if prediction_type not in PREDICTION_TYPES:
        raise CheckpointError(f"{path} has the unknown prediction_type {prediction_type!r}.")
    for setting in ("trained_betas", "rescale_betas_zero_snr"):
        if config.get(setting):
            raise CheckpointError(f"{path} sets {setting}, which is not supported yet.")
    try:
        count = int(config.get("num_train_timesteps", 1000))
        betas = SCHEDULES[schedule](
            float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02)), count
        )
        levels = trained_levels(betas, int(config.get("steps_offset", 0)))
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
    if count < MAX_STEPS or not bool((levels.sigmas.diff() > 0).all()):
        raise CheckpointError(
            f"{path} must describe noise that rises over at least {MAX_STEPS} timesteps."
        )
    return levels, prediction_type


def _check_fit(folder: Path, unet: Any, vae: Any, text: Any, tokenizer: Any) -> None:
    """Refuse parts that are each sound but belong to different models."""
    if unet.in_channels != unet.out_channels or unet.in_channels != vae.latent_channels:
        raise CheckpointError(
            f"The U-Net in {folder} takes {unet.in_channels} channels and the autoencoder has "
            f"{vae.latent_channels}: only text-to-picture models are supported."
        )
    if unet.cross_attention_dim != text.hidden_size:
        raise CheckpointError(
            f"The U-Net in {folder} listens to texts of width {unet.cross_attention_dim}, its "
            f"text encoder speaks {text.hidden_size}."
        )
    if len(tokenizer) > text.vocab_size:
        raise CheckpointError(
            f"The tokenizer in {folder} knows {len(tokenizer)} tokens, its text encoder only "
            f"{text.vocab_size}."
        )


def _info(folder: Path, sample_size: object, factor: int) -> ModelInfo:
    """What the model says of itself: `darkroom.json` where there is one, and what its parts imply.

    The U-Net takes latents of any size, also odd ones, so sizes go in steps of the autoencoder's
    factor. They may differ from the native size by four times at most: beyond it nothing coheres.
    """
    path = folder / "darkroom.json"
    said = _read(path) if path.is_file() else {}
    cells = sample_size if isinstance(sample_size, int) else 64
    native = said.get("native_size", cells * factor)
    if not isinstance(native, int) or native <= 0 or native % factor:
        raise CheckpointError(f"{path} must have a native_size that is a multiple of {factor}.")
    try:
        info = ModelInfo.from_json(
            {
                "id": said.get("name", folder.resolve().name),
                "native_size": native,
                "num_inference_steps": said.get("steps", 25),
                "guidance_scale": said.get("guidance_scale", 7.0),
                "sampler": said.get("sampler"),
                "spacing": said.get("spacing"),
                "styles": said.get("styles", {}),
                "examples": said.get("examples", []),
                "multiple": factor,
                "min_size": max(native // 4 // factor, 1) * factor,
                "max_size": min(native * 4, 2048),
            }
        )
    except InvalidField as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
    for style, template in info.styles.items():
        if "{prompt}" not in template:
            raise CheckpointError(f"{path} must have {{prompt}} in its style {style!r}.")
    return info
