"""Guidance on denoised predictions: how texts pull at a picture. Knows no networks or prompts.

The denoised prediction is affine in ε and in v, so guiding any of them is the same.
"""

import math
from collections.abc import Sequence

from torch import Tensor

NOISE_UNTIL_SHARE = 0.5
"""The share of the steps after which texts are heard without noise."""


def guide(parts: Tensor, weights: Sequence[float], unconditional: Tensor, scale: float) -> Tensor:
    """Move the unconditional prediction by the weighted sum of what each text changes in it.

    Ho & Salimans 2022, “Classifier-free diffusion guidance”, with scale w as w = 1 + s of eq. 6,
    and for several texts the conjunction of Liu et al. 2022, “Compositional visual generation
    with composable diffusion models”, with weights that add up to 1: a single text is plain
    guidance. A text of negative weight is led away from.
    parts: [texts, 4, h, w]; unconditional: [4, h, w].
    """
    return unconditional + scale * combine(parts - unconditional, weights)


def combine(parts: Tensor, weights: Sequence[float]) -> Tensor:
    """The weighted sum [4, h, w] of predictions [texts, 4, h, w]: guidance of scale 1."""
    combined = weights[0] * parts[0]
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        combined = combined + weight * part
    return combined


def rescale(guided: Tensor, plain: Tensor, share: float) -> Tensor:
    """Give the guided prediction, by a share from 0 to 1, the contrast of the plain one.

    Lin et al. 2023, “Common diffusion noise schedules and sample steps are flawed”, §3.4, on
    the denoised prediction. Both: [4, h, w].
    """
    return guided * (1 - share + share * plain.std() / guided.std())


def blur(states: Tensor, noise: Tensor, amount: float, share: float) -> Tensor:
    """A text's states with noise mixed in, `amount` of it at the start and none from CLEAR on.

    Sadat et al. 2023, “CADS: unleashing the diversity of diffusion models through
    condition-annealed sampling”; mean and deviation stay those of the states. share: how much of
    the run has gone by. States and noise are of one shape.
    """
    mixed = amount * max(0.0, 1 - share / NOISE_UNTIL_SHARE)
    if mixed == 0:
        return states
    heard = states.float()
    mean, deviation = heard.mean(), heard.std()
    noised = math.sqrt(1 - mixed) * heard + math.sqrt(mixed) * deviation * noise
    return ((noised - noised.mean()) / noised.std().clamp(min=1e-12) * deviation + mean).to(states)
