"""What scheduler_config.json says: the noise a model was trained on, and how it is drawn with.

A field is used, or it only concerns a sampler, which the request chooses, or the model is refused.
Fields that a file leaves out have the default of the scheduler's class in diffusers.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch
from torch import Tensor

from diffusion.loading.model_defaults import BY_SHARE, BY_SIGMA, FEW_STEPS, Defaults, model_defaults
from diffusion.nn.model_files import CheckpointError
from diffusion.protocol.requests import MAX_STEPS, SAMPLER_NAMES
from diffusion.sampling.noise_schedules import (
    BETA_SCHEDULES,
    RHO,
    TrainedLevels,
    edm_levels,
    flow_levels,
    trained_levels,
    zero_terminal,
)

MAX_TIMESTEPS = 1 << 14
"""The most training timesteps; all models in use have 1000."""

MAX_LEVEL = 1e6
"""The noisiest level that a config may name; the noisiest in use is 700."""

BY_TIMESTEPS = (
    "DDIM",
    "DDIMParallel",
    "DDPM",
    "DDPMParallel",
    "DEISMultistep",
    "DPMSolverMultistep",
    "DPMSolverSDE",
    "DPMSolverSinglestep",
    "EulerAncestralDiscrete",
    "EulerDiscrete",
    "HeunDiscrete",
    "KDPM2AncestralDiscrete",
    "KDPM2Discrete",
    "LCM",
    "LMSDiscrete",
    "PNDM",
    "SASolver",
    "TCD",
    "UniPCMultistep",
)
"""diffusers' schedulers of models that know numbered timesteps."""

USED = frozenset(
    {
        "beta_end",
        "beta_schedule",
        "beta_start",
        "final_sigmas_type",
        "flow_shift",
        "num_train_timesteps",
        "original_inference_steps",
        "prediction_type",
        "rescale_betas_zero_snr",
        "set_alpha_to_one",
        "shift",
        "sigma_data",
        "sigma_max",
        "sigma_min",
        "sigma_schedule",
        "steps_offset",
        "stochastic_sampling",
        "timestep_type",
        "trained_betas",
        "use_exponential_sigmas",
        "use_flow_sigmas",
        "use_karras_sigmas",
    }
)
"""Fields that decide the levels, what the network predicts, or the model's defaults."""

OF_SAMPLERS = frozenset(
    {
        "algorithm_type",
        "base_image_seq_len",
        "base_shift",
        "clip_sample",
        "clip_sample_range",
        "corrector_order",
        "disable_corrector",
        "dynamic_thresholding_ratio",
        "euler_at_final",
        "interpolation_type",
        "lambda_min_clipped",
        "lower_order_final",
        "max_image_seq_len",
        "max_shift",
        "predict_x0",
        "predictor_order",
        "sample_max_value",
        "skip_prk_steps",
        "solver_order",
        "solver_p",
        "solver_type",
        "tau_func",
        "time_shift_type",
        "timestep_spacing",
        "upscale_mode",
        "use_beta_sigmas",
        "use_lu_lambdas",
        "variance_type",
    }
)
"""Fields that do not describe the model. They choose a step's formula or the levels that are
visited, as a request's `sampler` and `spacing` do, or they only count beside a field that is
refused. Clipping is for pixels: diffusers' own pipelines switch it off for latents."""

MUST_BE: Mapping[str, tuple[object, ...]] = {
    "thresholding": (False,),
    "use_dynamic_shifting": (False,),
    "invert_sigmas": (False,),
    "shift_terminal": (None,),
    "scale_factors": (None,),
    "rho": (RHO,),
    "timestep_scaling": (10.0,),
}
"""The only values that are supported of fields that change what is drawn."""

UNNAMED: Mapping[str, Any] = {
    "beta_schedule": "linear",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "prediction_type": "epsilon",
}
"""The defaults of a config that names no scheduler."""


@dataclass(frozen=True, slots=True)
class TrainedNoise:
    """How a model was trained: its levels, what it predicts and the deviation of its latents.

    `defaults` has the fields of `ModelInfo` that the scheduler decides, by their JSON names.
    """

    levels: TrainedLevels
    prediction_type: str
    sigma_data: float = 1.0
    defaults: Defaults = field(default_factory=dict)


def read_scheduler(
    config: Mapping[str, Any], place: str, name: str, guides_itself: bool
) -> TrainedNoise:
    """The trained noise of a scheduler_config.json, which `place` names in errors.

    `name` is the model's; some say by it that they need few steps. `guides_itself`: the U-Net is
    told the guidance scale. Raises CheckpointError.
    """
    kind = str(config.get("_class_name", "DDIMScheduler")).removesuffix("Scheduler")
    if kind not in (*BY_TIMESTEPS, *BY_SIGMA, *BY_SHARE):
        raise CheckpointError(f"{place} names the scheduler {kind!r}, which is not supported.")
    usual = _class_defaults(kind) if "_class_name" in config else UNNAMED
    for setting, value in config.items():
        _check_supported(setting, value, usual, place)
    config = {**usual, **config}
    defaults = model_defaults(kind, config, name, guides_itself)
    try:
        noise = _noise(kind, config)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"{place} cannot be used: {error}") from error
    levels = noise.levels
    rising = bool((levels.sigmas.diff() > 0).all()) and bool(levels.sigmas.isfinite().all())
    if len(levels.sigmas) < MAX_STEPS or not rising:
        what = "its trained_betas" if config.get("trained_betas") is not None else "it"
        raise CheckpointError(
            f"{place} must describe noise that rises over at least {MAX_STEPS} timesteps, "
            f"and {what} does not."
        )
    return TrainedNoise(levels, noise.prediction_type, noise.sigma_data, defaults)


