"""The defaults that a model brings: steps, guidance, sampler and spacing.

Models that were distilled to few steps say so in their scheduler's config, or only in their name.
"""

import re
from collections.abc import Mapping
from typing import Any

BY_SIGMA = ("EDMEuler", "EDMDPMSolverMultistep")
BY_SHARE = ("FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete", "FlowMatchLCM")

FEW_STEPS = {"LCM": "lcm", "TCD": "ddim", "FlowMatchLCM": "lcm"}
"""The sampler for each scheduler of consistency models. TCD's without its noise is DDIM's."""

BY_NAME = {
    re.compile(r"(?i:lightning)(?![a-z])"): "euler",
    re.compile(r"(?i:turbo)(?![a-z])"): "euler_ancestral",
    re.compile(r"(?i:hyper[-_ ]?sd)"): "ddim",
    re.compile(r"(?<![a-z])(?i:lcm)(?![a-z])"): "lcm",
    re.compile(r"(?<![a-z])(?i:dmd2?)(?![a-z])"): "lcm",
}
"""Words in the names of distilled models, and their sampler: single files say it nowhere else."""

STEPS_IN_NAME = re.compile(r"(?<!\d)(\d{1,2})[-_ ]?steps?", re.IGNORECASE)
FEW = 4
"""Steps of a distilled model that does not say how many it was made for."""

Defaults = Mapping[str, str | int | float]


def model_defaults(
    kind: str, config: Mapping[str, Any], name: str, guides_itself: bool
) -> Defaults:
    """The fields of `ModelInfo`, by their JSON names, that the model's scheduler or name decides.

    `kind` is the scheduler's class, `config` its whole config. `guides_itself`: the U-Net is told
    the guidance scale.
    """
    return _by_scheduler(kind, config, guides_itself) or _by_name(name)


def _by_scheduler(kind: str, config: Mapping[str, Any], guides_itself: bool) -> Defaults:
    """The defaults that a scheduler brings: the steps and the guidance of distilled models."""
    if kind in FEW_STEPS:
        # A model that is told the scale needs one; others have learned one scale for good.
        told = 8.0 if guides_itself else 0.0
        return _few_steps(FEW_STEPS[kind]) | {"guidance_scale": told}
    if guides_itself:
        return {"guidance_scale": 8.0}
    trailing = config.get("timestep_spacing") == "trailing"
    ordinary = config.get("rescale_betas_zero_snr") or config.get("prediction_type") != "epsilon"
    if kind in ("EulerDiscrete", "EulerAncestralDiscrete") and trailing and not ordinary:
        # So SD Turbo, SDXL Turbo and SDXL Lightning are published, and nothing else is.
        sampler = "euler" if kind == "EulerDiscrete" else "euler_ancestral"
        return _few_steps(sampler)
    return _spacing(kind, config)


def _few_steps(sampler: str, steps: int = FEW) -> dict[str, str | int | float]:
    return {
        "num_inference_steps": steps,
        "guidance_scale": 0.0,
        "sampler": sampler,
        "spacing": "trailing",
    }


def _by_name(name: str) -> Defaults:
    for pattern, sampler in BY_NAME.items():
        if pattern.search(name):
            steps = STEPS_IN_NAME.search(name)
            return _few_steps(sampler, max(1, int(steps[1])) if steps else FEW)
    return {}


def _spacing(kind: str, config: Mapping[str, Any]) -> Defaults:
    if config.get("sigma_schedule") == "exponential" or config.get("use_exponential_sigmas"):
        return {"spacing": "exponential"}
    continuous = config.get("timestep_type") == "continuous"
    if kind in BY_SIGMA or continuous or config.get("use_karras_sigmas"):
        return {"spacing": "karras"}
    if kind in BY_SHARE:
        sampler = "lcm" if config.get("stochastic_sampling") else "euler"
        return {"sampler": sampler, "spacing": "linspace"}
    return {}
