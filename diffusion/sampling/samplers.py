"""Samplers: one step from a noise level to the next, for many rows at once.

Every row is a picture at its own noise level. A step takes sigmas [rows], and its state is passed
in and returned: nothing is kept here. The formulas are for latents x₀ + σ·n and a denoised
prediction (Karras et al. 2022). In this form DDIM is Euler's method, and DDPM's posterior is the
Euler ancestral step.

Sigmas are float64 on the CPU; only coefficients computed from them meet the latents. They use +, -,
·, / and √ alone, which IEEE 754 rounds exactly, so a row's bytes do not depend on the number of
rows. The one exception, the logarithm, is computed one row at a time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.nn.devices import handed
from diffusion.sampling.noise_schedules import TrainedLevels, timestep


@dataclass(frozen=True, slots=True)
class SamplerState:
    """State of multistep samplers: the last step's prediction [rows, 4, h, w] and sigma [rows].

    Before the first step sigma is infinite, which gives the last prediction no weight.
    """

    denoised: Tensor
    sigma: Tensor


Sampler = Callable[
    [Tensor, Tensor, Tensor, Tensor, SamplerState, Tensor], tuple[Tensor, SamplerState]
]


def initial_state(x: Tensor) -> SamplerState:
    """The state of rows before their first step."""
    return SamplerState(torch.zeros_like(x), torch.full((len(x),), torch.inf, dtype=torch.float64))


def euler(
    x: Tensor,
    denoised: Tensor,
    sigma: Tensor,
    sigma_next: Tensor,
    state: SamplerState,
    noise: Tensor,
) -> tuple[Tensor, SamplerState]:
    """Euler's method on the probability flow (Karras et al. 2022, alg. 1 without correction).

    The same as DDIM with η = 0 (Song et al. 2021a, eq. 12) for latents divided by √ᾱ.
    x, denoised: [rows, 4, h, w]; sigma, sigma_next: [rows] float64; noise is not used.
    """
    remaining = _over(sigma_next / sigma, x)
    return denoised + remaining * (x - denoised), state


def euler_ancestral(
    x: Tensor,
    denoised: Tensor,
    sigma: Tensor,
    sigma_next: Tensor,
    state: SamplerState,
    noise: Tensor,
) -> tuple[Tensor, SamplerState]:
    """A sample of the posterior between two levels (Ho et al. 2020, eq. 6 and 7, variance β̃).

    The posterior of x₀ + σ·n is an Euler step down to σ'²/σ plus fresh noise of standard deviation
    σ'·√(1 - σ'²/σ²): the Euler ancestral step of k-diffusion.
    Shapes as in `euler`; noise: [rows, 4, h, w], standard normal.
    """
    ratio = sigma_next / sigma
    remaining = _over(ratio * ratio, x)
    fresh = _over(sigma_next * (1 - ratio * ratio).sqrt(), x)
    return denoised + remaining * (x - denoised) + fresh * noise, state


def dpmpp_2m(
    x: Tensor,
    denoised: Tensor,
    sigma: Tensor,
    sigma_next: Tensor,
    state: SamplerState,
    noise: Tensor,
) -> tuple[Tensor, SamplerState]:
    """DPM-Solver++(2M), second order with one evaluation a step (Lu et al. 2022b, alg. 2).

    With λ = -log σ, h = λ' - λ and r = h_last/h, the prediction is extrapolated by 1/2r of its last
    change. The first step and the step to σ' = 0 are first order. Shapes as in `euler`.
    """
    h = _logs(sigma / sigma_next)
    h_last = _logs(state.sigma / sigma)
    correction = torch.where(sigma_next > 0, h / (2 * h_last), 0.0)
    extrapolated = denoised + _over(correction, x) * (denoised - state.denoised)
    remaining = _over(sigma_next / sigma, x)
    return extrapolated + remaining * (x - extrapolated), SamplerState(denoised, sigma)


def lcm(
    x: Tensor,
    denoised: Tensor,
    sigma: Tensor,
    sigma_next: Tensor,
    state: SamplerState,
    noise: Tensor,
) -> tuple[Tensor, SamplerState]:
    """Multistep sampling of a consistency model (Song et al. 2023, alg. 1; Luo et al. 2023).

    Each prediction is noised anew for the next level. Shapes as in `euler_ancestral`.
    """
    return denoised + _over(sigma_next, x) * noise, state


SAMPLERS: dict[str, Sampler] = {
    "ddpm": euler_ancestral,
    "ddim": euler,
    "euler": euler,
    "euler_ancestral": euler_ancestral,
    "dpmpp_2m": dpmpp_2m,
    "lcm": lcm,
}
"""The samplers by their protocol names."""

ROUNDED = frozenset({"dpmpp_2m"})
"""Samplers that round timesteps for the network, as diffusers' solver does and its Euler does not.
It matters between trained levels, where Karras spacing goes."""

STOCHASTIC = frozenset({euler_ancestral, lcm})
"""The samplers that use fresh noise; for the others none is drawn."""


def times_of(levels: TrainedLevels, sigmas: Tensor, sampler: str) -> Tensor:
    """The timesteps [steps] float64 that this sampler gives the network for `sigmas` [steps]."""
    times = timestep(levels, sigmas)
    return times.round() if sampler in ROUNDED and not levels.continuous else times


def _logs(ratios: Tensor) -> Tensor:
    """Natural logarithms [rows], one at a time: vectorised code may round differently."""
    return torch.tensor([math.log(ratio) for ratio in ratios.tolist()], dtype=ratios.dtype)


def _over(coefficients: Tensor, x: Tensor) -> Tensor:
    """`coefficients` [rows] in the dtype and on the device of `x`, shaped to multiply its rows."""
    return handed(coefficients, x).reshape(-1, 1, 1, 1)
