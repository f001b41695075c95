"""What a single file says of how it was trained: in marks among its weights, in its metadata, and
in the `.yaml` of the original programs beside it.

    weights     `edm_mean`, `edm_vpred.sigma_max`, `v_pred`, `ztsnr`    as ComfyUI and Forge read
    metadata    `modelspec.*` (Stability's ModelSpec), `ss_*` (kohya's trainers)
    .yaml       `model.params` of CompVis' and Stability's programs

The first of them that says something counts. The answer is in the terms of scheduler_config.json.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml  # type: ignore[import-untyped]
from torch import Tensor

from diffusion.nn.model_files import CheckpointError, first_line

MAX_YAML_BYTES = 1 << 16
"""The longest `.yaml`; those in use have 4,000 bytes."""

_UNREADABLE = (
    yaml.YAMLError,
    ArithmeticError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading one raises if it is none of those."""

V_PREDICTION_SD2 = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
"""A weight of SD 2.x that is larger in the models that predict v, as ComfyUI found out."""

Marks = dict[str, Any]

SD: Mapping[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "steps_offset": 1,
}
PLAYGROUND: Mapping[str, Any] = {
    "_class_name": "EDMDPMSolverMultistepScheduler",
    "sigma_data": 0.5,
    "sigma_min": 0.002,
    "sigma_max": 80.0,
    "prediction_type": "epsilon",
}
COSXL: Mapping[str, Any] = {
    "_class_name": "EDMEulerScheduler",
    "sigma_data": 1.0,
    "sigma_min": 0.002,
    "sigma_max": 120.0,
    "sigma_schedule": "exponential",
    "prediction_type": "v_prediction",
}

SPOKEN = {
    "epsilon": "epsilon",
    "eps": "epsilon",
    "v": "v_prediction",
    "v_prediction": "v_prediction",
    "x0": "sample",
    "sample": "sample",
}
"""The names of prediction types in all of these places, and ours."""

SCALINGS: Mapping[str, Mapping[str, Any]] = {
    "EpsScaling": {"prediction_type": "epsilon"},
    "VScaling": {"prediction_type": "v_prediction"},
    "EDMScaling": PLAYGROUND,
    "VScalingWithEDMcNoise": COSXL,
}
"""The scalings of Stability's generative models."""


def read_marks(
    weights: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    path: Path,
    usual: str,
    settings: Mapping[str, Any],
) -> tuple[Marks, Marks]:
    """The scheduler config and the additions to the autoencoder's config. Raises CheckpointError.

    `usual` is the prediction type of the family, for files that do not say it; a `prediction_type`
    in `settings`, those of the sidecar, has the last word.
    """
    beside, scaling = _yaml(path.with_suffix(".yaml"))
    if "edm_mean" in weights and "edm_std" in weights:
        channels = {
            f"latents_{name}": _numbers(weights[f"edm_{name}"], path) for name in ("mean", "std")
        }
        return dict(PLAYGROUND), {"scaling_factor": 0.5, **channels}
    if "edm_vpred.sigma_max" in weights:
        ends = {
            name: _numbers(weights[f"edm_vpred.{name}"], path)[0]
            for name in ("sigma_min", "sigma_max")
            if f"edm_vpred.{name}" in weights
        }
        return {**COSXL, **ends}, scaling
    said = settings.get("prediction_type") or _in_metadata(metadata, path)
    zero = "ztsnr" in weights or metadata.get("ss_zero_terminal_snr", "").lower() == "true"
    scheduler = {**SD, "prediction_type": _usual(weights, usual), **beside}
    if "v_pred" in weights and "prediction_type" not in settings:
        said = "v_prediction"
    if said:
        scheduler["prediction_type"] = said
    return {**scheduler, "rescale_betas_zero_snr": zero}, scaling


def _usual(weights: Mapping[str, Tensor], usual: str) -> str:
    if usual == "v_prediction" and V_PREDICTION_SD2 in weights:
        spread = weights[V_PREDICTION_SD2].float().std(correction=0).item()
        return usual if spread > 0.09 else "epsilon"
    return usual


def _in_metadata(metadata: Mapping[str, str], path: Path) -> str:
    """The prediction type in the file's metadata, or nothing."""
    for name in ("modelspec.prediction_type", "modelspec.predict_key"):
        if said := metadata.get(name):
            return _spoken(said, name, path)
    said = metadata.get("ss_v_parameterization", "").lower()
    if said in ("true", "false"):
        return "v_prediction" if said == "true" else "epsilon"
    architecture = metadata.get("modelspec.architecture", "")
    return {"stable-diffusion-v2-512": "epsilon", "stable-diffusion-v2-768-v": "v_prediction"}.get(
        architecture, ""
    )


def _spoken(said: object, name: str, path: Path) -> str:
    known = SPOKEN.get(str(said).lower())
    if known is None:
        raise CheckpointError(
            f"{path} says {name} {str(said)[:40]!r}, which is not supported; a prediction_type in "
            f"{path.stem}.darkroom.json beside it is used instead."
        )
    return known


def _yaml(path: Path) -> tuple[Marks, Marks]:
    """What the `.yaml` says of the noise and of the autoencoder. Raises CheckpointError."""
    if not path.is_file():
        return {}, {}
    with path.open("rb") as file:
        text = file.read(MAX_YAML_BYTES + 1)
    try:
        if len(text) > MAX_YAML_BYTES:
            raise ValueError(f"it is larger than {MAX_YAML_BYTES >> 10} KiB")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            # Aliases of aliases are few bytes, and stand for any number of values.
            raise ValueError("it has aliases")
        parameters = yaml.safe_load(text)["model"]["params"]
        if not isinstance(parameters, dict):
            raise ValueError("it has no parameters of a model")
        return _scheduler_in(parameters, path), _autoencoder_in(parameters)
    except CheckpointError:
        raise
    except (
        yaml.YAMLError,
        RecursionError,
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
    ) as error:
        raise CheckpointError(f"{path} cannot be used: {first_line(error)}") from error


def _scheduler_in(parameters: Any, path: Path) -> Marks:
    marks: Marks = {}
    if "denoiser_config" in parameters:
        scaling = parameters["denoiser_config"]["params"]["scaling_config"]["target"]
        known = SCALINGS.get(str(scaling).rpartition(".")[2])
        if known is None:
            raise CheckpointError(f"{path} has the scaling {scaling!r}, which is not supported.")
        marks |= known
    if "parameterization" in parameters:
        marks["prediction_type"] = _spoken(parameters["parameterization"], "parameterization", path)
    schedule = parameters.get("beta_schedule", "linear")
    if schedule not in ("linear", "cosine"):
        raise CheckpointError(f"{path} has the beta_schedule {schedule!r}, which is not supported.")
    if schedule == "cosine":
        marks["beta_schedule"] = "squaredcos_cap_v2"
    # CompVis' “linear” is what diffusers calls scaled_linear.
    names = {"linear_start": "beta_start", "linear_end": "beta_end"}
    marks |= {ours: float(parameters[name]) for name, ours in names.items() if name in parameters}
    if "timesteps" in parameters:
        marks["num_train_timesteps"] = int(parameters["timesteps"])
    return marks


def _autoencoder_in(parameters: Any) -> Marks:
    if "scale_factor" not in parameters:
        return {}
    return {"scaling_factor": float(parameters["scale_factor"])}


def _numbers(weights: Tensor, path: Path) -> list[float]:
    if not weights.numel() or not torch.isfinite(weights.float()).all():
        raise CheckpointError(f"{path} has marks of its training that are no numbers.")
    numbers: list[float] = weights.flatten()[:16].tolist()
    return numbers
