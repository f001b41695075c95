"""Seeds and seed blends: the noise that each picture of a grid starts from. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import TooManyGenerations
from diffusion.protocol.requests import MAX_BLENDS, Noise, SeedBlend

GRID_PICTURES = 4
"""Pictures in a grid."""


def derive_seed(seed: int, nth: int) -> int:
    """The nth seed derived from a seed: the same on every machine, unrelated to its neighbours."""
    digest = hashlib.sha256(f"{seed}:{nth}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def own_seed(noise: Noise) -> int:
    """The seed that differs between the pictures of a grid."""
    return noise.blends[-1].seed if noise.blends else noise.seed


def new(seed: int) -> tuple[Noise, ...]:
    """Unrelated noises for a grid, all derived from one seed."""
    return tuple(
        Noise(seed, (SeedBlend(derive_seed(seed, nth), 1.0),)) for nth in range(GRID_PICTURES)
    )


def varied(parent: Noise, strength: float, seed: int) -> tuple[Noise, ...]:
    """Noises for a grid of variations; each correlates with `parent` by √(1-strength²).

    Raises TooManyGenerations.
    """
    if len(parent.blends) >= MAX_BLENDS:
        raise TooManyGenerations(MAX_BLENDS)
    return tuple(
        replace(parent, blends=(*parent.blends, SeedBlend(derive_seed(seed, nth), strength)))
        for nth in range(GRID_PICTURES)
    )


def renewed(noises: Sequence[Noise], seed: int) -> tuple[Noise, ...]:
    """Reseed each noise, keeping count and blend strengths.

    Of variations only the last blend changes, so they stay variations of the same picture.
    """
    if all(len(noise.blends) > 1 for noise in noises):
        return tuple(
            replace(noise, blends=(*noise.blends[:-1], _reseed(noise.blends[-1], seed, nth)))
            for nth, noise in enumerate(noises)
        )
    return tuple(
        Noise(seed, tuple(_reseed(blend, seed, nth) for blend in noise.blends))
        for nth, noise in enumerate(noises)
    )


def _reseed(blend: SeedBlend, seed: int, nth: int) -> SeedBlend:
    return replace(blend, seed=derive_seed(seed, nth))
