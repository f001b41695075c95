"""One picture's noise, its steps and its previews."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion.protocol.requests import MAX_STEPS, Noise, SeedBlend
from diffusion.sampling.noise_schedules import scaled_linear, trained_levels
from diffusion.sampling.plan import Plan, preview_steps, steps_run
from diffusion.sampling.trajectory import NoiseSource, begin
from diffusion.text.encoder import Condition
from tests.support.engine.inference_requests import a_request

SHAPE = (4, 100, 100)
LEVELS = trained_levels(scaled_linear(0.00085, 0.012, 1000))
CONDITIONS = (Condition(torch.zeros(3, 2)),) * 2


def _draw(*blends: SeedBlend, seed: int = 1) -> torch.Tensor:
    return NoiseSource(Noise(seed, blends), SHAPE).draw()


def test_unblended_noise_is_torchs_for_the_seed() -> None:
    expected = torch.randn((1, *SHAPE), generator=torch.Generator().manual_seed(7))[0]
    assert torch.equal(_draw(seed=7), expected)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_blended_noise_keeps_unit_variance_and_comes_closer_with_strength(strength: float) -> None:
    blended = _draw(SeedBlend(2, strength), SeedBlend(3, 0.4))
    assert blended.std().item() == pytest.approx(1, abs=0.01)
    nearness = (blended * _draw()).mean().item()
    assert nearness == pytest.approx(math.sqrt(1 - strength**2) * math.sqrt(1 - 0.16), abs=0.02)


def test_the_ends_of_blending_are_the_two_noises() -> None:
    assert torch.equal(_draw(SeedBlend(2, 0.0)), _draw())
    assert torch.equal(_draw(SeedBlend(2, 1.0)), _draw(seed=2))


def test_blends_are_applied_in_order() -> None:
    one, two = SeedBlend(2, 0.5), SeedBlend(3, 0.9)
    assert not torch.equal(_draw(one, two), _draw(two, one))


def test_the_noise_of_later_steps_is_blended_alike() -> None:
    plain, blended = (
        NoiseSource(Noise(1, blends), SHAPE)
        for blends in ((), (SeedBlend(2, 0.0), SeedBlend(3, 0.0)))
    )
    for _ in range(3):
        assert torch.equal(plain.draw(), blended.draw())
    assert not torch.equal(plain.draw(), NoiseSource(Noise(1), SHAPE).draw())


@given(st.integers(1, MAX_STEPS), st.integers(0, MAX_STEPS))
def test_previews_are_spread_over_the_steps_before_the_last(steps: int, count: int) -> None:
    shown = sorted(preview_steps(steps, count))
    assert len(shown) == min(count, steps - 1)
    assert all(1 <= step < steps for step in shown)
    gaps = [b - a for a, b in zip([0, *shown], [*shown, steps], strict=True)]
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    ("stop", "steps", "run"), [(1.0, 20, 20), (0.5, 20, 10), (0.01, 20, 1), (0.99, 4, 4)]
)
def test_stop_runs_a_share_of_the_steps_and_at_least_one(stop: float, steps: int, run: int) -> None:
    assert steps_run(a_request(stop=stop, steps=steps)) == run


def test_a_picture_begins_as_noise_of_the_first_level() -> None:
    request = a_request()
    start = begin(request, Plan.of(request), 0, LEVELS, CONDITIONS, SHAPE)
    assert start.x.std().item() == pytest.approx(math.sqrt(1 + 14.61**2), rel=0.01)
    assert not start.done


@pytest.mark.parametrize(("sampler", "draws"), [("euler", False), ("ddpm", True)])
def test_only_ancestral_samplers_draw_noise_at_a_step(sampler: str, draws: bool) -> None:
    request = a_request(sampler=sampler)
    start = begin(request, Plan.of(request), 0, LEVELS, CONDITIONS, SHAPE)
    drawn = start.draw()
    assert bool(drawn.any()) == draws
    after = start.source.draw()
    fresh = NoiseSource(Noise(1), SHAPE)
    expected = [fresh.draw() for _ in range(3)]
    assert torch.equal(after, expected[2 if draws else 1])
