"""The U-Net seen as a denoiser: noised latents and their sigma in, clean latents out.

Whatever the network was trained to predict (ε, v or the sample) is converted here and nowhere
else, in sampling (`forward`) and in training (`loss`) alike, so that the two cannot drift apart.
Knows nothing of prompts beyond their CLIP states, of guidance, or of samplers.
"""

import torch
from torch import Tensor, nn

from diffusion.schedules import TrainedLevels, timestep

PREDICTION_TYPES = ("epsilon", "v_prediction", "sample")


class Denoiser(nn.Module):
    """D(x; σ) of Karras et al. 2022 around a `UNet2DConditionModel`."""

    def __init__(self, unet: nn.Module, levels: TrainedLevels, prediction_type: str) -> None:
        super().__init__()
        assert prediction_type in PREDICTION_TYPES
        self.unet = unet
        self.levels = levels
        self.prediction_type = prediction_type

    def forward(self, x: Tensor, sigma: Tensor, states: Tensor) -> Tensor:
        """The denoised prediction, like `x`.

        x: [rows, 4, h, w], noised as x₀ + σ·n; sigma: [rows] float64 on the CPU;
        states: [rows, tokens, width] of the text encoder.
        """
        preserved, added = _variance_preserving(sigma, x)
        output = self._network(x * preserved, sigma, states)
        # With α = 1/√(1+σ²) and σα for the two shares, x = (α·x₀ + σα·n)/α.
        if self.prediction_type == "epsilon":
            return x - _rows(sigma, x) * output
        if self.prediction_type == "v_prediction":
            return preserved * (preserved * x) - added * output
        return output

    def loss(self, x0: Tensor, sigma: Tensor, noise: Tensor, states: Tensor) -> Tensor:
        """The mean squared error of each row's output [rows], in what the network predicts.

        x0, noise: [rows, 4, h, w]; sigma: [rows]; states as in `forward`. The target is ε
        (Ho et al. 2020, eq. 14), v = α·ε - σα·x₀ (Salimans & Ho 2022, app. D) or x₀.
        """
        preserved, added = _variance_preserving(sigma, x0)
        output = self._network(preserved * x0 + added * noise, sigma, states)
        if self.prediction_type == "epsilon":
            target = noise
        elif self.prediction_type == "v_prediction":
            target = preserved * noise - added * x0
        else:
            target = x0
        return (output - target).square().mean(dim=(1, 2, 3))

    def _network(self, scaled: Tensor, sigma: Tensor, states: Tensor) -> Tensor:
        weights = next(self.unet.parameters())
        times = timestep(self.levels, sigma.cpu()).to(weights.device, torch.float32)
        output: Tensor = self.unet(
            scaled.to(weights.dtype), times, states.to(weights.dtype), return_dict=False
        )[0]
        return output.to(scaled.dtype)


def _variance_preserving(sigma: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """√ᾱ = 1/√(1+σ²) and √(1-ᾱ) = σ/√(1+σ²), shaped for the rows of `x`."""
    preserved = 1 / (1 + sigma.double().square()).sqrt()
    return _rows(preserved, x), _rows(sigma * preserved, x)


def _rows(values: Tensor, x: Tensor) -> Tensor:
    return values.to(device=x.device, dtype=x.dtype).reshape(-1, 1, 1, 1)
