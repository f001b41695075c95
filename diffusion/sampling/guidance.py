"""Classifier-free guidance and its variants, on denoised predictions.

The denoised prediction is affine in ε and in v, so guiding any of them is the same.
"""

import math
from collections.abc import Sequence

from torch import Tensor

NOISE_UNTIL_SHARE = 0.5
"""The share of the steps after which no noise is mixed into the texts any more."""


def guide(parts: Tensor, weights: Sequence[float], unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance with one or several weighted texts: [4, h, w].

    Ho & Salimans 2022, “Classifier-free diffusion guidance”; `scale` is 1 + w of their eq. 6. For
    several texts it is the conjunction of Liu et al. 2022, “Compositional visual generation with
    composable diffusion models”. The weights add up to 1; a negative one guides away from its text.
    parts: [texts, 4, h, w]; unconditional: [4, h, w].
    """
    return unconditional + scale * combine(parts - unconditional, weights)


def combine(parts: Tensor, weights: Sequence[float]) -> Tensor:
    """The weighted sum [4, h, w] of predictions [texts, 4, h, w], which is guidance of scale 1."""
    combined = weights[0] * parts[0]
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        combined = combined + weight * part
    return combined


def rescale(guided: Tensor, plain: Tensor, share: float) -> Tensor:
    """Rescale the guided prediction to the standard deviation of the plain one: [4, h, w].

    `share`, from 0 to 1, is φ of Lin et al. 2023, “Common diffusion noise schedules and sample
    steps are flawed”, §3.4; here on the denoised prediction. guided, plain: [4, h, w].
    """
    return guided * (1 - share + share * plain.std() / guided.std())


def blur(states: Tensor, noise: Tensor, amount: float, share: float) -> Tensor:
    """Mix noise into a text's states: `amount` at the start, none after NOISE_UNTIL_SHARE.

    Sadat et al. 2023, “CADS: unleashing the diversity of diffusion models through
    condition-annealed sampling”. Mean and standard deviation stay those of the states. `share` is
    the share of the steps that are done. States and noise have the same shape.
    """
    mixed = amount * max(0.0, 1 - share / NOISE_UNTIL_SHARE)
    if mixed == 0:
        return states
    clean = states.float()
    mean, deviation = clean.mean(), clean.std()
    noised = math.sqrt(1 - mixed) * clean + math.sqrt(mixed) * deviation * noise
    return ((noised - noised.mean()) / noised.std().clamp(min=1e-12) * deviation + mean).to(states)
