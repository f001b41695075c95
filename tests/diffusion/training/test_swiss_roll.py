"""The swiss roll of Sohl-Dickstein et al. 2015, by the mathematics that draws pictures."""

from __future__ import annotations

import torch

from diffusion.training.evaluation.swiss_roll import (
    TURNS,
    RollNetwork,
    destroy,
    distances,
    restore,
    spiral,
    swiss_roll,
    train_on_roll,
)

ROLL = spiral(torch.linspace(*TURNS, 2000))


def test_noise_destroys_the_roll_and_a_few_thousand_parameters_restore_it() -> None:
    assert sum(weight.numel() for weight in RollNetwork().parameters()) < 6000
    denoiser, losses = train_on_roll(steps=900, seed=0)
    assert sum(losses[-50:]) < 0.85 * sum(losses[:50])
    g = torch.Generator().manual_seed(1)
    roll = swiss_roll(1000, g)
    destroyed = destroy(denoiser, roll, 1.0, g)
    restored = restore(denoiser, 1000, g)
    assert distances(roll.flatten(1)).mean() < 0.02
    # Noise lies 0.39 from the roll on average, since its turns are never far.
    assert distances(destroyed).mean() > 0.3
    assert distances(restored[0]).mean() > 0.3
    assert distances(restored[-1]).mean() < 0.06
    # All of the roll, not one piece of it that is easy to hit: each tenth of its length.
    nearest = torch.cdist(restored[-1], ROLL).argmin(1) / len(ROLL)
    first, last = TURNS
    length = ((first + nearest * (last - first)) ** 2 - first**2) / (last**2 - first**2)
    assert torch.histc(length, 10, 0, 1).min() > 50


def test_points_are_spread_along_the_roll() -> None:
    radius = swiss_roll(20_000, torch.Generator().manual_seed(0)).flatten(1).norm(dim=1)
    # Between equal steps of the squared radius lie equal lengths.
    counts = torch.histc(radius.square(), 8, *(float(v) for v in (ROLL[[0, -1]].norm(dim=1) ** 2)))
    assert (counts / counts.mean() - 1).abs().max() < 0.1
