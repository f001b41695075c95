"""Denoiser and guidance: conversions between what networks predict, checked on a known answer."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from diffusion.sampling.denoiser import PREDICTION_TYPES, Denoiser
from diffusion.sampling.noise_schedules import scaled_linear, trained_levels
from diffusion.text.encoder import Conditions

LEVELS = trained_levels(scaled_linear(0.00085, 0.012, 1000))
X0, NOISE = torch.randn((2, 3, 4, 5, 5), generator=torch.Generator().manual_seed(0))
TIMES = torch.tensor([3, 500, 999])
SIGMA = LEVELS.sigmas[TIMES]
STATES = torch.zeros(3, 7, 2)
CONDITIONS = Conditions(STATES)


class Knowing(nn.Module):
    """A network that knows what made the latents, and says it the way it was trained to."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.answer = answer
        self.heard: list[Any] = []

    def forward(self, scaled: Tensor, times: Tensor, states: Tensor, return_dict: bool) -> Any:
        assert not return_dict
        self.heard = [scaled, times, states]
        return (self.answer,)


def _knowing(prediction_type: str) -> Knowing:
    alpha_bar = (1 / (1 + SIGMA.square())).float().reshape(-1, 1, 1, 1)
    answers: dict[str, Callable[[], Tensor]] = {
        "epsilon": lambda: NOISE,
        "v_prediction": lambda: alpha_bar.sqrt() * NOISE - (1 - alpha_bar).sqrt() * X0,
        "sample": lambda: X0,
        "edm": lambda: (1 - alpha_bar).sqrt() * X0 - alpha_bar.sqrt() * NOISE,
        "flow_prediction": lambda: NOISE - X0,
    }
    return Knowing(answers[prediction_type]())


def _noised() -> Tensor:
    return X0 + SIGMA.float().reshape(-1, 1, 1, 1) * NOISE


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
def test_the_true_answer_denoises_perfectly(prediction_type: str) -> None:
    denoiser = Denoiser(_knowing(prediction_type), LEVELS, prediction_type)
    assert torch.allclose(denoiser(_noised(), SIGMA, CONDITIONS), X0, atol=2e-5)


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
def test_a_prediction_outlasts_the_networks_own_memory(prediction_type: str) -> None:
    """Which a CUDA graph's next run overwrites, and which may be laid out as the weights are."""
    network = _knowing(prediction_type)
    network.answer = network.answer.clone(memory_format=torch.channels_last)
    denoised = Denoiser(network, LEVELS, prediction_type)(_noised(), SIGMA, CONDITIONS)
    network.answer.fill_(torch.nan)
    assert torch.allclose(denoised, X0, atol=2e-5)
    assert denoised.is_contiguous()


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
def test_the_loss_of_the_true_answer_is_0(prediction_type: str) -> None:
    network = _knowing(prediction_type)
    denoiser = Denoiser(network, LEVELS, prediction_type)
    loss = denoiser.loss(X0, SIGMA, NOISE, STATES)
    assert loss.shape == (3,)
    assert torch.allclose(loss, torch.zeros(3), atol=1e-10)
    network.answer = network.answer + 2
    assert torch.allclose(denoiser.loss(X0, SIGMA, NOISE, STATES), torch.full((3,), 4.0))


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
def test_sampling_and_training_show_the_network_the_same(prediction_type: str) -> None:
    network = _knowing(prediction_type)
    denoiser = Denoiser(network, LEVELS, prediction_type)
    denoiser(_noised(), SIGMA, CONDITIONS)
    scaled, times, states = network.heard
    denoiser.loss(X0, SIGMA, NOISE, STATES)
    assert torch.allclose(scaled, network.heard[0], atol=1e-6)
    assert torch.equal(times, TIMES.float())
    assert torch.equal(times, network.heard[1])
    assert torch.equal(states, network.heard[2])
