"""Load a single `.safetensors` file of SD 1.x, SD 2.x or SDXL, in the original layout.

Such a file has all weights but no configs. The configs are inferred from the weights, the rest is
known per family. diffusers converts the names. Loading is strict: no weight may be missing.
"""

# mypy: allow-untyped-calls

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from safetensors import safe_open
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
)

from diffusion.loading.clip_tokenizer import clip_tokenizer
from diffusion.loading.components import ModelComponents, TextEncoderComponents
from diffusion.loading.diffusers_folder import read_preview
from diffusion.loading.file_marks import read_marks
from diffusion.loading.foreign_models import what_file_holds
from diffusion.loading.infer_config import (
    Weights,
    added_conditions_config,
    strip_prefix,
    text_sizes,
    unet_config,
    vae_config,
)
from diffusion.nn.model_files import CheckpointError, first_line, read_json_if_there

UNET = "model.diffusion_model."
GUIDANCE_WEIGHT = f"{UNET}time_embed.cond_proj.weight"
TEXT_ENCODER = "cond_stage_model.transformer."

SCALES = (".scale_weight", ".weight_scale")
"""The scales of weights in 8 bits, by ComfyUI and by others."""

OPEN_CLIP_LAYERS = 24
"""Layers of SD 2.x's text encoder, of which it uses all but the last."""

OF_ACTIVATIONS = (".scale_input", ".input_scale", ".comfy_quant", "scaled_fp8")
"""What only matters to programs that compute in 8 bits."""


@dataclass(frozen=True, slots=True)
class Family:
    """What cannot be inferred from the weights of a model family.

    `clip` and `open_clip` are the name prefixes of its text encoders, or empty. `heads` is the
    number of attention heads per block, or None for heads of 64 channels. `cells` is the side of
    latents at the native size.
    """

    clip: str
    open_clip: str
    heads: int | None
    cells: int
    prediction_type: str
    scaling_factor: float


FAMILIES_BY_WEIGHT = {
    "conditioner.embedders.1.model.ln_final.weight": Family(
        clip="conditioner.embedders.0.transformer.text_model.",
        open_clip="conditioner.embedders.1.model.",
        heads=None,
        cells=128,
        prediction_type="epsilon",
        scaling_factor=0.13025,
    ),
    "cond_stage_model.model.ln_final.weight": Family(
        clip="",
        open_clip="cond_stage_model.model.",
        heads=None,
        cells=96,
        prediction_type="v_prediction",
        scaling_factor=0.18215,
    ),
    "cond_stage_model.transformer.text_model.final_layer_norm.weight": Family(
        clip="cond_stage_model.transformer.text_model.",
        open_clip="",
        heads=8,
        cells=64,
        prediction_type="epsilon",
        scaling_factor=0.18215,
    ),
}
"""SDXL, SD 2.x and SD 1.x, each by the name of a weight that only it has."""


def read_file(path: Path, dtype: torch.dtype) -> ModelComponents:
    """Load the components in one file. Raises CheckpointError.

    There may be a `NAME.darkroom.json` beside `NAME.safetensors`. It can also set the
    `prediction_type`, if the file does not say it and the family's default is wrong.
    """
    sidecar = path.with_name(f"{path.stem}.darkroom.json")
    settings = read_json_if_there(sidecar)
    weights, metadata = _read(path, dtype)
    family = next((known for name, known in FAMILIES_BY_WEIGHT.items() if name in weights), None)
    if family is None:
        raise CheckpointError(
            f"{path} holds no SD 1.x, SD 2.x or SDXL model, but {what_file_holds(weights)}."
        )
    scheduler, of_latents = read_marks(weights, metadata, path, family.prediction_type, settings)
    try:
        unet = unet_config(weights, family.heads, family.cells)
        vae = vae_config(weights, family.cells, family.scaling_factor) | of_latents
        encoders = _encoders(weights, family, dtype, path)
    except LookupError as error:
        raise CheckpointError(f"{path} is not whole: {first_line(error)}.") from error
    if len(encoders) == 2:
        unet |= added_conditions_config(weights, encoders[-1].model.config.projection_dim)
    return ModelComponents(
        place=path,
        name=path.stem,
        sidecar=sidecar,
        unet=_load_weights(
            lambda: UNet2DConditionModel(**unet),
            _converted_unet(weights, unet, path),
            dtype,
            f"The U-Net in {path}",
        ),
        vae=_load_weights(
            lambda: AutoencoderKL(**vae),
            convert_ldm_vae_checkpoint(dict(weights), vae),
            torch.float32,
            f"The autoencoder in {path}",
        ),
        encoders=encoders,
        scheduler=scheduler,
        empty_is_zero=len(encoders) == 2,
        preview=read_preview(path.parent, settings["preview_vae"], dtype)
        if "preview_vae" in settings
        else None,
        settings=settings,
    )


