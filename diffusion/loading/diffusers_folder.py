"""Load a model folder in diffusers' layout: SD 1.x, SD 2.x or SDXL.

Loading is strict. The libraries fill missing weights with random numbers and only log it, and the
pictures then look like those of a bad model. Here a missing weight is an error.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from diffusion.loading.components import ModelComponents, TextEncoderComponents
from diffusion.nn.config_limits import check_network, check_texts
from diffusion.nn.model_files import CheckpointError, first_line, read_json, read_json_if_there


def read_folder(folder: Path, dtype: torch.dtype, name: str = "") -> ModelComponents:
    """Load the components in `folder`; the U-Net and the text encoders in `dtype`.

    The autoencoder stays in float32: it runs only once per picture, and SDXL's overflows in
    float16. Raises CheckpointError.
    """
    if not (folder / "unet").is_dir():
        raise CheckpointError(
            f"There is no model in {folder}: expected a folder with unet, vae, text_encoder, "
            "tokenizer and scheduler in it."
        )
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    sidecar = folder / "darkroom.json"
    settings = read_json_if_there(sidecar)
    index = read_json_if_there(folder / "model_index.json")
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    double = (folder / "text_encoder_2").is_dir()
    encoders = [_encoder(folder, "", CLIPTextModel, dtype)]
    if double:
        encoders.append(_encoder(folder, "_2", CLIPTextModelWithProjection, dtype))
    return ModelComponents(
        place=folder,
        name=name or folder.resolve().name,
        sidecar=sidecar,
        unet=read_network(UNet2DConditionModel, folder / "unet", dtype),
        vae=read_network(AutoencoderKL, folder / "vae", torch.float32),
        encoders=tuple(encoders),
        scheduler=scheduler,
        empty_is_zero=double and bool(index.get("force_zeros_for_empty_prompt", True)),
        preview=read_preview(folder, settings.get("preview_vae", "preview_vae"), dtype),
        settings=settings,
    )


def read_preview(folder: Path, name: object, dtype: torch.dtype) -> Any:
    """The `AutoencoderTiny` in the subfolder `name`, or None. Raises CheckpointError."""
    if not isinstance(name, str):
        raise CheckpointError(f"{folder / 'darkroom.json'} must have a folder as preview_vae.")
    if name == "preview_vae" and not (folder / name).is_dir():
        return None
    return read_network(AutoencoderTiny, folder / name, dtype)


def read_network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load one network from safetensors: a pickle could run any code. Raises CheckpointError."""
    plain = any(not path.stem.endswith(".fp16") for path in folder.glob("*.safetensors"))
    check_network(kind, folder)
    options: dict[str, Any] = {} if plain else {"variant": "fp16"}
    if kind not in (CLIPTextModel, CLIPTextModelWithProjection):
        options["low_cpu_mem_usage"] = False  # True would need accelerate
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
        raise CheckpointError(f"The weights in {folder}: {first_line(error)}") from error
    for trouble in ("missing_keys", "mismatched_keys", "error_msgs"):
        if report.get(trouble):
            raise CheckpointError(
                f"The weights in {folder} do not fit their config: {len(report[trouble])} "
                f"{trouble.replace('_', ' ')}, such as {sorted(map(str, report[trouble]))[0]}."
            )
    return network


def _encoder(folder: Path, place: str, kind: Any, dtype: torch.dtype) -> TextEncoderComponents:
    return TextEncoderComponents(
        _tokenizer(folder / f"tokenizer{place}"),
        read_network(kind, folder / f"text_encoder{place}", dtype),
    )


def _tokenizer(folder: Path) -> Any:
    # Without its files, transformers silently makes a tokenizer without a vocabulary.
    if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
        raise CheckpointError(f"There is no tokenizer.json or vocab.json in {folder}.")
    check_texts(folder)
    try:
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise CheckpointError(f"The tokenizer in {folder}: {first_line(error)}") from error
