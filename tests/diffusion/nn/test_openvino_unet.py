"""The U-Net as OpenVINO runs it: the same numbers as torch's, and the same bytes in company."""

from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("openvino", reason="the extra darkroom[openvino] is not installed")

from diffusion.loading.load import load
from diffusion.nn import openvino_network
from diffusion.nn.circular_padding import circular_padding
from diffusion.nn.openvino_model import ADDED_INPUTS, convert, example
from diffusion.nn.openvino_network import ShapeNotCompiled
from diffusion.nn.openvino_unet import OpenvinoUnet
from tests.support.models.tiny_model import build_tiny_model

ROWS = 5
SMALL, LARGE = 0, 1 << 40
"""Bytes of weights, as the network is told: small ones are compiled for each shape."""


@pytest.fixture(scope="module", params=[("sd1", torch.float32), ("sdxl", torch.bfloat16)], ids=str)
def unet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    family, dtype = request.param
    folder = build_tiny_model(tmp_path_factory.mktemp(family), family=family)
    return load(folder, torch.device("cpu"), dtype).denoiser.unet


@pytest.fixture(scope="module")
def model(unet: Any) -> Any:
    return convert(unet)


def _network(unet: Any, model: Any, weight_bytes: int = SMALL, threads: int = 2) -> OpenvinoUnet:
    return OpenvinoUnet(model, next(unet.parameters()).dtype, weight_bytes, threads)


def _rows(unet: Any, height: int, width: int, tokens: int = 16) -> list[Tensor]:
    """Different inputs for each row."""
    chance = torch.Generator().manual_seed(1)
    return [
        torch.cat([one] * ROWS)
        if one.dtype == torch.float32 and one.ndim == 1
        else torch.randn((ROWS, *one.shape[1:]), generator=chance).to(one.dtype)
        for one in example(unet, height, width, tokens)
    ]


def _called(network: Any, rows: list[Tensor], **options: Any) -> Tensor:
    sample, timestep, states, *added = rows
    options["added_cond_kwargs"] = dict(zip(ADDED_INPUTS, added, strict=False))
    with torch.inference_mode():
        output: Tensor = network(sample, timestep, states, return_dict=False, **options)[0]
    return output.float()


@pytest.mark.parametrize("weight_bytes", [SMALL, LARGE])
@pytest.mark.parametrize("tile", [False, True])
def test_it_predicts_what_torch_predicts(
    unet: Any, model: Any, weight_bytes: int, tile: bool
) -> None:
    network = _network(unet, model, weight_bytes)
    for height, width, tokens in ((8, 8, 16), (9, 7, 16), (12, 8, 48)):
        rows = _rows(unet, height, width, tokens)
        ours = _called(network, rows, tile=tile)
        if tile:
            with circular_padding(unet):
                torchs = _called(unet, rows)
        else:
            torchs = _called(unet, rows)
        error = (ours - torchs).square().mean().sqrt() / torchs.square().mean().sqrt()
        assert error < (1e-4 if next(unet.parameters()).dtype == torch.float32 else 0.03)
    # A large model is compiled once for all sizes: its weights are in memory once.
    assert network.compilations == (1 if weight_bytes == LARGE else 3)


@pytest.mark.parametrize(("weight_bytes", "threads"), [(SMALL, 2), (LARGE, 3)])
def test_a_row_has_the_same_bytes_alone_and_anywhere_in_company(
    unet: Any, model: Any, weight_bytes: int, threads: int
) -> None:
    network = _network(unet, model, weight_bytes, threads)
    rows = _rows(unet, 8, 8)
    together = _called(network, rows)
    # Other sizes in between must not change what is chosen for this one.
    _called(network, _rows(unet, 12, 8))
    for order in ([3], [4, 0], [2, 2, 2, 2, 2], [4, 3, 2, 1, 0]):
        again = _called(network, [one[order] for one in rows])
        assert torch.equal(again, together[order])


def test_few_shapes_stay_compiled(unet: Any, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_network, "MAX_COMPILED_SHAPES", 2)
    network = _network(unet, model)
    wide, square = _rows(unet, 8, 12), _rows(unet, 8, 8)
    before = _called(network, square)
    for rows in (wide, square, _rows(unet, 12, 8)):
        _called(network, rows)
    assert network.compilations == 3
    _called(network, square)
    assert network.compilations == 3
    _called(network, wide)
    assert network.compilations == 4
    assert torch.equal(_called(network, square), before)


def test_a_shape_that_cannot_be_compiled_is_said(unet: Any, model: Any) -> None:
    rows = _rows(unet, 8, 8)
    rows[0] = rows[0][:, :3]  # the network has 4 channels
    with pytest.raises(ShapeNotCompiled):
        _called(_network(unet, model), rows)
