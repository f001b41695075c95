"""The one seed that stands for a whole noise."""

from bot.engines.noise_seed import noise_seed
from bot.prompts import seeds
from diffusion.protocol.requests import SEED_COUNT, Noise, SeedBlend


def test_every_picture_of_a_family_has_a_seed_of_its_own() -> None:
    grid = seeds.new(7)
    family = [
        *grid,
        *seeds.varied(grid[0], 0.25, 9),
        *seeds.varied(grid[0], 0.45, 9),
        *seeds.varied(grid[1], 0.45, 9),
        *seeds.renewed(grid, 8),
    ]
    found = {noise_seed(noise) for noise in family}
    assert len(found) == len(family)
    assert all(0 <= seed < SEED_COUNT for seed in found)


def test_it_is_the_same_on_every_machine() -> None:
    assert noise_seed(Noise(7)) == 7
    assert noise_seed(Noise(7, (SeedBlend(3, 0.5),))) == 1758110914
