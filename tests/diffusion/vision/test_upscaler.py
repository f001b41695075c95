"""The upscaler: the shipped one makes edges crisp, its files are read strictly."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from diffusion.loading.load import EMBEDDED
from diffusion.nn.model_files import CheckpointError
from diffusion.training.upscaler import HALVES, convert
from diffusion.vision.upscaler import CompactNetwork, Upscaler, load_upscaler
from tests.support.models.tiny_model import build_tiny_upscaler

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_tiny_upscaler(tmp_path)
    return tmp_path


def _badge(side: int) -> Image.Image:
    """Shapes as emoji have them, with smooth edges."""
    large = Image.new("RGB", (side * 4, side * 4), "white")
    draw = ImageDraw.Draw(large)
    draw.ellipse([side * 0.3, side * 0.3, side * 3.7, side * 3.7], "#f5b82e", "#7a4a00", side // 10)
    draw.ellipse([side * 1.1, side * 1.2, side * 1.6, side * 1.9], "#3c2a14")
    draw.ellipse([side * 2.4, side * 1.2, side * 2.9, side * 1.9], "#3c2a14")
    draw.arc([side, side * 1.4, side * 3, side * 3], 20, 160, "#3c2a14", side // 6)
    return large.resize((side, side), Image.Resampling.BOX)


def _slope(picture: NDArray[np.uint8]) -> float:
    """How steep the edges of a picture are: the mean step between neighbours, where there is one,
    each weighed by itself."""
    steps = np.abs(np.diff(picture.astype(float), axis=1))
    return float((steps**2).sum() / steps.sum())


def test_the_shipped_upscaler_makes_edges_crisp_and_changes_nothing_else() -> None:
    upscaler = load_upscaler(EMBEDDED, CPU)
    assert upscaler is not None
    assert upscaler.factor == 4
    small = _badge(256).resize((64, 64), Image.Resampling.BOX)
    enlarged = upscaler.enlarge(np.array(small))
    lanczos = np.array(small.resize((256, 256), Image.Resampling.LANCZOS))
    assert _slope(enlarged) > 1.3 * _slope(lanczos)
    again = np.array(Image.fromarray(enlarged).resize((64, 64), Image.Resampling.BOX))
    assert np.abs(again.astype(float) - np.array(small)).mean() < 6


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (193, 5), (192, 192)])
def test_pictures_of_any_size_are_enlarged(folder: Path, size: tuple[int, int]) -> None:
    upscaler = load_upscaler(folder, CPU)
    assert upscaler is not None
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    enlarged = upscaler.enlarge(picture)
    assert enlarged.shape == (size[0] * 4, size[1] * 4, 3)
    assert np.array_equal(enlarged, upscaler.enlarge(picture))


def test_without_a_change_it_copies() -> None:
    network = CompactNetwork(3, 2, 0)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)
    picture = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    assert np.array_equal(Upscaler(network).enlarge(picture), picture.repeat(3, 0).repeat(3, 1))


def test_a_model_without_one_has_none(tmp_path: Path) -> None:
    assert load_upscaler(tmp_path, CPU) is None
    assert load_upscaler(tmp_path / "model.safetensors", CPU) is None


def _say(folder: Path, **changes: object) -> None:
    path = folder / "upscaler" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _lose_a_weight(folder: Path) -> None:
    path = folder / "upscaler" / "model.safetensors"
    weights = load_file(path)
    weights.popitem()
    save_file(weights, path)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda folder: (folder / "upscaler" / "config.json").unlink(),
        lambda folder: (folder / "upscaler" / "config.json").write_text("[]"),
        lambda folder: (folder / "upscaler" / "config.json").write_text("{}"),
        lambda folder: (folder / "upscaler" / "model.safetensors").unlink(),
        lambda folder: (folder / "upscaler" / "model.safetensors").write_bytes(b"pickle"),
        lambda folder: _say(folder, factor=3),
        lambda folder: _say(folder, factor=1),
        lambda folder: _say(folder, width=10**9),
        lambda folder: _say(folder, layers="many"),
        _lose_a_weight,
    ],
)
def test_files_that_are_amiss_are_refused(folder: Path, break_it: Callable[[Path], object]) -> None:
    break_it(folder)
    with pytest.raises(CheckpointError, match="upscaler"):
        load_upscaler(folder, CPU)


LAYERS = """7767517
6 7
Input        data   0 1 data
Split        fork   1 2 data a b
Convolution  Conv_0 1 1 b 1 0=2 1=3 4=1 5=1 6=54
PReLU        Act_1  1 1 1 2 0=2
Convolution  Conv_2 1 1 2 3 0=27 1=3 4=1 5=1 6=486
PixelShuffle Grow_3 1 1 3 4 0=3
"""


def test_ncnns_numbers_become_weights() -> None:
    """Halves, then floats; weights are filled up to whole words."""
    network, stream = CompactNetwork(3, 2, 0).half(), b""
    state = network.state_dict()
    for place in (0, 2):
        weight = state[f"body.{place}.weight"].numpy().tobytes()
        stream += struct.pack("<I", HALVES) + weight + b"\0" * (-len(weight) % 4)
        stream += state[f"body.{place}.bias"].float().numpy().tobytes()
        stream += state["body.1.weight"].float().numpy().tobytes() if place == 0 else b""
    converted = convert(LAYERS, stream)
    assert converted.keys() == state.keys()
    assert all(torch.equal(converted[name], state[name]) for name in state)
    with pytest.raises(AssertionError, match="left over"):
        convert(LAYERS, stream + b"\0")
