"""`python -m benchmarks.schedules`: two U-Nets that learnt the same under two schedules.

Losses under two schedules cannot be compared, for each averages over noise of its own. So both are
asked about the same compositions, which neither learnt from, with the same noise of the same
strength, and how far their guess is from the picture goes into docs/diffusion.md. Beside it goes a
sheet of the same prompts and seeds. Work folders are those of `darkroom train unet`, of one set of
compositions.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor

from benchmarks.report import table, write
from diffusion.sampling.denoiser import Denoiser
from diffusion.text.encoder import Conditions
from diffusion.training.__main__ import SCHEDULES
from diffusion.training.loop.logbook import draw_sheet, load_checkpoint
from diffusion.training.loop.sampling import build_pipeline, draw, read_schedule
from diffusion.training.phases.latents import HELD_OUT, read_buckets
from diffusion.training.phases.unet import build_denoiser

DOCUMENT = Path("docs/diffusion.md")
PICTURE = Path("docs/pictures/diffusion/schedules.jpg")
NAMES = {trained: name for name, trained in SCHEDULES.items()}

SIGMAS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Noise beside latents of deviation 1: from where only surfaces are open to where nothing shows."""

PROMPTS = (
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
class Trained:
    """What one training came to: its schedule's name, the samples it saw, how far its guesses are
    at each of `SIGMAS`, and what it draws."""

    schedule: str
    samples: int
    errors: Sequence[float]
    pictures: Sequence[Image.Image]


@torch.inference_mode()
def guess_errors(denoiser: Denoiser, latents: Tensor, states: Tensor) -> list[float]:
    """The root mean squared distance of the denoised prediction from `latents` (N, 4, h, w), at
    each of `SIGMAS`, with the same noise for whoever is asked."""
    g = torch.Generator().manual_seed(FIRST_SEED)
    noise = torch.randn(latents.shape, generator=g)
    errors = []
    for sigma in SIGMAS:
        rows = torch.full((len(latents),), sigma, dtype=torch.float64)
        guessed = denoiser(latents + sigma * noise, rows, Conditions(states))
        errors.append((guessed - latents).square().mean().sqrt().item())
    return errors


def measure(workdir: Path) -> Trained:
    """Ask the U-Net of a work folder, and let it draw."""
    state = load_checkpoint(workdir / "unet.pt")
    if state is None:
        raise SystemExit(f"{workdir} has no unet.pt: run `darkroom train unet` there first.")
    schedule = read_schedule(workdir)
    unet = UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False).eval()
    squares = read_buckets(workdir)[0]
    errors = guess_errors(
        build_denoiser(unet, schedule),
        squares.latents[:HELD_OUT].float(),
        squares.states[:HELD_OUT].float(),
    )
    seeds = list(range(FIRST_SEED, FIRST_SEED + len(PROMPTS)))
    pictures = draw(build_pipeline(workdir, unet), list(PROMPTS), seeds)
    return Trained(NAMES[schedule], state["seen"], errors, pictures)


def describe(trained: Sequence[Trained]) -> str:
    """Who guessed how far off, a line for each."""
    head = ["schedule", *(f"σ {sigma:g}" for sigma in SIGMAS)]
    rows = [[one.schedule, *(f"{error:.3f}" for error in one.errors)] for one in trained]
    seen = " and ".join(f"{one.samples:,}" for one in trained)
    return f"{table(head, rows)}\n\nSeen: {seen} samples."


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the work folders; with `--write`, into the document."""
    parser = argparse.ArgumentParser(prog="benchmarks.schedules", description=__doc__)
    parser.add_argument("workdirs", type=Path, nargs="+", metavar="WORKDIR")
    parser.add_argument("--write", action="store_true", help=f"put it into {DOCUMENT}")
    options = parser.parse_args(arguments)
    trained = [measure(workdir) for workdir in options.workdirs]
    text = describe(trained)
    print(text)
    if options.write:
        write(DOCUMENT, "schedules", text)
        sheet = [picture for one in trained for picture in one.pictures]
        draw_sheet(sheet, columns=len(PROMPTS), captions=list(PROMPTS) * len(trained)).save(
            PICTURE, quality=90
        )


if __name__ == "__main__":
    main()
