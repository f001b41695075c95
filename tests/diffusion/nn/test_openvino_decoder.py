"""The autoencoder's decoder as OpenVINO runs it: torch's numbers, and the same bytes each time."""

from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("openvino", reason="the extra darkroom[openvino] is not installed")

from diffusion.loading.load import EMBEDDED, load
from diffusion.nn.circular_padding import circular_padding
from diffusion.nn.openvino_decoder import OpenvinoDecoder
from diffusion.nn.openvino_model import convert_decoder
from diffusion.nn.openvino_network import ShapeNotCompiled

MAX_ERROR = {torch.float32: 1e-4, torch.bfloat16: 0.02}


@pytest.fixture(scope="module")
def vae() -> Any:
    return load(EMBEDDED, torch.device("cpu")).decoder.vae


@pytest.fixture(scope="module")
def model(vae: Any) -> Any:
    return convert_decoder(vae)


def _latents(height: int, width: int) -> Tensor:
    return torch.randn((1, 4, height, width), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tile", [False, True])
def test_it_decodes_what_torch_decodes(
    vae: Any, model: Any, dtype: torch.dtype, tile: bool
) -> None:
    decoder = OpenvinoDecoder(model, dtype, 2)
    for latents in (_latents(8, 8), _latents(9, 5)):
        ours = decoder(latents, tile)
        with torch.inference_mode():
            torchs = vae.decode(latents, return_dict=False)[0]
            if tile:
                plain = torchs
                with circular_padding(vae.decoder):
                    torchs = vae.decode(latents, return_dict=False)[0]
                assert not torch.allclose(plain, torchs, atol=0.1)
        error = (ours - torchs).square().mean().sqrt() / torchs.square().mean().sqrt()
        assert error < MAX_ERROR[dtype]
    # Once for all sizes: its weights are in memory once.
    assert decoder.compilations == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_a_picture_has_the_same_bytes_whatever_was_decoded_before(model: Any, threads: int) -> None:
    decoder = OpenvinoDecoder(model, torch.bfloat16, threads)
    expected = decoder(_latents(8, 8))
    for other in (_latents(8, 8) / 2, _latents(12, 7), _latents(5, 16)):
        assert not torch.equal(decoder(other)[..., :40, :40], expected[..., :40, :40])
        assert torch.equal(decoder(_latents(8, 8)), expected)
    assert torch.equal(OpenvinoDecoder(model, torch.bfloat16, threads)(_latents(8, 8)), expected)


def test_a_shape_that_it_cannot_run_is_said(model: Any) -> None:
    decoder = OpenvinoDecoder(model, torch.float32, 2)
    with pytest.raises(ShapeNotCompiled):
        decoder(_latents(8, 8)[:, :3])
