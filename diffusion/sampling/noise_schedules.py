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

    `time` says how the network is told of a level: “index” is the number of its timestep, “edm” is
    ¼·log σ (Karras et al. 2022, table 1), “flow” is T·σ/(1+σ), the share of noise in a mixture
    (1-s)·x₀ + s·n. The last two take any σ, so the levels between trained ones count too.

    `distilled` has the indices of the only levels that a consistency model knows, rising; None for
    all others. `ends_noised` are the samplers that end at the lowest level instead of at 0.
    """

    sigmas: Tensor
    offset: int = 0
    time: str = "index"
    distilled: Tensor | None = None
    ends_noised: frozenset[str] = frozenset()

    @property
    def continuous(self) -> bool:
        return self.time != "index"

    def at(self, positions: Tensor) -> Tensor:
        """The levels at positions [steps] in `sigmas`; those in between are rounded or blended."""
        if not self.continuous:
            return self.sigmas[positions.round().long()]
        positions = positions.clamp(0, len(self.sigmas) - 1).double()
        low = positions.floor().long().clamp(max=len(self.sigmas) - 2)
        logs = self.sigmas.log()
        return (logs[low] + (positions - low) * (logs[low + 1] - logs[low])).exp()


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

MAX_NOISE_SHARE = 1 - 2.0**-20
"""Replaces a share of 1 of noise, whose σ would be infinite."""

MAX_SIGMA = 80.0
"""The noisiest level that Karras and exponential spacing start from."""

RHO = 7.0
"""The exponent of Karras spacing."""


def trained_levels(betas: Tensor, offset: int = 0) -> TrainedLevels:
    """The levels of `betas` [T]: σ² = (1-ᾱ)/ᾱ, where ᾱ is the cumulative product of 1-β.

    The product is in float32, as it was when the models were trained.
    """
    alpha_bar = torch.cumprod(1 - betas.float(), 0).double()
    alpha_bar = torch.where(alpha_bar > 0, alpha_bar, MIN_ALPHA_BAR)
    return TrainedLevels(((1 - alpha_bar) / alpha_bar).sqrt(), offset)


def edm_levels(sigma_min: float, sigma_max: float, count: int) -> TrainedLevels:
    """Levels of a model that is told σ itself (Karras et al. 2022): `count` Karras levels."""
    roots = torch.linspace(
        sigma_min ** (1 / RHO), sigma_max ** (1 / RHO), count, dtype=torch.float64
    )
    return TrainedLevels(roots**RHO, time="edm")


def flow_levels(shift: float, count: int) -> TrainedLevels:
    """Levels of a flow model (Lipman et al. 2023; `shift` of Esser et al. 2024, eq. 23).

    A mixture (1-s)·x₀ + s·n is x₀ + σ·n with σ = s/(1-s), divided by 1+σ. At s = 1 it is all noise;
    where σ is infinite, this level gets the largest share below. As in diffusers, the least share
    is shifted twice.
    """

    def shifted(share: Tensor) -> Tensor:
        return shift * share / (1 + (shift - 1) * share)

    least = shifted(torch.tensor(1 / count, dtype=torch.float64)).item()
    shares = shifted(torch.linspace(least, 1, count, dtype=torch.float64))
    shares[-1] = MAX_NOISE_SHARE
    return TrainedLevels(shares / (1 - shares), time="flow")


def trailing(levels: TrainedLevels, steps: int) -> Tensor:
    """Equally spaced timesteps from the last down to a stride above 0 (Lin et al. 2023).

    Of a consistency model only the levels that it knows (Luo et al. 2023).
    """
    known = levels.distilled
    if known is not None and steps <= len(known):
        chosen = torch.arange(steps, dtype=torch.float64) * (len(known) / steps)
        return levels.sigmas[known.flip(0)[chosen.floor().long()]]
    count = len(levels.sigmas)
    # arange(count, 0, -count / steps) may give one timestep too many by rounding.
    positions = count - torch.arange(steps, dtype=torch.float64) * (count / steps)
    return levels.at(positions.round() - 1)


def leading(levels: TrainedLevels, steps: int) -> Tensor:
    """Whole strides upwards from 0, plus the offset: the original spacing of SD 1.x."""
    stride = len(levels.sigmas) // steps
    timesteps = torch.arange(steps).flip(0) * stride + levels.offset
    return levels.sigmas[timesteps.clamp(max=len(levels.sigmas) - 1)]


def linspace(levels: TrainedLevels, steps: int) -> Tensor:
    """Equally spaced timesteps, including the last and the first."""
    timesteps = torch.linspace(len(levels.sigmas) - 1, 0, steps, dtype=torch.float64)
    return levels.at(timesteps)


def exponential(levels: TrainedLevels, steps: int) -> Tensor:
    """Levels whose logarithms are equally spaced, between those that `karras` goes between."""
    noisiest, cleanest = _range(levels)
    return torch.linspace(math.log(noisiest), math.log(cleanest), steps, dtype=torch.float64).exp()


def karras(levels: TrainedLevels, steps: int) -> Tensor:
    """Levels whose ρ-th roots are equally spaced (Karras et al. 2022, eq. 5)."""
    noisiest, cleanest = (end ** (1 / RHO) for end in _range(levels))
    return torch.linspace(noisiest, cleanest, steps, dtype=torch.float64) ** RHO


def _range(levels: TrainedLevels) -> tuple[float, float]:
    """The noisiest and the cleanest level to go between.

    At most 80, the value of Karras et al.: the last levels of the cosine schedule reach 20,000,
    where most steps would be wasted on pure noise. A model that was trained on levels and not on
    timesteps says its own range.
    """
    noisiest, cleanest = levels.sigmas[-1].item(), levels.sigmas[0].item()
    return noisiest if levels.time == "edm" else min(noisiest, MAX_SIGMA), cleanest


SPACINGS: dict[str, Callable[[TrainedLevels, int], Tensor]] = {
    "trailing": trailing,
    "leading": leading,
    "linspace": linspace,
    "karras": karras,
    "exponential": exponential,
}
"""Timestep spacings by their protocol names. Each returns falling levels [steps] float64."""


def visited(levels: TrainedLevels, spacing: str, steps: int, sampler: str = "") -> Tensor:
    """The levels of `steps` steps and the final one: [steps + 1] float64, falling.

    The final level is 0, or the lowest of a model that ends there with this sampler.
    """
    final = torch.zeros(1, dtype=torch.float64)
    if sampler in levels.ends_noised:
        final = levels.sigmas[:1]
    return torch.cat([SPACINGS[spacing](levels, steps), final])


def timestep(levels: TrainedLevels, sigma: Tensor) -> Tensor:
    """The timestep of each sigma, [rows] float64, interpolated in log σ between trained levels.

    Sigmas outside the trained range get the nearest timestep.
    """
    if levels.time == "flow":
        return len(levels.sigmas) * (sigma.double() / (1 + sigma.double()))
    if levels.time == "edm":
        return 0.25 * sigma.double().log()
    logs = levels.sigmas.log()
    wanted = sigma.double().log().clamp(logs[0], logs[-1])
    above = torch.searchsorted(logs, wanted).clamp(1, len(logs) - 1)
    low, high = logs[above - 1], logs[above]
    return above - 1 + (wanted - low) / (high - low)
