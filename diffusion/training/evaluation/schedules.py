"""`python -m diffusion.training.evaluation.schedules`: measure what a schedule does to a U-Net.

Losses under two schedules cannot be compared, because each averages over its own noise levels. So
every U-Net guesses the same held-out compositions, with the same noise of the same strength, and
the distance of the guess from the picture is measured. Takes work folders of `darkroom train unet`
that share one set of compositions. Writes `schedule.json` and `schedule.png` into each;
`python -m benchmarks.schedules` puts them side by side.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor

from diffusion.sampling.denoiser import Denoiser
from diffusion.text.encoder import Conditions
from diffusion.training.loop.logbook import draw_sheet, load_checkpoint
from diffusion.training.loop.sampling import build_pipeline, draw, read_schedule
from diffusion.training.loop.schedules import BETA_SCHEDULE_NAMES
from diffusion.training.phases.latents import HELD_OUT_COMPOSITIONS, read_buckets
from diffusion.training.phases.unet import build_denoiser

MEASUREMENT_FILE = "schedule.json"
SHEET_FILE = "schedule.png"

SIGMAS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Noise levels, on latents of standard deviation 1: at the first only fine texture is hidden, at
the last nothing can be seen."""

SHEET_PROMPTS = (
    "a red heart",
    "an apple",
    "a strawberry",
    "a star",
    "a smiling face",
    "a car",
    "a dog",
    "a house",
    "a tree",
    "a fish, flat style",
)
FIRST_SEED = 1


@dataclass(frozen=True, slots=True)
class ScheduleMeasurement:
    """One trained U-Net: its schedule's name, the samples it was trained on, the error of its
    guesses at each of `SIGMAS`, and one picture for each of `SHEET_PROMPTS`."""

    schedule: str
    samples: int
    errors: Sequence[float]
    pictures: Sequence[Image.Image]

    def write(self, workdir: Path) -> None:
        """Write the numbers and the sheet of pictures into the work folder."""
        content = {
            "schedule": self.schedule,
            "samples": self.samples,
            "errors": {
                f"{sigma:g}": error for sigma, error in zip(SIGMAS, self.errors, strict=True)
            },
        }
        (workdir / MEASUREMENT_FILE).write_text(json.dumps(content, indent=1))
        captions = list(SHEET_PROMPTS)
        sheet = draw_sheet(list(self.pictures), columns=len(captions), captions=captions)
        sheet.save(workdir / SHEET_FILE)


@torch.inference_mode()
def guess_errors(denoiser: Denoiser, latents: Tensor, states: Tensor) -> list[float]:
    """The root mean squared error of the denoised prediction at each of `SIGMAS`.

    latents: [rows, 4, h, w]; states: [rows, tokens, width]. The noise is the same for every model.
    """
    g = torch.Generator().manual_seed(FIRST_SEED)
    noise = torch.randn(latents.shape, generator=g)
    errors = []
    for sigma in SIGMAS:
        rows = torch.full((len(latents),), sigma, dtype=torch.float64)
        guessed = denoiser(latents + sigma * noise, rows, Conditions(states))
        errors.append((guessed - latents).square().mean().sqrt().item())
    return errors


def measure(workdir: Path) -> ScheduleMeasurement:
    """Measure the U-Net of a work folder and draw its pictures. Exits if there is none."""
    state = load_checkpoint(workdir / "unet.pt")
    if state is None:
        raise SystemExit(f"{workdir} has no unet.pt: run `darkroom train unet` there first.")
    schedule = read_schedule(workdir)
    unet = UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False).eval()
    squares = read_buckets(workdir)[0]
    errors = guess_errors(
        build_denoiser(unet, schedule),
        squares.latents[:HELD_OUT_COMPOSITIONS].float(),
        squares.states[:HELD_OUT_COMPOSITIONS].float(),
    )
    seeds = list(range(FIRST_SEED, FIRST_SEED + len(SHEET_PROMPTS)))
    pictures = draw(build_pipeline(workdir, unet), list(SHEET_PROMPTS), seeds)
    (name,) = (name for name, trained in BETA_SCHEDULE_NAMES.items() if trained == schedule)
    return ScheduleMeasurement(name, state["seen"], errors, pictures)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the work folders, and write what was found into each."""
    name = "diffusion.training.evaluation.schedules"
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=__doc__)
    parser.add_argument("workdirs", type=Path, nargs="+", metavar="WORKDIR")
    for workdir in parser.parse_args(arguments).workdirs:
        measure(workdir).write(workdir)


if __name__ == "__main__":
    main()
