"""The oldest diffusion experiment: a swiss roll is destroyed by noise and restored.

Sohl-Dickstein et al. 2015, §3.1, with today's schedule, prediction type and sampler: those of the
engine, on pictures of one cell with two channels. Only the network is smaller: a few thousand
parameters.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from diffusion.sampling.denoiser import Denoiser
from diffusion.sampling.noise_schedules import cosine, linear, trained_levels, visited
from diffusion.sampling.samplers import euler_ancestral, initial_state
from diffusion.text.encoder import Conditions

ROLL_WIDTH = 64
ROLL_STEPS = 40
TURNS = (1.5 * math.pi, 4.5 * math.pi)
ROLL_SCALE = 7.0  # brings the roll to a standard deviation of about one
# Frequencies of the position embedding (Tancik et al. 2020); plain coordinates are too smooth.
WAVES = (2.0, 4.0)


ROLL_BETAS = {"linear": linear(1e-4, 0.02, 1000), "cosine": cosine(0, 0, 1000)}


def spiral(angle: Tensor) -> Tensor:
    """Points [n, 2] of the roll at these angles."""
    return torch.stack([angle * angle.cos(), angle * angle.sin()], dim=1) / ROLL_SCALE


def swiss_roll(count: int, g: torch.Generator) -> Tensor:
    """Random points [count, 2, 1, 1], uniform along the roll."""
    # The length grows with the square of the angle, so this is uniform along the roll.
    first, last = TURNS
    share = torch.rand(count, generator=g)
    points = spiral((first**2 + share * (last**2 - first**2)).sqrt())
    return (points + 0.02 * torch.randn(points.shape, generator=g)).view(count, 2, 1, 1)


class RollNetwork(nn.Module):
    """Three layers with sine embeddings of time and position. Called like a U-Net; ignores
    texts."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 + 4 * len(WAVES) + 8, ROLL_WIDTH),
            nn.SiLU(),
            nn.Linear(ROLL_WIDTH, ROLL_WIDTH),
            nn.SiLU(),
            nn.Linear(ROLL_WIDTH, 2),
        )

    def forward(
        self, x: Tensor, times: Tensor, states: Tensor, return_dict: bool = False
    ) -> tuple[Tensor]:
        """The prediction for points [rows, 2, 1, 1] at timesteps [rows]."""
        places = x.flatten(1)
        waves = torch.cat([places * wave for wave in WAVES], dim=1)
        phases = times.view(-1, 1) / 1000 * math.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])
        angles = torch.cat([waves, phases], dim=1)
        told = torch.cat([places, angles.sin(), angles.cos()], dim=1)
        return (self.layers(told).view_as(x),)


def train_on_roll(steps: int, seed: int, schedule: str = "cosine") -> tuple[Denoiser, list[float]]:
    """Train a denoiser for the roll; returns it and its loss per step."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = RollNetwork()
    denoiser = Denoiser(network, trained_levels(ROLL_BETAS[schedule]), "v_prediction")
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=1e-4)
    g = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(steps):
        points = swiss_roll(512, g)
        # Mostly levels where the turns become distinct (log-normal, Karras et al. 2022, table 1).
        sigma = (1.2 * torch.randn(len(points), generator=g) - 1.0).exp().double()
        noise = torch.randn(points.shape, generator=g)
        loss = denoiser.loss(points, sigma, noise, _no_words(points)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
        losses.append(loss.item())
    return denoiser, losses


def destroy(denoiser: Denoiser, points: Tensor, share: float, g: torch.Generator) -> Tensor:
    """The points [n, 2] with noise of this share of the schedule."""
    sigma = denoiser.levels.sigmas[round(share * 999)].item()
    noised = points + sigma * torch.randn(points.shape, generator=g)
    return (noised / math.sqrt(1 + sigma**2)).flatten(1)


@torch.inference_mode()
def restore(
    denoiser: Denoiser, count: int, g: torch.Generator, steps: int = ROLL_STEPS
) -> list[Tensor]:
    """Sample from noise: the points [count, 2] at each of `steps` + 1 levels."""
    sigmas = visited(denoiser.levels, "trailing", steps)
    x = sigmas[0].float() * torch.randn((count, 2, 1, 1), generator=g)
    memory = initial_state(x)
    shown = [x.flatten(1) / math.sqrt(1 + float(sigmas[0]) ** 2)]
    for sigma, sigma_next in pairwise(sigmas):
        rows, rows_next = sigma.expand(count), sigma_next.expand(count)
        denoised = denoiser(x, rows, Conditions(_no_words(x)))
        noise = torch.randn(x.shape, generator=g)
        x, memory = euler_ancestral(x, denoised, rows, rows_next, memory, noise)
        shown.append(x.flatten(1) / math.sqrt(1 + float(sigma_next) ** 2))
    return shown


def distances(points: Tensor) -> Tensor:
    """The distance [n] of each point [n, 2] from the roll."""
    return torch.cdist(points, spiral(torch.linspace(*TURNS, 2000))).amin(1)


def compare_schedules(schedule: str, trainings: int, counts: tuple[int, ...]) -> list[float]:
    """The mean distance of restored points, for each number of steps."""
    totals = [0.0] * len(counts)
    for seed in range(trainings):
        denoiser, _ = train_on_roll(1500, seed, schedule)
        for place, steps in enumerate(counts):
            g = torch.Generator().manual_seed(seed)
            totals[place] += distances(restore(denoiser, 2000, g, steps)[-1]).mean().item()
    return [total / trainings for total in totals]


def _no_words(rows: Tensor) -> Tensor:
    return rows.new_zeros(len(rows), 1, 1)