def _class_defaults(kind: str) -> Mapping[str, Any]:
    """All fields of a scheduler in diffusers, with their defaults."""
    scheduler = getattr(diffusers, f"{kind}Scheduler", None)
    if scheduler is None:
        return UNNAMED
    fields = inspect.signature(scheduler.__init__).parameters.values()
    known = {one.name: one.default for one in fields if one.default is not inspect.Parameter.empty}
    # Some schedulers are stand-ins without fields where a library is missing that they need.
    return {**UNNAMED, **known}


def _check_supported(setting: str, value: Any, usual: Mapping[str, Any], place: str) -> None:
    """Raise CheckpointError for a setting that would change the picture and is not supported."""
    if setting in MUST_BE and value not in MUST_BE[setting]:
        raise CheckpointError(
            f"{place} sets {setting} to {value!r}; only {MUST_BE[setting][0]!r} is supported."
        )
    known = USED | OF_SAMPLERS | MUST_BE.keys()
    if setting in usual and setting not in known and value != usual[setting]:
        raise CheckpointError(f"{place} sets {setting} to {value!r}, which is not supported.")


def _noise(kind: str, config: Mapping[str, Any]) -> TrainedNoise:
    """The trained noise. Raises ValueError, and what invalid numbers raise."""
    prediction = config.get("prediction_type") or "epsilon"
    count = int(config.get("num_train_timesteps", 1000))
    if not 0 < count <= MAX_TIMESTEPS:
        raise ValueError(f"it has {count} timesteps; {MAX_TIMESTEPS} is most")
    if kind in BY_SHARE:
        return TrainedNoise(flow_levels(_shift(config, "shift"), count), "flow_prediction")
    if config.get("use_flow_sigmas"):
        _check_prediction(prediction, "flow_prediction")
        return TrainedNoise(flow_levels(_shift(config, "flow_shift"), count), "flow_prediction")
    if kind in BY_SIGMA:
        _check_prediction(prediction, "epsilon", "v_prediction")
        data = _positive(config.get("sigma_data", 0.5), "sigma_data")
        return TrainedNoise(
            _edm(config, count), "edm" if prediction == "epsilon" else prediction, data
        )
    if config.get("timestep_type") == "continuous" and prediction == "v_prediction":
        return TrainedNoise(_edm(config, count), prediction)
    _check_prediction(prediction, "epsilon", "v_prediction", "sample")
    return TrainedNoise(_by_timesteps(kind, config, count), prediction)


def _by_timesteps(kind: str, config: Mapping[str, Any], count: int) -> TrainedLevels:
    betas = _betas(config, count)
    if config.get("rescale_betas_zero_snr"):
        betas = zero_terminal(betas)
    distilled = None
    if kind in FEW_STEPS:
        known = int(config.get("original_inference_steps", 50))
        if not 0 < known <= len(betas):
            raise ValueError(f"it has {known} original_inference_steps")
        distilled = (torch.arange(known) + 1) * (len(betas) // known) - 1
    ends_noised: tuple[str, ...] = ()
    if config.get("final_sigmas_type") == "sigma_min":
        ends_noised = SAMPLER_NAMES
    elif config.get("set_alpha_to_one") is False or kind == "TCD":
        ends_noised = ("ddim",)
    levels = trained_levels(betas, int(config.get("steps_offset") or 0))
    return TrainedLevels(
        levels.sigmas, levels.offset, distilled=distilled, ends_noised=frozenset(ends_noised)
    )


def _betas(config: Mapping[str, Any], count: int) -> Tensor:
    trained = config.get("trained_betas")
    if trained is not None:
        if not isinstance(trained, list) or len(trained) > MAX_TIMESTEPS:
            raise ValueError(f"its trained_betas must be a list of at most {MAX_TIMESTEPS} numbers")
        return torch.tensor([float(beta) for beta in trained], dtype=torch.float32)
    schedule = config.get("beta_schedule")
    if schedule not in BETA_SCHEDULES:
        raise ValueError(f"it has the unknown beta_schedule {schedule!r}")
    return BETA_SCHEDULES[schedule](float(config["beta_start"]), float(config["beta_end"]), count)


def _edm(config: Mapping[str, Any], count: int) -> TrainedLevels:
    least = _positive(config.get("sigma_min") or 0.002, "sigma_min")
    most = _positive(config.get("sigma_max") or 80.0, "sigma_max")
    levels = edm_levels(least, most, count)
    ends_noised = SAMPLER_NAMES if config.get("final_sigmas_type") == "sigma_min" else ()
    return TrainedLevels(levels.sigmas, time="edm", ends_noised=frozenset(ends_noised))


def _shift(config: Mapping[str, Any], name: str) -> float:
    return _positive(config.get(name, 1.0), name)


def _positive(value: Any, name: str) -> float:
    number = float(value)
    if not 0 < number <= MAX_LEVEL:
        raise ValueError(f"it has {number:g} as {name}")
    return number


def _check_prediction(prediction: object, *supported: str) -> None:
    if prediction not in supported:
        raise ValueError(f"it has the unknown prediction_type {prediction!r}")
