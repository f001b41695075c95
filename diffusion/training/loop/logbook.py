"""What a phase writes while it runs: a loss curve, sample sheets, a checkpoint.

A checkpoint has tensors and numbers only and is loaded with `weights_only=True`. The randomness of
a step depends only on the seed and the step number, so resuming needs no generator state.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

matplotlib.use("Agg")
from matplotlib import pyplot as plt


class LossCurve:
    """Appends rows to `<name>-loss.csv` and draws them to `<name>-loss.png`."""

    def __init__(self, workdir: Path, name: str, columns: tuple[str, ...]) -> None:
        self.csv = workdir / f"{name}-loss.csv"
        self.png = workdir / f"{name}-loss.png"
        self.columns = ("samples", *columns)

    def add(self, samples: int, *values: float) -> None:
        """Append one row and draw the curve again; the first row of a run starts a new file."""
        fresh = not self.csv.exists()
        with self.csv.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(self.columns)
            writer.writerow((samples, *(f"{value:.5f}" for value in values)))
        self._draw()

    def restart(self) -> None:
        """Delete the curve of an earlier run."""
        self.csv.unlink(missing_ok=True)

    def rows(self) -> list[list[float]]:
        """The curve as numbers, one row per `add`."""
        with self.csv.open(newline="") as file:
            return [[float(value) for value in row] for row in list(csv.reader(file))[1:]]

    def _draw(self) -> None:
        table = np.array(self.rows())
        figure, axes = plt.subplots(figsize=(7, 4))
        for index, column in enumerate(self.columns[1:], start=1):
            axes.plot(table[:, 0], table[:, index], label=column)
        axes.set_xlabel("samples seen")
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(self.png, dpi=100)
        plt.close(figure)


def to_image(pixels: Tensor) -> Image.Image:
    """Colours (3, height, width) in [-1, 1] as a picture."""
    scaled = (pixels.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    return Image.fromarray(scaled.permute(1, 2, 0).contiguous().numpy())


def draw_sheet(
    pictures: list[Image.Image], columns: int, captions: list[str] | None = None
) -> Image.Image:
    """Pictures in rows of `columns`, with captions below if there are any."""
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures) + (14 if captions else 0)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + 4), rows * (height + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    for index, picture in enumerate(pictures):
        x, y = index % columns * (width + 4) + 2, index // columns * (height + 4) + 2
        sheet.paste(picture, (x, y))
        if captions:
            pen.text((x, y + picture.height), captions[index][: width // 6], fill="black")
    return sheet


class Average:
    """Exponential moving average of a model's weights, which draws better than the last step.

    Follows the tensors that the model has when this is created; integers stay unchanged.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        followed = model.state_dict()
        self.weights = {key: value.clone() for key, value in followed.items()}
        learnt = [key for key, value in followed.items() if value.is_floating_point()]
        self._mine = [self.weights[key] for key in learnt]
        self._theirs = [followed[key] for key in learnt]
        self.updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the model; faster at first, so that the initial weights are forgotten."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        # In one call: on a GPU separate calls cost more than the sums.
        torch._foreach_lerp_(self._mine, self._theirs, 1 - decay)


def save_checkpoint(path: Path, **state: Any) -> None:
    """Write the state atomically, so that a kill leaves either the old or the new one."""
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The last saved state, or None if there is none."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
