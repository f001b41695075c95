"""The noise levels: diffusers' where there are such, and what every choice must hold."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from diffusion.protocol import requests
from diffusion.sampling.noise_schedules import (
    BETA_SCHEDULES,
    SPACINGS,
    TrainedLevels,
    scaled_linear,
    timestep,
    trained_levels,
    visited,
    zero_terminal,
)

TRAINED = {
    name: trained_levels(betas(0.00085, 0.012, 1000), offset=1)
    for name, betas in BETA_SCHEDULES.items()
}


def test_the_table_has_the_names_of_the_protocol() -> None:
    assert tuple(SPACINGS) == requests.SPACING_NAMES


@pytest.mark.parametrize("name", BETA_SCHEDULES)
def test_levels_are_those_that_diffusers_trains_on(name: str) -> None:
    oracle = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule=name)
    alpha_bar = oracle.alphas_cumprod.double()
    assert torch.allclose(TRAINED[name].sigmas, ((1 - alpha_bar) / alpha_bar).sqrt(), rtol=1e-6)


def test_betas_of_zero_terminal_signal_are_those_of_diffusers() -> None:
    oracle = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        rescale_betas_zero_snr=True,
    )
    sigmas = trained_levels(zero_terminal(scaled_linear(0.00085, 0.012, 1000))).sigmas
    assert torch.allclose(sigmas.float(), oracle.sigmas[:-1].flip(0), rtol=1e-3)
    assert sigmas[-1].item() == pytest.approx(4096, rel=1e-3)
    assert (sigmas.diff() > 0).all()


@pytest.mark.parametrize("spacing", ["trailing", "leading", "linspace"])
@pytest.mark.parametrize("steps", [2, 3, 7, 10, 20, 30, 50, 149])
def test_timesteps_are_those_of_ddim(spacing: str, steps: int) -> None:
    oracle = DDIMScheduler(beta_schedule="scaled_linear", timestep_spacing=spacing, steps_offset=1)
    oracle.set_timesteps(steps)
    levels = TRAINED["scaled_linear"]
    ours = timestep(levels, visited(levels, spacing, steps)[:-1])
    assert np.allclose(ours.numpy(), oracle.timesteps.numpy(), atol=1e-6)


@pytest.mark.parametrize("spacing", ["trailing", "linspace", "karras"])
def test_a_single_step_begins_at_the_noisiest_level(spacing: str) -> None:
    levels = TRAINED["scaled_linear"]
    assert visited(levels, spacing, 1).tolist() == pytest.approx([levels.sigmas[-1].item(), 0])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_karras_spacing_is_that_of_diffusers() -> None:
    oracle = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", use_karras_sigmas=True
    )
    oracle.set_timesteps(20)
    ours = visited(TRAINED["scaled_linear"], "karras", 20)
    assert torch.allclose(ours.float(), oracle.sigmas, rtol=1e-5)


def test_karras_spacing_wastes_no_steps_on_the_end_of_a_cosine_schedule() -> None:
    assert TRAINED["squaredcos_cap_v2"].sigmas[-1] > 10_000
    assert visited(TRAINED["squaredcos_cap_v2"], "karras", 20)[0] == pytest.approx(80)


@pytest.mark.parametrize("levels", TRAINED.values(), ids=TRAINED.keys())
@given(st.sampled_from(requests.SPACING_NAMES), st.integers(1, requests.MAX_STEPS))
def test_levels_fall_to_0_within_those_trained(
    levels: TrainedLevels, spacing: str, steps: int
) -> None:
    sigmas = visited(levels, spacing, steps)
    assert sigmas.dtype == torch.float64
    assert len(sigmas) == steps + 1
    assert bool((sigmas.diff() < 0).all())
    assert sigmas[-1] == 0
    assert sigmas[0] <= levels.sigmas[-1]
    assert sigmas[-2] >= levels.sigmas[0] * (1 - 1e-12)


@pytest.mark.parametrize("levels", TRAINED.values(), ids=TRAINED.keys())
def test_the_timestep_of_a_trained_level_is_whole_as_the_network_sees_it(
    levels: TrainedLevels,
) -> None:
    assert torch.equal(timestep(levels, levels.sigmas).float(), torch.arange(1000).float())


def test_levels_beyond_the_trained_ones_take_the_nearest_timestep() -> None:
    levels = TRAINED["linear"]
    outside = torch.tensor([1e-9, 1e9], dtype=torch.float64)
    assert timestep(levels, outside).tolist() == [0, 999]
