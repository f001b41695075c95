"""The denoiser: a U-Net that takes noised latents and their sigma, and returns clean latents.

Whatever the network predicts (ε, v or the sample) is converted here and nowhere else. Sampling
(`forward`) and training (`loss`) share the formulas, so that they cannot drift apart.
"""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from diffusion.nn.circular_padding import circular_padding
from diffusion.nn.devices import handed
from diffusion.nn.lora_layers import LoraLayers
from diffusion.sampling.noise_schedules import TrainedLevels, timestep
from diffusion.text.encoder import Conditions

Network = Callable[..., tuple[Tensor, ...]]
"""Anything that is called like a U-Net with `return_dict=False`."""

PREDICTION_TYPES = ("epsilon", "v_prediction", "sample")


class Denoiser(nn.Module):
    """D(x; σ) of Karras et al. 2022, around a `UNet2DConditionModel`.

    `factor` is the width of a latent cell in pixels: SDXL is conditioned on the picture's size.
    """

    def __init__(
        self,
        unet: nn.Module,
        levels: TrainedLevels,
        prediction_type: str,
        factor: int = 8,
        lora_layers: LoraLayers | None = None,
    ) -> None:
        super().__init__()
        assert prediction_type in PREDICTION_TYPES
        self.unet = unet
        self.levels = levels
        self.prediction_type = prediction_type
        self._factor = factor
        self._lora_layers = lora_layers

    @property
    def channels(self) -> int:
        """Channels of the latents; 4 in nearly every model."""
        return int(self.unet.config.in_channels)  # type: ignore

    def forward(
        self,
        x: Tensor,
        sigma: Tensor,
        conditions: Conditions,
        times: Tensor | None = None,
        tile: bool = False,
        network: Network | None = None,
    ) -> Tensor:
        """The denoised prediction, like `x`.

        x: [rows, 4, h, w], noised as x₀ + σ·n; sigma: [rows] float64 on the CPU; times: [rows]
        timesteps for the network, by default those of sigma. With `tile`, convolutions wrap around
        the borders. `network` is called in place of the U-Net; it sees no LoRAs and no `tile`.
        """
        preserved, added = _variance_preserving(sigma, x)
        if times is None:
            times = timestep(self.levels, sigma.cpu())
        loras = self._lora_layers.applied(conditions.loras) if self._lora_layers else nullcontext()
        around = tile and network is None
        with loras, circular_padding(self.unet) if around else nullcontext():
            output = self._network(
                x * preserved,
                times,
                conditions.states,
                self._added_conditions(x, conditions.pooled),
                network or self.unet,
            )
        # With α = 1/√(1+σ²) and σα for the two shares, x = (α·x₀ + σα·n)/α.
        if self.prediction_type == "epsilon":
            return x - _rows(sigma, x) * output
        if self.prediction_type == "v_prediction":
            return preserved * (preserved * x) - added * output
        return output

    def loss(self, x0: Tensor, sigma: Tensor, noise: Tensor, states: Tensor) -> Tensor:
        """The mean squared error [rows] of the network's output, in what it predicts.

        x0, noise: [rows, 4, h, w]; sigma: [rows]; states: [rows, tokens, width]. The target is ε
        (Ho et al. 2020, eq. 14), v = α·ε - σα·x₀ (Salimans & Ho 2022, app. D) or x₀.
        """
        preserved, added = _variance_preserving(sigma, x0)
        times = timestep(self.levels, sigma.cpu())
        output = self._network(preserved * x0 + added * noise, times, states, {}, self.unet)
        if self.prediction_type == "epsilon":
            target = noise
        elif self.prediction_type == "v_prediction":
            target = preserved * noise - added * x0
        else:
            target = x0
        return (output - target).square().mean(dim=(1, 2, 3))

    def _added_conditions(self, x: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
        """SDXL's added conditions (Podell et al. 2023, §2.2): the pooled text, and six sizes, here
        those of a picture that was neither scaled nor cropped."""
        if pooled is None:
            return {}
        size = [x.shape[-2] * self._factor, x.shape[-1] * self._factor]
        sizes = handed(torch.tensor([*size, 0, 0, *size]), x).expand(len(x), 6)
        return {"text_embeds": pooled, "time_ids": sizes}

    def _network(
        self,
        scaled: Tensor,
        times: Tensor,
        states: Tensor,
        added_conditions: dict[str, Tensor],
        network: Network,
    ) -> Tensor:
        weights = next(self.unet.parameters())
        options = {"added_cond_kwargs": added_conditions} if added_conditions else {}
        output = network(
            scaled.to(weights.dtype),
            times.to(weights.device, torch.float32, non_blocking=True),
            states.to(weights.dtype),
            return_dict=False,
            **options,
        )[0]
        # A copy, because the next run of a CUDA graph overwrites its output. Contiguous, because
        # the memory layout decides in which order later sums are added up.
        return output.to(scaled.dtype, memory_format=torch.contiguous_format, copy=True)


def _variance_preserving(sigma: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """√ᾱ = 1/√(1+σ²) and √(1-ᾱ) = σ/√(1+σ²), shaped to multiply the rows of `x`."""
    preserved = 1 / (1 + sigma.double().square()).sqrt()
    return _rows(preserved, x), _rows(sigma * preserved, x)


def _rows(values: Tensor, x: Tensor) -> Tensor:
    return handed(values, x).reshape(-1, 1, 1, 1)
