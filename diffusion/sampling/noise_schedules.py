"""Noise schedules: the levels a model was trained on, and the levels a sampler visits.

A level is sigma, the standard deviation of the noise (Karras et al. 2022, “Elucidating the design
space of diffusion-based generative models”): a noised latent is x₀ + σ·n. The variance-preserving
form of Ho et al. 2020 is the same latent divided by √(1+σ²).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TrainedLevels:
    """The levels a model was trained on: `sigmas` [T] float64, rising with the timestep.

    “leading” spacing adds `offset` to its timesteps (`steps_offset` in diffusers).
    """

    sigmas: Tensor
    offset: int = 0


def linear(beta_start: float, beta_end: float, count: int) -> Tensor:
    """Betas [count] of Ho et al. 2020, §4: equally spaced."""
    return torch.linspace(beta_start, beta_end, count, dtype=torch.float32)


def scaled_linear(beta_start: float, beta_end: float, count: int) -> Tensor:
    """Betas [count] of latent diffusion (Rombach et al. 2022): their roots equally spaced."""
    return torch.linspace(beta_start**0.5, beta_end**0.5, count, dtype=torch.float32) ** 2


def cosine(_beta_start: float, _beta_end: float, count: int) -> Tensor:
    """Betas [count] of Nichol & Dhariwal 2021, §3.2: ᾱ falls as a squared cosine, β is capped."""

    def alpha_bar(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [
        min(1 - alpha_bar((i + 1) / count) / alpha_bar(i / count), 0.999) for i in range(count)
    ]
    return torch.tensor(betas, dtype=torch.float32)


BETA_SCHEDULES: dict[str, Callable[[float, float, int], Tensor]] = {
    "linear": linear,
    "scaled_linear": scaled_linear,
    "squaredcos_cap_v2": cosine,
}
"""The beta schedules by their names in scheduler_config.json."""


def zero_terminal(betas: Tensor) -> Tensor:
    """The betas [T] rescaled so that the last level is pure noise (Lin et al. 2023, alg. 1)."""
    kept = torch.cumprod(1 - betas, 0).sqrt()
    shifted = (kept - kept[-1]) * (kept[0] / (kept[0] - kept[-1]))
    alpha_bar = shifted.square()
    return 1 - torch.cat([alpha_bar[:1], alpha_bar[1:] / alpha_bar[:-1]])


MIN_ALPHA_BAR = 2.0**-24
"""Replaces an ᾱ of 0, whose σ would be infinite; the same value as in diffusers."""


def trained_levels(betas: Tensor, offset: int = 0) -> TrainedLevels:
    """The levels of `betas` [T]: σ² = (1-ᾱ)/ᾱ, where ᾱ is the cumulative product of 1-β.

    The product is in float32, as it was when the models were trained.
    """
    alpha_bar = torch.cumprod(1 - betas.float(), 0).double()
    alpha_bar = torch.where(alpha_bar > 0, alpha_bar, MIN_ALPHA_BAR)
    return TrainedLevels(((1 - alpha_bar) / alpha_bar).sqrt(), offset)


def trailing(levels: TrainedLevels, steps: int) -> Tensor:
    """Equally spaced timesteps from the last down to a stride above 0 (Lin et al. 2023)."""
    count = len(levels.sigmas)
    # arange(count, 0, -count / steps) may give one timestep too many by rounding.
    positions = count - torch.arange(steps, dtype=torch.float64) * (count / steps)
    return levels.sigmas[positions.round().long() - 1]


def leading(levels: TrainedLevels, steps: int) -> Tensor:
    """Whole strides upwards from 0, plus the offset: the original spacing of SD 1.x."""
    stride = len(levels.sigmas) // steps
    timesteps = torch.arange(steps).flip(0) * stride + levels.offset
    return levels.sigmas[timesteps.clamp(max=len(levels.sigmas) - 1)]


def linspace(levels: TrainedLevels, steps: int) -> Tensor:
    """Equally spaced timesteps, including the last and the first."""
    timesteps = torch.linspace(len(levels.sigmas) - 1, 0, steps, dtype=torch.float64)
    return levels.sigmas[timesteps.round().long()]


def karras(levels: TrainedLevels, steps: int, rho: float = 7.0, ceiling: float = 80.0) -> Tensor:
    """Levels whose ρ-th roots are equally spaced (Karras et al. 2022, eq. 5).

    Starts at 80 at most, the paper's value: the last levels of the cosine schedule reach 20,000,
    where most steps would be wasted on pure noise.
    """
    noisiest = min(levels.sigmas[-1].item(), ceiling) ** (1 / rho)
    cleanest = levels.sigmas[0].item() ** (1 / rho)
    return torch.linspace(noisiest, cleanest, steps, dtype=torch.float64) ** rho


SPACINGS: dict[str, Callable[[TrainedLevels, int], Tensor]] = {
    "trailing": trailing,
    "leading": leading,
    "linspace": linspace,
    "karras": karras,
}
"""Timestep spacings by their protocol names. Each returns falling levels [steps] float64."""


def visited(levels: TrainedLevels, spacing: str, steps: int) -> Tensor:
    """The levels of `steps` steps and the final 0: [steps + 1] float64, falling."""
    return torch.cat([SPACINGS[spacing](levels, steps), torch.zeros(1, dtype=torch.float64)])


def timestep(levels: TrainedLevels, sigma: Tensor) -> Tensor:
    """The timestep of each sigma, [rows] float64, interpolated in log σ between trained levels.

    Sigmas outside the trained range get the nearest timestep.
    """
    logs = levels.sigmas.log()
    wanted = sigma.double().log().clamp(logs[0], logs[-1])
    above = torch.searchsorted(logs, wanted).clamp(1, len(logs) - 1)
    low, high = logs[above - 1], logs[above]
    return above - 1 + (wanted - low) / (high - low)
