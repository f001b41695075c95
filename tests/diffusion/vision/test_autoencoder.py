"""Latents as pictures and pictures as files."""

import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from diffusion.loading.diffusers_folder import read_network
from diffusion.loading.load import EMBEDDED, Checkpoint, load
from diffusion.vision.autoencoder import Decoder
from diffusion.vision.image_files import (
    encode,
    encode_preview,
)
from tests.support.models.tiny_model import build_tiny_preview

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def _open(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


def test_a_png_holds_the_pixels_and_what_made_them() -> None:
    file = encode(PIXELS, "png", "a fox 🦊\nSteps: 4")
    picture = _open(file)
    assert np.array_equal(np.asarray(picture), PIXELS)
    assert picture.info["parameters"] == "a fox 🦊\nSteps: 4"
    assert file == encode(PIXELS, "png", "a fox 🦊\nSteps: 4")


@pytest.mark.parametrize(("name", "form"), [("jpeg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")])
def test_every_output_format_is_what_it_says(name: str, form: str) -> None:
    picture = _open(encode(PIXELS, name))
    assert picture.format == form
    assert picture.size == (40, 24)


def test_a_preview_is_stretched_to_the_picture_and_small() -> None:
    file = encode_preview(PIXELS[:3, :5], 40, 24)
    assert _open(file).size == (40, 24)
    assert _open(file).format == "JPEG"
    assert len(file) < len(encode(PIXELS, "png"))


def test_a_picture_is_the_autoencoders(tiny: Checkpoint) -> None:
    latents = torch.randn((4, 5, 7), generator=torch.Generator().manual_seed(3))
    decoder = tiny.decoder
    with torch.inference_mode():
        exact = decoder.vae.decode(latents[None] / 0.5, return_dict=False)[0][0]  # type: ignore
        picture = decoder.picture(latents)
    assert picture.shape == (40, 56, 3)
    expected = ((exact / 2 + 0.5).clamp(0, 1) * 255).permute(1, 2, 0).numpy()
    assert np.abs(picture - expected).max() <= 0.51


class LinearAutoencoder(nn.Module):
    """Decodes each cell on its own, by a matrix: the one case where the fit can be exact."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.tensor([[0.4, 0, 0, 0.1], [0, 0.3, 0, 0], [0, 0.1, 0.2, 0]]))

    def decode(self, latents: Tensor, return_dict: bool) -> tuple[Tensor]:
        assert not return_dict
        colours = torch.einsum("oc,bchw->bohw", self.mix, latents) + 0.2
        return (nn.functional.interpolate(colours, scale_factor=8.0),)


def test_a_preview_is_the_linear_map_nearest_to_the_autoencoder() -> None:
    config = SimpleNamespace(
        scaling_factor=0.5, shift_factor=None, block_out_channels=[8] * 4, latent_channels=4
    )
    decoder = Decoder(LinearAutoencoder(), config)
    latents = torch.randn((4, 5, 7), generator=torch.Generator().manual_seed(9))
    with torch.inference_mode():
        preview, picture = decoder.preview(latents), decoder.picture(latents)
    assert preview.shape == (5, 7, 3)
    assert preview.std() > 30
    assert np.array_equal(preview, picture[::8, ::8])


# Large pictures, seamless ones, and better previews.


def _smooth(height: int, width: int) -> Tensor:
    """Latents of a picture without edges, which wraps around."""
    noise = torch.randn((1, 4, height // 4, width // 4), generator=torch.Generator().manual_seed(3))
    wrapped = nn.functional.pad(noise, (2,) * 4, mode="circular")
    larger = nn.functional.interpolate(wrapped, scale_factor=4, mode="bicubic")
    return larger[0, :, 8:-8, 8:-8]


@pytest.mark.parametrize("tile", [False, True])
def test_large_pictures_are_decoded_in_tiles_that_are_hard_to_tell(
    monkeypatch: pytest.MonkeyPatch, tile: bool
) -> None:
    vae = read_network(AutoencoderKL, EMBEDDED / "vae", torch.float32).eval()
    decoder = Decoder(vae, vae.config)
    down, across = torch.meshgrid(
        torch.linspace(-1, 1, 256), torch.linspace(-1, 1, 384), indexing="ij"
    )
    picture = torch.stack([across, down, torch.sin(6 * across * down)])[None]
    sizes: list[tuple[int, int]] = []
    decode = vae.decoder.forward
    with torch.inference_mode():
        latents = vae.encode(picture).latent_dist.mean[0]
        whole = decoder.picture(latents, tile)
        monkeypatch.setattr("diffusion.vision.autoencoder.MAX_UNTILED_CELLS", 32 * 48 - 1)
        monkeypatch.setattr("diffusion.vision.autoencoder.TILE_SIDE_CELLS", 24)
        monkeypatch.setattr(
            vae.decoder, "forward", lambda z: sizes.append(z.shape[-2:]) or decode(z)
        )
        tiled = decoder.picture(latents, tile)
    assert tiled.shape == whole.shape == (256, 384, 3)
    assert len(sizes) > 1
    assert max(height * width for height, width in sizes) == 24 * 24
    # Each tile has a mean and a spread of its own where the decoder normalises.
    assert np.abs(tiled.astype(int) - whole).mean() < 3
    assert not vae.use_tiling


def _seam(picture: NDArray[np.uint8]) -> float:
    """How much more the picture changes across its border than anywhere inside."""
    levels = picture.astype(float)
    across = np.abs(levels[:, 0] - levels[:, -1]).mean() + np.abs(levels[0] - levels[-1]).mean()
    inside = np.abs(np.diff(levels, axis=1)).mean() + np.abs(np.diff(levels, axis=0)).mean()
    return float(across / inside)


def test_opposite_borders_of_a_seamless_picture_meet(tiny: Checkpoint) -> None:
    """Moved around by some cells, the picture is the same picture moved around."""
    latents = _smooth(16, 16)
    moved = latents.roll((5, 3), (1, 2))
    with torch.inference_mode():
        one, two = tiny.decoder.picture(latents, True), tiny.decoder.picture(moved, True)
        plain, shifted = tiny.decoder.picture(latents), tiny.decoder.picture(moved)
    assert np.abs(np.roll(one, (40, 24), (0, 1)).astype(int) - two).max() <= 1
    assert np.abs(np.roll(plain, (40, 24), (0, 1)).astype(int) - shifted).max() > 1
    assert _seam(one) < 1.2
    assert np.array_equal(plain, tiny.decoder.picture(latents))


def test_a_model_with_a_small_autoencoder_shows_its_previews(
    tiny_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    small = build_tiny_preview(folder / "preview_vae")
    decoder = load(folder, torch.device("cpu")).decoder
    latents = _smooth(8, 12)
    oracle = AutoencoderTiny.from_pretrained(small, low_cpu_mem_usage=False)
    with torch.inference_mode():
        preview = decoder.preview(latents)
        expected = oracle.decode(latents[None]).sample[0].permute(1, 2, 0)
    assert preview.shape == (64, 96, 3)
    assert np.abs(preview / 127.5 - 1 - expected.clamp(-1, 1).numpy()).max() < 0.005
