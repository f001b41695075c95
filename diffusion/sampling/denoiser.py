"""The denoiser: a U-Net that takes noised latents and their sigma, and returns clean latents.

Whatever the network predicts (ε, v, the sample, Karras' F or a flow) is converted here and
nowhere else. Sampling (`forward`) and training (`loss`) share the formulas, so that they cannot
drift apart.
"""

import math
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache

import torch
from torch import Tensor, nn

from diffusion.nn.circular_padding import circular_padding
from diffusion.nn.devices import handed
from diffusion.nn.lora_layers import LoraLayers
from diffusion.sampling.noise_schedules import TrainedLevels, timestep
from diffusion.text.encoder import Conditions

Network = Callable[..., tuple[Tensor, ...]]
"""Anything that is called like a U-Net with `return_dict=False`."""

PREDICTION_TYPES = ("epsilon", "v_prediction", "sample", "edm", "flow_prediction")
"""What networks predict: ε, v, x₀, F of Karras et al. 2022, or the flow n - x₀."""


class Denoiser(nn.Module):
    """D(x; σ) of Karras et al. 2022, around a `UNet2DConditionModel`.

    `factor` is the width of a latent cell in pixels: SDXL is conditioned on the picture's size.
    `sigma_data` is the standard deviation of latents that the network was trained for.
    """

    def __init__(
        self,
        unet: nn.Module,
        levels: TrainedLevels,
        prediction_type: str,
        factor: int = 8,
        lora_layers: LoraLayers | None = None,
        sigma_data: float = 1.0,
    ) -> None:
        super().__init__()
        assert prediction_type in PREDICTION_TYPES
        self.unet = unet
        self.levels = levels
        self.prediction_type = prediction_type
        self._factor = factor
        self._lora_layers = lora_layers
        self._sigma_data = sigma_data

    @property
    def is_told_guidance(self) -> bool:
        """Whether the network is told the guidance scale (Meng et al. 2023), and so guides itself.

        It then needs one row for what others need two.
        """
        config = getattr(self.unet, "config", None)
        return getattr(config, "time_cond_proj_dim", None) is not None

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
        preserved, added = self._shares(sigma, x)
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
                conditions.guidance,
            )
        # With α and σα for the two shares, x = (α·x₀ + σα·n)/α.
        if self.prediction_type == "epsilon":
            return x - _rows(sigma, x) * output
        if self.prediction_type == "flow_prediction":
            return preserved * x - added * output
        if self.prediction_type == "sample":
            return output
        # v is -F. For latents of deviation d, α is 1/√(d²+σ²) (Karras et al. 2022, table 1).
        data = self._sigma_data
        sign = -data if self.prediction_type == "v_prediction" else data
        return data**2 * (preserved * (preserved * x)) + sign * (added * output)

    def loss(self, x0: Tensor, sigma: Tensor, noise: Tensor, states: Tensor) -> Tensor:
        """The mean squared error [rows] of the network's output, in what it predicts.

        x0, noise: [rows, 4, h, w]; sigma: [rows]; states: [rows, tokens, width]. The target is ε
        (Ho et al. 2020, eq. 14), v = α·ε - σα·x₀ (Salimans & Ho 2022, app. D), -v, ε - x₀ or x₀.
        """
        preserved, added = self._shares(sigma, x0)
        times = timestep(self.levels, sigma.cpu())
        output = self._network(preserved * x0 + added * noise, times, states, {}, self.unet)
        if self.prediction_type == "epsilon":
            target = noise
        elif self.prediction_type == "v_prediction":
            target = preserved * noise - added * x0
        elif self.prediction_type == "edm":
            target = added * x0 - preserved * noise
        elif self.prediction_type == "flow_prediction":
            target = noise - x0
        else:
            target = x0
        return (output - target).square().mean(dim=(1, 2, 3))

    def _shares(self, sigma: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The shares of picture and noise in what the network sees, to multiply the rows of `x`.

        √ᾱ = 1/√(1+σ²) and √(1-ᾱ) = σ/√(1+σ²), where latents of another deviation have its square
        for 1; of a flow model 1/(1+σ) and σ/(1+σ).
        """
        sigma = sigma.double()
        if self.prediction_type == "flow_prediction":
            preserved = 1 / (1 + sigma)
        else:
            preserved = 1 / (self._sigma_data**2 + sigma.square()).sqrt()
        return _rows(preserved, x), _rows(sigma * preserved, x)

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
        guidance: tuple[float, ...] = (),
    ) -> Tensor:
        weights = next(self.unet.parameters())
        options: dict[str, object] = {}
        if added_conditions:
            options["added_cond_kwargs"] = added_conditions
        if guidance:
            width = int(self.unet.config.time_cond_proj_dim)  # type: ignore
            told = torch.stack([_guidance_embedding(scale, width) for scale in guidance])
            options["timestep_cond"] = handed(told, weights)
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


@lru_cache(maxsize=256)
def _guidance_embedding(scale: float, width: int) -> Tensor:
    """What a U-Net is told of a guidance scale: waves [width] of w = scale - 1, as of timesteps.

    One scale at a time: vectorised code may round differently.
    """
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(math.log(10000.0) / (half - 1)))
    angles = 1000 * (scale - 1) * rates
    waves = torch.cat([angles.sin(), angles.cos()])
    return nn.functional.pad(waves, (0, width % 2))


def _rows(values: Tensor, x: Tensor) -> Tensor:
    return handed(values, x).reshape(-1, 1, 1, 1)
