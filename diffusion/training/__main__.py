"""`python -m diffusion.training PHASE`: run one phase of the training, or all of them in turn."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a run may look at; the defaults fit an afternoon on two cores."""

    texts: int
    looks: int
    crops: int
    compositions: int
    samples: int
    batch: int


FULL = Budget(
    texts=320_000, looks=100_000, crops=20_000, compositions=4_000, samples=150_000, batch=8
)
TINY = Budget(texts=4_000, looks=128, crops=160, compositions=96, samples=480, batch=8)


def run_data(options: argparse.Namespace, budget: Budget) -> None:
    """Download, render and count; NOTICE is only written by a run over all of it."""
    from diffusion.training.data import prepare

    notice = None if options.tiny else options.notice
    prepare(options.workdir, notice, options.seed, options.tiny)


def run_clip(options: argparse.Namespace, budget: Budget) -> None:
    """Teach the text encoder, then the image tower that ends where it does."""
    from diffusion.training.clip import train_clip
    from diffusion.training.exam import read_held_out
    from diffusion.training.image_tower import train_sight

    train_clip(options.workdir, budget.texts, 256, options.seed, options.tiny)
    kept_back = set(read_held_out(options.workdir).pairs)
    train_sight(options.workdir, kept_back, budget.looks, options.seed, options.tiny)


def run_autoencoder(options: argparse.Namespace, budget: Budget) -> None:
    """Teach the autoencoder."""
    from diffusion.training.autoencoder import train_autoencoder

    train_autoencoder(options.workdir, budget.crops, 4, options.seed, options.workers, options.tiny)


def run_unet(options: argparse.Namespace, budget: Budget) -> None:
    """Encode the compositions if that has not happened yet, then teach the U-Net."""
    from diffusion.training.latents import write_latents
    from diffusion.training.unet import train_unet

    if not (options.workdir / "captions.json").exists():
        write_latents(options.workdir, budget.compositions, options.seed)
    train_unet(
        options.workdir,
        budget.samples,
        budget.batch,
        options.seed,
        options.workers,
        options.tiny,
    )


def run_evaluate(options: argparse.Namespace, budget: Budget) -> None:
    """Draw the sheet of forty and print the table."""
    from diffusion.training.evaluate import evaluate

    evaluate(options.workdir, options.seed, options.tiny)


def run_export(options: argparse.Namespace, budget: Budget) -> None:
    """Write the model folder."""
    from diffusion.training.export import export

    export(options.workdir, options.output)


PHASES: dict[str, Callable[[argparse.Namespace, Budget], None]] = {
    "data": run_data,
    "clip": run_clip,
    "autoencoder": run_autoencoder,
    "unet": run_unet,
    "evaluate": run_evaluate,
    "export": run_export,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options of the command line; budgets left open come from `FULL` or `TINY`."""
    parser = argparse.ArgumentParser(prog="darkroom train", description=__doc__)
    parser.add_argument("phase", choices=[*PHASES, "all"])
    parser.add_argument("--workdir", type=Path, default=Path("data/training"))
    parser.add_argument("--output", type=Path, help="model folder (default: WORKDIR/model)")
    parser.add_argument("--notice", type=Path, default=ROOT / "NOTICE")
    parser.add_argument("--tiny", action="store_true", help="all phases in under three minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes, one thread each"
    )
    for name, meaning in (
        ("texts", "texts that phase clip sees"),
        ("looks", "pictures that phase clip sees"),
        ("crops", "crops that phase autoencoder sees"),
        ("compositions", "different pictures that phase unet draws from"),
        ("samples", "samples that phase unet sees"),
    ):
        parser.add_argument(f"--{name}", type=int, help=meaning)
    options = parser.parse_args(arguments)
    options.output = options.output or options.workdir / "model"
    if options.tiny:
        options.workers = 1
    return options


def main(arguments: list[str] | None = None) -> None:
    """Run the phases asked for."""
    options = parse(arguments)
    usual = TINY if options.tiny else FULL
    budget = Budget(
        texts=options.texts or usual.texts,
        looks=options.looks or usual.looks,
        crops=options.crops or usual.crops,
        compositions=options.compositions or usual.compositions,
        samples=options.samples or usual.samples,
        batch=usual.batch,
    )
    options.workdir.mkdir(parents=True, exist_ok=True)
    for phase in PHASES if options.phase == "all" else [options.phase]:
        PHASES[phase](options, budget)


if __name__ == "__main__":
    main()
