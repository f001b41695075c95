"""The samplers: their order on a case with a closed form, and diffusers' schedulers as oracle."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from torch import Tensor

from diffusion.protocol import requests
from diffusion.sampling.noise_schedules import (
    karras,
    scaled_linear,
    timestep,
    trained_levels,
    visited,
)
from diffusion.sampling.samplers import SAMPLERS, STOCHASTIC, SamplerState, euler, initial_state

LEVELS = trained_levels(scaled_linear(0.00085, 0.012, 1000), offset=1)


def test_the_table_has_the_names_of_the_protocol() -> None:
    assert tuple(SAMPLERS) == requests.SAMPLER_NAMES


# Gaussian data: the ideal denoiser and the path of the probability flow are known.

DATA_DEVIATION = 0.5


def _ideal(x: Tensor, sigma: Tensor) -> Tensor:
    data, noise = DATA_DEVIATION**2, sigma.square().reshape(-1, 1, 1, 1)
    return x * data / (data + noise)


def _error(name: str, steps: int) -> float:
    """The relative error of a run along the probability flow."""
    # Not down to 0: that last step is the prediction itself and has no order.
    sigmas = karras(LEVELS, steps + 1)
    x = torch.ones((1, 1, 1, 1), dtype=torch.float64)
    state = initial_state(x)
    for sigma, sigma_next in pairwise(sigmas[:, None]):
        x, state = SAMPLERS[name](x, _ideal(x, sigma), sigma, sigma_next, state, x * 0)
    data, first, last = DATA_DEVIATION**2, sigmas[0].item(), sigmas[-1].item()
    exact = math.sqrt((data + last**2) / (data + first**2))
    return abs(x.item() / exact - 1)


@pytest.mark.parametrize(("name", "order"), [("euler", 1.0), ("ddim", 1.0), ("dpmpp_2m", 2.0)])
def test_the_error_falls_with_the_samplers_order(name: str, order: float) -> None:
    errors = [_error(name, steps) for steps in (40, 80, 160, 320)]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert orders == pytest.approx([order] * 3, abs=0.15)
    assert orders[-1] == pytest.approx(order, abs=0.05)


def _spread_error(name: str, steps: int) -> float:
    """The relative error of the spread that samples of the Gaussian data end with.

    A step is linear in latents and noise, so what each contributes to the variance is found by
    giving it the one without the other, and nothing has to be drawn.
    """
    sigmas = karras(LEVELS, steps + 1)
    first, *_, last = (sigmas.square() + DATA_DEVIATION**2).sqrt()
    zero = torch.zeros((1, 1, 1, 1), dtype=torch.float64)
    one, deviation = zero + 1, zero + first
    for sigma, sigma_next in pairwise(sigmas[:, None]):
        ideal, past = _ideal(deviation, sigma), initial_state(zero)
        kept, _ = SAMPLERS[name](deviation, ideal, sigma, sigma_next, past, zero)
        fresh, _ = SAMPLERS[name](zero, zero, sigma, sigma_next, past, one)
        deviation = (kept.square() + fresh.square()).sqrt()
    return abs(deviation.item() / last.item() - 1)


@pytest.mark.parametrize("name", ["ddpm", "euler_ancestral"])
def test_ancestral_samplers_come_to_the_spread_of_the_data(name: str) -> None:
    errors = [_spread_error(name, steps) for steps in (40, 80, 160, 320)]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert orders == pytest.approx([1.0] * 3, abs=0.15)


# Properties of one step.


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_step_to_sigma_0_is_the_prediction(name: str) -> None:
    x, denoised, noise = torch.randn(3, 2, 4, 3, 3)
    past = SamplerState(denoised, torch.tensor([5.0, 5.0], dtype=torch.float64))
    sigma = torch.tensor([2.0, 0.03], dtype=torch.float64)
    moved, _ = SAMPLERS[name](x, denoised, sigma, torch.zeros_like(sigma), past, noise)
    assert torch.equal(moved, denoised)


def test_the_first_step_of_dpmpp_2m_is_of_first_order() -> None:
    x, denoised, noise = torch.randn(3, 2, 4, 3, 3)
    sigma, sigma_next = torch.tensor([[9.0, 2.0], [5.0, 1.0]], dtype=torch.float64)
    moved, state = SAMPLERS["dpmpp_2m"](x, denoised, sigma, sigma_next, initial_state(x), noise)
    expected, _ = euler(x, denoised, sigma, sigma_next, initial_state(x), noise)
    assert torch.allclose(moved, expected, atol=1e-6)
    assert torch.equal(state.denoised, denoised)
    assert torch.equal(state.sigma, sigma)


@pytest.mark.parametrize("name", SAMPLERS)
def test_only_stochastic_samplers_use_their_noise(name: str) -> None:
    x, denoised, noise = torch.randn(3, 2, 4, 3, 3)
    sigma, sigma_next = torch.tensor([[9.0, 2.0], [5.0, 1.0]], dtype=torch.float64)
    step = SAMPLERS[name]
    one, _ = step(x, denoised, sigma, sigma_next, initial_state(x), noise)
    two, _ = step(x, denoised, sigma, sigma_next, initial_state(x), -noise)
    assert torch.equal(one, two) == (step not in STOCHASTIC)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_rows_bytes_do_not_depend_on_the_other_rows(name: str) -> None:
    generator = torch.Generator().manual_seed(2)
    for rows in (2, 3, 5, 8, 13, 16, 33):
        x, denoised, noise, before = torch.randn((4, rows, 4, 3, 5), generator=generator)
        draws = torch.rand((3, rows), generator=generator, dtype=torch.float64) * 14
        sigma_next, sigma, sigma_before = draws.sort(dim=0).values
        state = SamplerState(before, sigma_before)
        together, kept = SAMPLERS[name](x, denoised, sigma, sigma_next, state, noise)
        for row in range(rows):
            at = slice(row, row + 1)
            alone, kept_alone = SAMPLERS[name](
                x[at],
                denoised[at],
                sigma[at],
                sigma_next[at],
                SamplerState(before[at], sigma_before[at]),
                noise[at],
            )
            assert torch.equal(alone[0], together[row])
            assert torch.equal(kept_alone.denoised[0], kept.denoised[row])


# diffusers' schedulers, each a loop of its own, against rows of ours at different steps.

STEPS = (10, 20, 50)
JOINED = (0, 3, 7)

TRAINED = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "trailing",
}

ORACLES: dict[str, tuple[Callable[[], Any], float]] = {
    # What a relative error of float32 sums up to in up to 50 steps.
    "ddim": (lambda: DDIMScheduler(**TRAINED, clip_sample=False, set_alpha_to_one=True), 2e-6),
    "euler": (lambda: EulerDiscreteScheduler(**TRAINED), 2e-6),
    "dpmpp_2m": (
        lambda: DPMSolverMultistepScheduler(**TRAINED, final_sigmas_type="zero"),
        1e-5,
    ),
    "ddpm": (lambda: DDPMScheduler(**TRAINED, clip_sample=False), 2e-5),
    "euler_ancestral": (lambda: EulerAncestralDiscreteScheduler(**TRAINED), 2e-5),
}


def _epsilon(preserved: Tensor, time: Tensor) -> Tensor:
    """Stands for a network: what it sees is the variance-preserving latent and the timestep."""
    return torch.tanh(preserved * 1.3 + time.reshape(-1, 1, 1, 1) / 700 - 0.5)


def _noises(row: int) -> Tensor:
    return torch.randn((60, 1, 4, 4, 4), generator=torch.Generator().manual_seed(row))


def _theirs(name: str, row: int, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    noises = iter(_noises(row))
    x = next(noises)
    # Their ancestral schedulers draw their noise themselves.
    for module in ("ddpm", "euler_ancestral_discrete"):
        monkeypatch.setattr(
            f"diffusers.schedulers.scheduling_{module}.randn_tensor",
            lambda *_args, **_options: next(noises),
        )
    scheduler = ORACLES[name][0]()
    scheduler.set_timesteps(STEPS[row])
    if "Euler" in type(scheduler).__name__:
        x = x * math.sqrt(1 + scheduler.sigmas[0].item() ** 2)
    for time in scheduler.timesteps:
        epsilon = _epsilon(scheduler.scale_model_input(x, time), time)
        x = scheduler.step(epsilon, time, x).prev_sample
    return x


def _ours(name: str) -> list[Tensor]:
    """Three rows that begin at different calls and have different numbers of steps."""
    runs = [visited(LEVELS, "trailing", steps) for steps in STEPS]
    noises = [iter(_noises(row)) for row in range(3)]
    xs = [next(noises[row]) * (1 + runs[row][0] ** 2).sqrt().float() for row in range(3)]
    memories = [initial_state(x) for x in xs]
    done = [0, 0, 0]
    for call in range(100):
        rows = [r for r in range(3) if call >= JOINED[r] and done[r] < STEPS[r]]
        if not rows:
            break
        x = torch.cat([xs[r] for r in rows])
        sigma = torch.stack([runs[r][done[r]] for r in rows])
        sigma_next = torch.stack([runs[r][done[r] + 1] for r in rows])
        scaled = x / (1 + sigma.square()).sqrt().float().reshape(-1, 1, 1, 1)
        epsilon = _epsilon(scaled, timestep(LEVELS, sigma).float())
        denoised = x - sigma.float().reshape(-1, 1, 1, 1) * epsilon
        state = SamplerState(
            torch.cat([memories[r].denoised for r in rows]),
            torch.cat([memories[r].sigma for r in rows]),
        )
        stochastic = SAMPLERS[name] in STOCHASTIC
        noise = torch.cat([next(noises[r]) if stochastic else xs[r] * 0 for r in rows])
        moved, state = SAMPLERS[name](x, denoised, sigma, sigma_next, state, noise)
        for place, r in enumerate(rows):
            at = slice(place, place + 1)
            xs[r], done[r] = moved[at], done[r] + 1
            memories[r] = SamplerState(state.denoised[at], state.sigma[at])
    return xs


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", ORACLES)
def test_equals_diffusers_on_the_same_epsilon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = _ours(name)
    for row in range(3):
        theirs = _theirs(name, row, monkeypatch)
        error = (ours[row] - theirs).abs().max() / theirs.abs().max()
        assert error < ORACLES[name][1], f"row {row}"
