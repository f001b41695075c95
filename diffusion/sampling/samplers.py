"""One step of each sampler, from one noise level to the next, for many rows at once.

Every row is a picture at its own level of its own run, so a step takes sigmas [rows] and hands
its memory in and out instead of keeping it: nothing here has a state. Written for latents
x₀ + σ·n and a denoised prediction (Karras et al. 2022), where samplers that look different in
the variance-preserving form turn out to be one: DDIM is Euler's method, and DDPM's posterior is
the Euler ancestral step.

Sigmas are float64 and stay on the CPU; only the coefficients made of them meet the latents. With
one exception these come from +, -, ·, / and √ alone, which IEEE 754 rounds correctly, so a row's
bytes do not depend on how many rows there are; the logarithm is taken of one row at a time.
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
    """What multistep samplers remember: the last step's prediction [rows, 4, h, w] and its sigma.

    A row without a past has sigma infinite, which makes its past weigh nothing.
    """

    denoised: Tensor
    sigma: Tensor


Sampler = Callable[
    [Tensor, Tensor, Tensor, Tensor, SamplerState, Tensor], tuple[Tensor, SamplerState]
]


def initial_state(x: Tensor) -> SamplerState:
    """The memory of rows that have made no step yet."""
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

    Also DDIM with η = 0 (Song et al. 2021a, eq. 12): between latents divided by √ᾱ that step is
    this one. x, denoised: [rows, 4, h, w]; sigma, sigma_next: [rows] float64; noise is not used.
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

    The posterior of x₀ + σ·n is a step of Euler's method down to σ'²/σ and fresh noise of
    standard deviation σ'·√(1 - σ'²/σ²) on top: the Euler ancestral step of k-diffusion.
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

    With λ = -log σ, h = λ' - λ and r = h_last/h the prediction is extrapolated by 1/2r of its last
    change; the first step and the one to σ' = 0 are of first order. Shapes as in `euler`.
    """
    h = _logs(sigma / sigma_next)
    h_last = _logs(state.sigma / sigma)
    correction = torch.where(sigma_next > 0, h / (2 * h_last), 0.0)
    extrapolated = denoised + _over(correction, x) * (denoised - state.denoised)
    remaining = _over(sigma_next / sigma, x)
    return extrapolated + remaining * (x - extrapolated), SamplerState(denoised, sigma)


SAMPLERS: dict[str, Sampler] = {
    "ddpm": euler_ancestral,
    "ddim": euler,
    "euler": euler,
    "euler_ancestral": euler_ancestral,
    "dpmpp_2m": dpmpp_2m,
}
"""Samplers by the names of the protocol."""

ROUNDED = frozenset({"dpmpp_2m"})
"""Samplers that tell the network whole timesteps only, as diffusers' solver does and its Euler
does not: between trained levels, which Karras spacing visits, their pictures differ by this."""

STOCHASTIC = frozenset({euler_ancestral})
"""The steps that use their noise; for the others none is drawn."""


def times_of(levels: TrainedLevels, sigmas: Tensor, sampler: str) -> Tensor:
    """What the network is told of the levels [steps] that this sampler visits: [steps] float64."""
    times = timestep(levels, sigmas)
    return times.round() if sampler in ROUNDED else times


def _logs(ratios: Tensor) -> Tensor:
    """Natural logarithms of each of [rows], which a vector might round otherwise than a number."""
    return torch.tensor([math.log(ratio) for ratio in ratios.tolist()], dtype=ratios.dtype)


def _over(coefficients: Tensor, x: Tensor) -> Tensor:
    """`coefficients` [rows] in the type and place of `x`, shaped to multiply its rows."""
    return handed(coefficients, x).reshape(-1, 1, 1, 1)