def _read(path: Path, dtype: torch.dtype) -> tuple[Weights, Mapping[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            names: list[str] = file.keys()
            weights = {_usual_name(name): file.get_tensor(name) for name in names}
            metadata: Mapping[str, str] = file.metadata() or {}
    except Exception as error:
        raise CheckpointError(f"{path} cannot be read: {first_line(error)}") from error
    return _scaled(weights, dtype, path), metadata


def _usual_name(name: str) -> str:
    """A weight's name as SD 1.x has it; NovelAI and early trainers leave `text_model` out."""
    rest = name.removeprefix(TEXT_ENCODER)
    if rest != name and rest.startswith(("embeddings.", "encoder.", "final_layer_norm.")):
        return f"{TEXT_ENCODER}text_model.{rest}"
    return name


def _scaled(weights: Weights, dtype: torch.dtype, path: Path) -> Weights:
    """The weights without quantisation: numbers in 8 bits are multiplied by the scale beside them.

    Raises CheckpointError for other kinds of quantisation.
    """
    for name in [name for name in weights if name.endswith(SCALES)]:
        scale = weights.pop(name).float()
        scaled = f"{name.rpartition('.')[0]}.weight"
        weight = weights.get(scaled)
        if weight is None or scale.numel() not in (1, len(weight)):
            raise CheckpointError(f"{path} has {name}, a scale that fits no weight.")
        if scale.numel() > 1:
            scale = scale.reshape(-1, *[1] * (weight.ndim - 1))
        weights[scaled] = (weight.float() * scale).reshape(weight.shape).to(dtype)
    weights = {name: one for name, one in weights.items() if not name.endswith(OF_ACTIVATIONS)}
    for name, weight in weights.items():
        if name.endswith(".weight") and not weight.is_floating_point():
            raise CheckpointError(
                f"{path} has weights that are quantised to {weight.dtype}, such as {name}; only "
                "float8, float16, bfloat16 and float32 are supported."
            )
    return weights


def _converted_unet(weights: Weights, config: dict[str, Any], path: Path) -> Weights:
    """The U-Net's weights by diffusers' names. Raises CheckpointError if one has no name there."""
    converted: Weights = convert_ldm_unet_checkpoint(dict(weights), config)
    embedding = weights.get(GUIDANCE_WEIGHT)
    if embedding is not None:
        converted["time_embedding.cond_proj.weight"] = embedding
    used = {id(weight) for weight in converted.values()}
    for name, weight in weights.items():
        if name.startswith(UNET) and id(weight) not in used:
            raise CheckpointError(f"The U-Net in {path} has {name}, which is not supported.")
    return converted


def _encoders(
    weights: Weights, family: Family, dtype: torch.dtype, path: Path
) -> tuple[TextEncoderComponents, ...]:
    encoders = []
    if family.clip:
        clip = strip_prefix(weights, family.clip)
        config = CLIPTextConfig(
            **text_sizes(
                clip,
                "embeddings.token_embedding.weight",
                "embeddings.position_embedding.weight",
                "encoder.layers",
                "fc1",
            ),
            hidden_act="quick_gelu",
        )
        model = _load_weights(
            lambda: CLIPTextModel(config),
            clip,
            dtype,
            f"The text encoder in {path}",
            on_meta=False,
        )
        encoders.append(TextEncoderComponents(clip_tokenizer("<|endoftext|>"), model))
    if family.open_clip:
        open_clip = strip_prefix(weights, family.open_clip)
        sizes = text_sizes(
            open_clip,
            "token_embedding.weight",
            "positional_embedding",
            "transformer.resblocks",
            "c_fc",
        )
        encoders.append(_open_clip(weights, open_clip, sizes, family, dtype, path))
    return tuple(encoders)


def _open_clip(
    weights: Weights,
    open_clip: Weights,
    sizes: dict[str, Any],
    family: Family,
    dtype: torch.dtype,
    path: Path,
) -> TextEncoderComponents:
    """The OpenCLIP encoder: of SDXL with its projection, of SD 2.x without its last layer.

    diffusers' own conversion leaves out what SD 2.x does not use: that layer, and the projection.
    """
    kind: Any = CLIPTextModelWithProjection
    pooled = sizes["hidden_size"]
    if family.clip:
        pooled = open_clip["text_projection"].shape[1]
    else:
        kind, layers = CLIPTextModel, sizes["num_hidden_layers"]
        published = layers in (OPEN_CLIP_LAYERS - 1, OPEN_CLIP_LAYERS)
        spare = layers == OPEN_CLIP_LAYERS if published else "text_projection" in open_clip
        sizes = sizes | {"num_hidden_layers": layers - spare}
    config = CLIPTextConfig(**sizes, hidden_act="gelu", projection_dim=pooled)
    converted = convert_open_clip_checkpoint(kind(config), dict(weights), family.open_clip)
    if kind is CLIPTextModel:
        converted = {name.removeprefix("text_model."): one for name, one in converted.items()}
    what = f"The text encoder in {path}"
    model = _load_weights(lambda: kind(config), converted, dtype, what, on_meta=False)
    return TextEncoderComponents(clip_tokenizer("!"), model)


def _load_weights(
    build: Callable[[], Any],
    weights: Weights,
    dtype: torch.dtype,
    what: str,
    on_meta: bool = True,
) -> Any:
    """Build a network and assign its weights; `on_meta` skips the random initialisation."""
    try:
        if on_meta:
            with torch.device("meta"):
                network = build()
        else:
            network = build()
        report = network.load_state_dict(
            {name: weight.to(dtype) for name, weight in weights.items()}, strict=False, assign=True
        )
    except Exception as error:
        raise CheckpointError(f"{what} cannot be used: {first_line(error)}") from error
    if report.missing_keys:
        raise CheckpointError(
            f"{what} lacks {len(report.missing_keys)} weights, such as {report.missing_keys[0]}."
        )
    return network
