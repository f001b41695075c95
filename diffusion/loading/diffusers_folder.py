"""Load a model folder in diffusers' layout: SD 1.x, SD 2.x or SDXL.

Loading is strict. The libraries fill missing weights with random numbers and only log it, and the
pictures then look like those of a bad model. Here a missing weight is an error.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from diffusion.loading.components import ModelComponents, TextEncoderComponents
from diffusion.loading.foreign_models import CONVERT, check_class, check_folder
from diffusion.nn.config_limits import check_network, check_texts
from diffusion.nn.model_files import CheckpointError, first_line, read_json, read_json_if_there

WEIGHTS = re.compile(
    r"(model|diffusion_pytorch_model)(\.(?P<variant>[\w]+))?(-\d+-of-\d+)?\.safetensors"
)
"""The names of files with weights."""

PICKLES = (".bin", ".ckpt", ".pt", ".pth")

VOCABULARY_FILE = "darkroom_vocabulary.json"
"""The words that a small model was taught: too many for `darkroom.json`, which people read."""

CLASSES = {
    UNet2DConditionModel: ("UNet2DConditionModel",),
    AutoencoderKL: ("AutoencoderKL",),
    AutoencoderTiny: ("AutoencoderTiny",),
    CLIPTextModel: ("CLIPTextModel", "CLIPModel", "CLIPTextModelWithProjection"),
    CLIPTextModelWithProjection: ("CLIPTextModelWithProjection", "CLIPModel"),
}
"""The classes that a network's config may name."""


def read_folder(folder: Path, dtype: torch.dtype, name: str = "") -> ModelComponents:
    """Load the components in `folder`; the U-Net and the text encoders in `dtype`.

    The autoencoder stays in float32: it runs only once per picture, and SDXL's overflows in
    float16. Raises CheckpointError.
    """
    check_folder(folder)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    sidecar = folder / "darkroom.json"
    settings = _with_vocabulary(folder, read_json_if_there(sidecar))
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


def _with_vocabulary(folder: Path, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    words = read_json_if_there(folder / VOCABULARY_FILE)
    return {**settings, "vocabulary": words} if words else settings


def read_preview(folder: Path, name: object, dtype: torch.dtype) -> Any:
    """The `AutoencoderTiny` in the subfolder `name`, or None. Raises CheckpointError."""
    if not isinstance(name, str):
        raise CheckpointError(f"{folder / 'darkroom.json'} must have a folder as preview_vae.")
    if name == "preview_vae" and not (folder / name).is_dir():
        return None
    return read_network(AutoencoderTiny, folder / name, dtype)


def read_network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load one network from safetensors: a pickle could run any code. Raises CheckpointError."""
    variant = _variant(folder)
    check_class(folder, CLASSES[kind])
    check_network(kind, folder)
    options: dict[str, Any] = {"variant": variant} if variant else {}
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
    if unknown := [name for name in report.get("unexpected_keys") or () if _matters(kind, name)]:
        raise CheckpointError(
            f"The weights in {folder} have {sorted(unknown)[0]}, which is not supported."
        )
    return network


def _matters(kind: Any, name: str) -> bool:
    """Whether a weight that the network has no place for would change its output."""
    if kind in (UNet2DConditionModel, AutoencoderKL):
        return True
    return name.endswith(("scale_weight", "weight_scale"))


def _variant(folder: Path) -> str:
    """Which copy of the weights to load: the plain one, fp16, or the only one. In one file or many.

    Raises CheckpointError if there are only pickles.
    """
    names = [WEIGHTS.fullmatch(path.name) for path in sorted(folder.glob("*.safetensors"))]
    variants = {found["variant"] or "" for found in names if found}
    if variants:
        return "" if "" in variants else "fp16" if "fp16" in variants else min(variants)
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in PICKLES)
    if pickles and not any(folder.glob("*.safetensors")):
        raise CheckpointError(
            f"{folder} has its weights only in {pickles[0]}, which can contain code and is not "
            f"read. {CONVERT}"
        )
    return ""


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
