"""Every field of diffusers' schedulers is used, left to the sampler, or refused by its name."""

import inspect
from collections.abc import Mapping
from typing import Any

import diffusers
import pytest
import torch

from diffusion.loading.model_defaults import BY_SHARE, BY_SIGMA
from diffusion.loading.scheduler_config import (
    BY_TIMESTEPS,
    MUST_BE,
    OF_SAMPLERS,
    USED,
    TrainedNoise,
    read_scheduler,
)
from diffusion.nn.model_files import CheckpointError

KINDS = (*BY_TIMESTEPS, *BY_SIGMA, *BY_SHARE)
SD = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def _read(kind: str, name: str = "a", guides_itself: bool = False, **settings: Any) -> TrainedNoise:
    config = {"_class_name": f"{kind}Scheduler", **settings}
    return read_scheduler(config, "config.json", name, guides_itself)


def _fields(kind: str) -> Mapping[str, inspect.Parameter]:
    scheduler = getattr(diffusers, f"{kind}Scheduler")
    fields = dict(inspect.signature(scheduler.__init__).parameters)
    return {name: one for name, one in fields.items() if name not in ("self", "args", "kwargs")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_known(kind: str) -> None:
    if not hasattr(diffusers, f"{kind}Scheduler"):
        pytest.skip("another version of diffusers")
    known = USED | OF_SAMPLERS | MUST_BE.keys()
    assert not {name for name in _fields(kind) if name not in known}
    assert _read(kind).levels.sigmas.isfinite().all()


def test_the_three_kinds_of_fields_are_apart() -> None:
    assert not USED & OF_SAMPLERS
    assert not (USED | OF_SAMPLERS) & MUST_BE.keys()
    everything = {name for kind in KINDS for name in _fields(kind)}
    assert (USED | OF_SAMPLERS | MUST_BE.keys()) <= everything


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "thresholding": ("DDIM", {"thresholding": True}),
    "use_dynamic_shifting": ("FlowMatchEulerDiscrete", {"use_dynamic_shifting": True}),
    "invert_sigmas": ("FlowMatchEulerDiscrete", {"invert_sigmas": True}),
    "shift_terminal": ("FlowMatchEulerDiscrete", {"shift_terminal": 0.1}),
    "rho": ("EDMEuler", {"rho": 5.0}),
    "timestep_scaling": ("LCM", {"timestep_scaling": 0.1}),
    "beta_schedule": ("DDPM", {"beta_schedule": "laplace"}),
    "prediction_type": ("UniPCMultistep", {"prediction_type": "trigflow"}),
    "ConsistencyDecoder": ("ConsistencyDecoder", {}),
    "IPNDM": ("IPNDM", {}),
    "CMStochasticIterative": ("CMStochasticIterative", {}),
    "sigma_data": ("EDMEuler", {"sigma_data": 0}),
    "sigma_max": ("EDMEuler", {"sigma_max": float("inf")}),
    "shift": ("FlowMatchEulerDiscrete", {"shift": -1}),
    "original_inference_steps": ("LCM", {"original_inference_steps": 0}),
    "trained_betas": ("DDIM", {"trained_betas": "many"}),
    "rises": ("EDMEuler", {"sigma_max": 0.001}),
    "timesteps": ("DDIM", {"num_train_timesteps": 10**9}),
    "could not convert": ("DDIM", {"trained_betas": ["x"] * 200}),
}


@pytest.mark.parametrize("named", REFUSED)
def test_what_is_not_supported_is_named(named: str) -> None:
    kind, settings = REFUSED[named]
    with pytest.raises(CheckpointError, match=named) as refusal:
        _read(kind, **settings)
    assert "config.json" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_field_of_a_later_diffusers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later:
        def __init__(self, beta_start: float = 0.1, new_thing: bool = False) -> None:
            pass

    monkeypatch.setattr(diffusers, "DDIMScheduler", Later)
    _read("DDIM", **SD, new_thing=False)
    with pytest.raises(CheckpointError, match="sets new_thing to True"):
        _read("DDIM", **SD, new_thing=True)


def test_a_field_left_out_has_the_default_of_its_class() -> None:
    plain, lcm = _read("DDIM").levels, _read("LCM").levels
    assert lcm.sigmas[-1].item() == pytest.approx(14.6, rel=0.01)
    assert plain.sigmas[-1].item() == pytest.approx(157, rel=0.01)
    assert torch.equal(_read("DDIM", **SD).levels.sigmas, lcm.sigmas)


FEW = {"spacing": "trailing", "guidance_scale": 0.0, "num_inference_steps": 4}
DEFAULTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("PNDM", SD, {}),
    ("DDIM", SD, {}),
    ("EulerDiscrete", SD | {"timestep_spacing": "leading"}, {}),
    ("EulerDiscrete", SD | {"timestep_spacing": "trailing"}, FEW | {"sampler": "euler"}),
    (
        "EulerAncestralDiscrete",
        SD | {"timestep_spacing": "trailing"},
        FEW | {"sampler": "euler_ancestral"},
    ),
    # These say trailing because their last level is pure noise.
    (
        "EulerDiscrete",
        SD | {"timestep_spacing": "trailing", "rescale_betas_zero_snr": True},
        {},
    ),
    ("LCM", {}, FEW | {"sampler": "lcm"}),
    ("TCD", {}, FEW | {"sampler": "ddim"}),
    ("DPMSolverMultistep", SD | {"use_karras_sigmas": True}, {"spacing": "karras"}),
    ("EDMEuler", {}, {"spacing": "karras"}),
    ("EDMEuler", {"sigma_schedule": "exponential"}, {"spacing": "exponential"}),
    ("FlowMatchEulerDiscrete", {}, {"spacing": "linspace", "sampler": "euler"}),
]


@pytest.mark.parametrize(("kind", "settings", "defaults"), DEFAULTS)
def test_a_scheduler_brings_its_defaults(
    kind: str, settings: dict[str, Any], defaults: dict[str, Any]
) -> None:
    assert _read(kind, **settings).defaults == defaults


NAMES: list[tuple[str, str | None, int]] = [
    ("sdxl_lightning_4step", "euler", 4),
    ("sdxl_lightning_8step_unet", "euler", 8),
    ("sd_xl_turbo_1.0_fp16", "euler_ancestral", 4),
    ("DreamShaperXL_Turbo_v2", "euler_ancestral", 4),
    ("Hyper-SDXL-1step", "ddim", 1),
    ("dreamshaper-lcm", "lcm", 4),
    ("juggernautXL_lightningDPM", "euler", 4),
    ("hyperrealism", None, 0),
    ("Turbine", None, 0),
    ("thelcmodel", None, 0),
    ("sd_xl_base_1.0", None, 0),
]


@pytest.mark.parametrize(("name", "sampler", "steps"), NAMES)
def test_a_file_may_be_named_after_its_kind(name: str, sampler: str | None, steps: int) -> None:
    expected = FEW | {"sampler": sampler, "num_inference_steps": steps} if sampler else {}
    assert _read("DDIM", name, **SD).defaults == expected


def test_a_network_that_guides_itself_needs_guidance() -> None:
    assert _read("LCM", guides_itself=True).defaults["guidance_scale"] == 8.0
