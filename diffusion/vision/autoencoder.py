"""The autoencoder (VAE): latents to pictures, pictures to latents, and cheap previews."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.nn.circular_padding import circular_padding
from diffusion.nn.openvino_network import ShapeNotCompiled
from diffusion.vision.image_files import Pixels

MAX_UNTILED_CELLS = 160 * 160
"""Larger latents are decoded in overlapping tiles, because the autoencoder would need too much
memory."""

TILE_SIDE_CELLS = 128
"""The side of a tile. The decoder normalises every tile by itself, so larger tiles look more like
the whole; the overlap hardly matters."""

TILE_WRAP_CELLS = 8
"""How far tiles of a seamless picture reach around its edge."""

FITTED_SIDE_CELLS = 6
"""The side of the latents that previews are fitted on. Twice as many fit no better, and take four
times as long, at every start."""

log = logging.getLogger(__name__)


class Decoder:
    """The autoencoder, and a much cheaper decoder for previews.

    The autoencoder computes in float32, because SDXL's overflows in float16. `run_by` has another
    network decode whole pictures. Previews are decoded by the model's `AutoencoderTiny` if it has
    one, otherwise by a fitted linear map. `factor` is the width of a latent cell in pixels. If the
    config has `latents_mean` and `latents_std`, one number per channel, the model's latents are
    those of the autoencoder with this mean taken off, divided by this deviation.
    """

    def __init__(self, vae: nn.Module, config: Any, small: Any = None) -> None:
        # On a processor, convolutions are up to twice as fast with the channels of a pixel side by
        # side.
        on_processor = next(vae.parameters()).device.type == "cpu"
        self._layout = torch.channels_last if on_processor else torch.contiguous_format
        self.vae = vae
        self.network: Callable[[Tensor, bool], Tensor] | None = None
        self._not_compiled: set[tuple[torch.Size, bool]] = set()
        vae.to(memory_format=self._layout)  # type: ignore[call-overload]
        self._small = small
        self._scale: Tensor | float = float(config.scaling_factor)
        self._shift: Tensor | float = float(getattr(config, "shift_factor", None) or 0.0)
        mean, deviation = (getattr(config, f"latents_{name}", None) for name in ("mean", "std"))
        if mean is not None and deviation is not None:
            device = next(vae.parameters()).device
            self._scale /= torch.tensor(deviation, device=device).reshape(-1, 1, 1)
            self._shift += torch.tensor(mean, device=device).reshape(-1, 1, 1)
        self.factor = 2 ** (len(config.block_out_channels) - 1)
        self._colours = None if small else self._fit(int(config.latent_channels))

    def run_by(self, network: Callable[[Tensor, bool], Tensor] | None) -> None:
        """Have the network decode pictures that need no tiles; None stands for the autoencoder.

        It takes unscaled latents [1, 4, h, w] and `tile`, and may raise ShapeNotCompiled.
        """
        self.network = network

    def picture(self, latents: Tensor, tile: bool = False) -> Pixels:
        """Decode latents [4, h, w] to a picture [h·factor, w·factor, 3], one at a time.

        With `tile` the picture tiles seamlessly.
        """
        if latents.shape[-2] * latents.shape[-1] > MAX_UNTILED_CELLS:
            return _eight_bits(self._in_tiles(latents[None], tile)[0])
        shape = latents.shape, tile
        if self.network and shape not in self._not_compiled:
            try:
                return _eight_bits(self.network(self._unscaled(latents[None]), tile)[0])
            except ShapeNotCompiled as error:
                log.warning("torch decodes pictures of %s: %s", tuple(latents.shape), error)
                self._not_compiled.add(shape)
        with circular_padding(self.vae.decoder) if tile else nullcontext():  # type: ignore[arg-type]
            return _eight_bits(self._decode(latents[None])[0])

    def latents(self, pixels: Pixels) -> Tensor:
        """Encode a picture [h·factor, w·factor, 3] to latents [4, h, w].

        Takes the mean of the encoder's distribution, so the result is always the same.
        """
        weights = next(self.vae.parameters())
        colours = torch.from_numpy(pixels).to(weights).permute(2, 0, 1)[None] / 127.5 - 1
        colours = colours.contiguous(memory_format=self._layout)
        # Not `vae.encode`: it reads `use_tiling`, which another thread may have set for decoding.
        moments: Tensor = self.vae.encoder(colours)  # type: ignore[operator]
        if self.vae.quant_conv is not None:
            moments = self.vae.quant_conv(moments)  # type: ignore[operator]
        mean = moments.chunk(2, dim=1)[0][0].float()
        return (mean - self._shift) * self._scale

    def preview(self, latents: Tensor) -> Pixels:
        """A rough picture [h, w, 3] of latents [4, h, w]; larger with an `AutoencoderTiny`."""
        if self._colours is None:
            return self._sketch(latents)
        channels, height, width = latents.shape
        flat = latents.reshape(channels, -1).T
        mixed = torch.cat([flat, flat.new_ones(len(flat), 1)], dim=1) @ self._colours
        return _eight_bits(mixed.T.reshape(3, height, width))

    def _sketch(self, latents: Tensor) -> Pixels:
        small = self._small
        scaled = (latents[None] / small.config.scaling_factor).to(small.dtype)
        return _eight_bits(small.decode(scaled, return_dict=False)[0][0])

    def _in_tiles(self, latents: Tensor, tile: bool) -> Tensor:
        around = min(TILE_WRAP_CELLS, *latents.shape[-2:]) if tile else 0
        wrapped = nn.functional.pad(latents, (around,) * 4, mode="circular")
        self.vae.tile_latent_min_size = TILE_SIDE_CELLS  # type: ignore[assignment]
        self.vae.tile_sample_min_size = TILE_SIDE_CELLS * self.factor
        self.vae.use_tiling = True  # type: ignore[assignment]
        try:
            decoded = self._decode(wrapped)
        finally:
            self.vae.use_tiling = False  # type: ignore[assignment]
        edge, (height, width) = around * self.factor, decoded.shape[-2:]
        return decoded[..., edge : height - edge, edge : width - edge]

    def _decode(self, latents: Tensor) -> Tensor:
        weights = next(self.vae.parameters())
        scaled = self._unscaled(latents).to(weights.dtype).contiguous(memory_format=self._layout)
        decoded: Tensor = self.vae.decode(scaled, return_dict=False)[0]  # type: ignore[operator]
        return decoded.float()

    def _unscaled(self, latents: Tensor) -> Tensor:
        """The latents as the autoencoder takes them."""
        return latents / self._scale + self._shift

    def _fit(self, channels: int) -> Tensor:
        """The matrix [channels + 1, 3] that approximates the decoder, by least squares.

        Fitted on smooth latents like those of pictures (3×3 noise stretched to twice the size),
        because the colour of a cell depends on its neighbours.
        """
        weights = next(self.vae.parameters())
        noise = torch.randn(16, channels, 3, 3, generator=torch.Generator().manual_seed(0))
        latents = nn.functional.interpolate(noise, (FITTED_SIDE_CELLS,) * 2, mode="bilinear")
        latents = latents.to(weights.device)
        with torch.inference_mode():
            decoded = torch.cat([self._decode(one) for one in latents[:, None]])
            colours = nn.functional.avg_pool2d(decoded, self.factor)
        flat = latents.movedim(1, 3).reshape(-1, channels)
        inputs = torch.cat([flat, flat.new_ones(len(flat), 1)], dim=1)
        fit: Tensor = torch.linalg.lstsq(inputs, colours.movedim(1, 3).reshape(-1, 3)).solution
        return fit


def _eight_bits(values: Tensor) -> Pixels:
    """Colours [3, height, width] from -1 to 1 as pixels [height, width, 3] from 0 to 255."""
    levels = ((values.float() + 1) * 127.5).round().clamp(0, 255)
    return levels.to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
