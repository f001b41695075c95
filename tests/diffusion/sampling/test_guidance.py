"""Guidance: what the papers write, at its ends and in between, and what it is in a run."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFailed, GenerationFinished
from diffusion.loading.load import Checkpoint
from diffusion.protocol.requests import ImageRequest, Noise, WeightedPrompt
from diffusion.sampling.guidance import NOISE_UNTIL_SHARE, blur, combine, guide, rescale
from diffusion.sampling.noise_schedules import scaled_linear, trained_levels
from diffusion.sampling.plan import Plan
from diffusion.sampling.trajectory import Trajectory, begin
from diffusion.text.encoder import Condition
from diffusion.vision.image_files import Pixels
from tests.support.engine.inference_requests import a_request

CHANCE = torch.Generator().manual_seed(0)
SHAPE = (4, 6, 5)
X, ONE, TWO, AWAY = torch.randn(4, *SHAPE, generator=CHANCE)
LEVELS = trained_levels(scaled_linear(0.00085, 0.012, 1000))


def test_the_ends_of_the_scale_are_the_two_predictions() -> None:
    assert torch.equal(guide(ONE[None], [1.0], AWAY, 0.0), AWAY)
    assert torch.allclose(guide(ONE[None], [1.0], AWAY, 1.0), ONE, atol=1e-6)
    assert torch.equal(guide(ONE[None], [1.0], AWAY, 5.0), AWAY + 5 * (ONE - AWAY))


@pytest.mark.parametrize("scale", [1.5, 3.0, 7.5])
def test_guiding_predictions_is_guiding_noise(scale: float) -> None:
    """As Ho & Salimans write it: ε̃ = (1+w)·ε_c - w·ε_u, with a scale of 1+w."""
    sigma, w = 2.5, scale - 1
    guided = guide((X - sigma * ONE)[None], [1.0], X - sigma * AWAY, scale)
    assert torch.allclose(guided, X - sigma * ((1 + w) * ONE - w * AWAY), rtol=1e-4, atol=1e-4)


def test_several_texts_are_composed() -> None:
    """As Liu et al. write it: ε_u + Σ wᵢ·(εᵢ - ε_u), each weight times the scale."""
    guided = guide(torch.stack([ONE, TWO]), [1.25, -0.25], AWAY, 4.0)
    assert torch.allclose(guided, AWAY + 5 * (ONE - AWAY) - (TWO - AWAY), atol=1e-5)
    plain = combine(torch.stack([ONE, TWO]), [1.25, -0.25])
    assert torch.allclose(
        guide(torch.stack([ONE, TWO]), [1.25, -0.25], AWAY, 1.0), plain, atol=1e-5
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_rescaling_takes_the_contrast_back(share: float) -> None:
    guided = guide(ONE[None], [1.0], AWAY, 9.0)
    deviation = rescale(guided, ONE, share).std()
    assert deviation.item() == pytest.approx(
        ((1 - share) * guided.std() + share * ONE.std()).item(), rel=1e-4
    )


def test_noise_in_the_states_falls_to_none_and_keeps_their_spread() -> None:
    states = torch.randn((32, 64), generator=CHANCE) * 3 + 1
    noise = torch.randn((32, 64), generator=CHANCE)
    shares = [NOISE_UNTIL_SHARE * part / 4 for part in range(5)]
    heard = [blur(states, noise, 0.5, share) for share in shares]
    apart = [(one - states).norm().item() for one in heard]
    assert apart == sorted(apart, reverse=True)
    assert torch.equal(heard[-1], states)
    assert torch.equal(blur(states, noise, 0.0, 0.0), states)
    for one in heard:
        assert one.mean().item() == pytest.approx(states.mean().item(), abs=1e-4)
        assert one.std().item() == pytest.approx(states.std().item(), rel=1e-4)
    nearness = torch.nn.functional.cosine_similarity(
        (heard[0] - heard[0].mean()).flatten(), (states - states.mean()).flatten(), dim=0
    )
    assert nearness.item() == pytest.approx(math.sqrt(0.5), abs=0.05)


def test_states_that_are_all_zeros_stay_numbers() -> None:
    nothing = torch.zeros((3, 4))
    assert torch.equal(blur(nothing, torch.randn((3, 4), generator=CHANCE), 1.0, 0.0), nothing)


# What a request asks of its steps.

PARTS = (WeightedPrompt("a fox", 1.0), WeightedPrompt("red", 2.0), WeightedPrompt("a tree", -0.5))


@pytest.mark.parametrize(
    ("changes", "heard", "rows"),
    [
        ({}, ("a red fox", ""), 2),
        ({"guidance_scale": 1.0}, ("a red fox",), 1),
        ({"guidance_scale": 0.0, "negative_prompt": "blur"}, ("a red fox",), 1),
        ({"parts": PARTS, "negative_prompt": "blur"}, ("a fox", "red", "a tree", "blur"), 4),
        ({"parts": PARTS, "guidance_scale": 1.0}, ("a fox", "red", "a tree"), 3),
        ({"parts": (*PARTS, WeightedPrompt("no", 0.0))}, ("a fox", "red", "a tree", ""), 4),
        ({"guidance_interval": (0.5, 0.5), "steps": 4}, ("a red fox",), 1),
        ({"guidance_interval": (0.0, 0.5), "guidance_scale": 0.0}, ("a red fox",), 1),
    ],
)
def test_only_the_texts_that_some_step_needs_are_read(
    changes: dict[str, Any], heard: tuple[str, ...], rows: int
) -> None:
    request = a_request(**changes)
    plan = Plan.of(request)
    assert plan.all_texts == heard
    assert plan.rows == rows


def test_weights_are_shares_of_their_sum() -> None:
    assert Plan.of(a_request(parts=PARTS)).weights == pytest.approx((0.4, 0.8, -0.2))
    assert Plan.of(a_request(parts=(WeightedPrompt("a fox", 7.0),))).weights == (1.0,)


@pytest.mark.parametrize(
    ("interval", "scales"),
    [
        ((0.0, 1.0), (3, 3, 3, 3, 3)),
        ((0.2, 0.8), (1, 3, 3, 3, 1)),
        ((0.0, 0.25), (3, 1, 1, 1, 1)),
        ((0.9, 1.0), (1, 1, 1, 1, 3)),
        ((0.0, 0.0), (1, 1, 1, 1, 1)),
    ],
)
def test_guidance_keeps_to_its_interval(
    interval: tuple[float, float], scales: tuple[float, ...]
) -> None:
    assert Plan.of(a_request(steps=5, guidance_interval=interval)).scales == scales


def _begun(request: ImageRequest) -> Trajectory:
    plan = Plan.of(request)
    conditions = tuple(
        Condition(torch.full((3, 2), float(at))) for at in range(len(plan.all_texts))
    )
    return begin(request, plan, 0, LEVELS, conditions, SHAPE)


def test_each_step_has_the_rows_it_needs() -> None:
    one = _begun(a_request(parts=PARTS, steps=4, guidance_interval=(0.0, 0.5)))
    assert [row.condition.states[0, 0].item() for row in one.rows()] == [0, 1, 2, 3]
    one.step = 2
    assert [row.condition.states[0, 0].item() for row in one.rows()] == [0, 1, 2]
    one = _begun(a_request(steps=4, guidance_scale=0.0))
    assert [row.condition.states[0, 0].item() for row in one.rows()] == [0]


def test_condition_noise_comes_from_the_pictures_own_seeds() -> None:
    def heard(noise: Noise, step: int = 0) -> torch.Tensor:
        request = a_request(condition_noise=0.5, steps=8, noises=(noise,))
        states = torch.randn((3, 20), generator=torch.Generator().manual_seed(1))
        conditions = (Condition(states), Condition(states))
        one = begin(request, Plan.of(request), 0, LEVELS, conditions, SHAPE)
        one.step = step
        rows = one.rows()
        assert torch.equal(rows[1].condition.states, states)
        return rows[0].condition.states - states

    assert torch.equal(heard(Noise(1)), heard(Noise(1)))
    assert not torch.equal(heard(Noise(1)), heard(Noise(2)))
    assert heard(Noise(1), 3).norm() < heard(Noise(1), 1).norm()
    assert not heard(Noise(1), 4).any()


def test_the_noise_of_a_picture_is_the_same_with_condition_noise() -> None:
    plain, noised = _begun(a_request()), _begun(a_request(condition_noise=0.5))
    assert torch.equal(plain.x, noised.x)


def test_a_request_of_one_part_is_its_prompt() -> None:
    request = a_request()
    part = replace(request, parts=(WeightedPrompt(request.prompt, 3.0),))
    assert Plan.of(part) == Plan.of(request)


# In the engine: guided requests of all kinds in one run.

GUIDED = (
    a_request(parts=PARTS, noises=(Noise(1), Noise(2))),
    a_request(condition_noise=0.7, sampler="euler_ancestral", steps=6),
    a_request(guidance_interval=(0.2, 0.7), steps=7, noises=(Noise(3),)),
    a_request(guidance_rescale=0.7, guidance_scale=9.0, negative_prompt="blur"),
    a_request(guidance_scale=0.0, negative_prompt="blur", condition_noise=0.5),
    a_request(parts=PARTS, guidance_scale=1.0, sampler="ddpm", guidance_interval=(0.0, 0.5)),
    a_request(),
)


def _run(tiny: Checkpoint, requests: Sequence[ImageRequest]) -> list[tuple[Pixels, ...]]:
    """The pictures of requests of which one joins at each step."""
    engine = Engine(tiny)
    waiting, keys, drawn = list(requests), [], dict[int, tuple[Pixels, ...]]()
    while waiting or len(engine):
        if waiting:
            keys.append(engine.add(waiting.pop(0)).key)
        for event in engine.step():
            assert not isinstance(event, GenerationFailed), event
            if isinstance(event, GenerationFinished):
                drawn[event.key] = event.pictures
    return [drawn[key] for key in keys]


@pytest.fixture(scope="module")
def alone(tiny: Checkpoint) -> list[tuple[Pixels, ...]]:
    return [_run(tiny, [request])[0] for request in GUIDED]


def test_the_same_bytes_alone_and_in_company(
    tiny: Checkpoint, alone: list[tuple[Pixels, ...]]
) -> None:
    for order in (GUIDED, GUIDED[::-1]):
        together = dict(zip(order, _run(tiny, order), strict=True))
        for request, expected in zip(GUIDED, alone, strict=True):
            assert all(map(np.array_equal, together[request], expected)), request


def test_every_kind_of_guidance_shows_in_the_pictures(
    tiny: Checkpoint, alone: list[tuple[Pixels, ...]]
) -> None:
    assert len({pictures[0].tobytes() for pictures in alone}) == len(alone)


def test_one_part_is_the_prompt_to_the_last_bit(
    tiny: Checkpoint, alone: list[tuple[Pixels, ...]]
) -> None:
    part = a_request(parts=(WeightedPrompt("a red fox", 2.5),))
    assert all(map(np.array_equal, _run(tiny, [part])[0], alone[-1]))
