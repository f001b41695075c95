"""`python -m diffusion.training PHASE`: run one phase of the training, or all of them in turn."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from diffusion.training.loop.schedules import BETA_SCHEDULE_NAMES

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much data each phase uses: different texts and pictures, the samples seen in total, and
    the batch sizes."""

    library: int
    texts: int
    reading: int
    gallery: int
    looks: int
    looking: int
    kindred: int
    matching: int
    crops: int
    cropping: int
    compositions: int
    samples: int
    batch: int
    drafts: int
    drawings: int
    drawing: int


# 20 minutes on a large GPU, an afternoon on two CPU cores, and under three minutes for TINY.
ON_GPU = Amounts(
    library=400_000,
    texts=4_000_000,
    reading=1024,
    gallery=120_000,
    looks=1_000_000,
    looking=512,
    kindred=200_000,
    matching=256,
    crops=400_000,
    cropping=64,
    compositions=250_000,
    samples=5_000_000,
    batch=1024,
    drafts=60_000,
    drawings=500_000,
    drawing=64,
)
ON_CPU = Amounts(
    library=100_000,
    texts=320_000,
    reading=256,
    gallery=30_000,
    looks=100_000,
    looking=128,
    kindred=64_000,
    matching=64,
    crops=20_000,
    cropping=4,
    compositions=6_000,
    samples=250_000,
    batch=32,
    drafts=5_000,
    drawings=30_000,
    drawing=4,
)
TINY = Amounts(
    library=400,
    texts=4_000,
    reading=256,
    gallery=64,
    looks=640,
    looking=16,
    kindred=800,
    matching=16,
    crops=160,
    cropping=4,
    compositions=96,
    samples=480,
    batch=8,
    drafts=80,
    drawings=200,
    drawing=4,
)


def run_data(options: argparse.Namespace, amounts: Amounts) -> None:
    """Download, render and count the pictures. Only a full run writes NOTICE.

    With a model folder, the same pictures are held out as for that model.
    """
    from diffusion.training.dataset.held_out import HELD_OUT_FILE, read_held_out
    from diffusion.training.dataset.prepare import prepare
    from diffusion.training.loop.run import UnfitStart

    held_out = None
    if options.start is not None:
        if not (options.start / HELD_OUT_FILE).exists():
            raise UnfitStart(
                f"{options.start} does not say what was held out from it: leave out --start to "
                "hold out anew, or start from a model of this version."
            )
        held_out = read_held_out(options.start)
    notice = None if options.tiny else options.notice
    prepare(options.workdir, notice, options.seed, options.tiny, options.narrow, held_out)


def run_clip(options: argparse.Namespace, amounts: Amounts) -> None:
    """Train the text encoder, then it and the image tower by contrast, then synonyms.

    With a model folder only the last two continue, and the states of the names that U-Nets were
    trained on stay unchanged.
    """
    import torch

    from diffusion.training.dataset.held_out import read_held_out
    from diffusion.training.export import adopt
    from diffusion.training.loop.run import Budget
    from diffusion.training.phases.clip import train_clip
    from diffusion.training.phases.image_tower import train_sight
    from diffusion.training.phases.kinship import train_kinship

    workdir, seed, tiny, start = options.workdir, options.seed, options.tiny, options.start
    device = torch.device(options.device)
    if start is not None:
        adopt(start, workdir)
    # A budget in minutes is divided equally.
    minutes = options.minutes and options.minutes / (3 if start is None else 2)
    texts, kindred, looks = (
        Budget(None if minutes else amount, minutes)
        for amount in (amounts.texts, amounts.kindred, amounts.looks)
    )
    if start is None:
        batch = options.batch or amounts.reading
        train_clip(workdir, texts, batch, seed, device, tiny, amounts.library)
    kept_back = read_held_out(workdir).pairs
    batch = options.batch or amounts.looking
    train_sight(workdir, kept_back, looks, batch, amounts.gallery, seed, device, tiny, start)
    batch = options.batch or amounts.matching
    train_kinship(workdir, start or workdir, kindred, batch, seed, device, tiny)


def run_autoencoder(options: argparse.Namespace, amounts: Amounts) -> None:
    """Train the autoencoder."""
    import torch

    from diffusion.training.loop.run import Budget
    from diffusion.training.phases.autoencoder import train_autoencoder

    budget = Budget(None if options.minutes else amounts.crops, options.minutes)
    batch = options.batch or amounts.cropping
    train_autoencoder(
        options.workdir,
        budget,
        batch,
        options.seed,
        options.workers,
        torch.device(options.device),
        options.tiny,
        options.start,
    )


def run_unet(options: argparse.Namespace, amounts: Amounts) -> None:
    """Encode the compositions if needed, train the U-Net, then train the decoder on its
    drawings."""
    import torch

    from diffusion.training.export import adopt
    from diffusion.training.loop.run import Budget
    from diffusion.training.phases.decoder import train_decoder, write_drafts
    from diffusion.training.phases.latents import write_latents
    from diffusion.training.phases.unet import Course, train_unet

    device = torch.device(options.device)
    if options.start is not None:
        adopt(options.start, options.workdir)
    if not (options.workdir / "captions.json").exists():
        count = amounts.compositions
        write_latents(options.workdir, count, options.seed, device, options.calm)
    # The decoder gets a quarter of a budget in minutes.
    minutes = options.minutes or 0.0
    samples, drawings = (
        Budget(None if minutes else amount, minutes * share or None)
        for amount, share in ((amounts.samples, 0.75), (amounts.drawings, 0.25))
    )
    course = Course(
        batch=options.batch or amounts.batch,
        seed=options.seed,
        schedule=BETA_SCHEDULE_NAMES[options.schedule],
        device=device,
        tiny=options.tiny,
        start=options.start,
    )
    train_unet(options.workdir, samples, course, options.workers)
    if not (options.workdir / "drafts-styles.npy").exists():  # written last
        write_drafts(options.workdir, amounts.drafts, options.seed, device)
    batch = options.batch or amounts.drawing
    train_decoder(
        options.workdir, drawings, batch, options.seed, options.workers, device, options.tiny
    )


def run_evaluate(options: argparse.Namespace, amounts: Amounts) -> None:
    """Draw the sample sheet and print the table of scores, of a model folder if one is given."""
    import torch

    from diffusion.training.evaluation.evaluate import evaluate
    from diffusion.training.export import adopt_whole

    if options.start is not None:
        adopt_whole(options.start, options.workdir)
    evaluate(options.workdir, options.seed, options.tiny, torch.device(options.device))


def run_vocabulary(options: argparse.Namespace, amounts: Amounts) -> None:
    """List the words that the model was taught; with a model folder, those of that model."""
    from diffusion.training.vocabulary import write_vocabulary

    write_vocabulary(options.start or options.workdir, options.workdir / "packages")


def run_export(options: argparse.Namespace, amounts: Amounts) -> None:
    """Write the model folder."""
    from diffusion.training.export import export

    export(options.workdir, options.output)


PHASES: dict[str, Callable[[argparse.Namespace, Amounts], None]] = {
    "data": run_data,
    "clip": run_clip,
    "autoencoder": run_autoencoder,
    "unet": run_unet,
    "evaluate": run_evaluate,
    "vocabulary": run_vocabulary,
    "export": run_export,
}


# Amounts that the command line can set.
ADJUSTABLE = {
    "texts": "texts that phase clip sees",
    "looks": "pictures that phase clip sees",
    "kindred": "texts with kindred words that phase clip sees",
    "crops": "crops that phase autoencoder sees",
    "compositions": "different pictures that phase unet draws from",
    "samples": "samples that phase unet sees",
    "drafts": "pictures that the U-Net draws anew for the decoder to learn from",
    "drawings": "of these, with repetition, that the decoder sees",
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    from diffusion.nn.devices import best_device

    parser = argparse.ArgumentParser(prog="darkroom train", description=__doc__)
    parser.add_argument("phase", choices=[*PHASES, "all"])
    parser.add_argument("--workdir", type=Path, default=Path("data/training"))
    parser.add_argument("--output", type=Path, help="model folder (default: WORKDIR/model)")
    parser.add_argument("--notice", type=Path, default=ROOT / "NOTICE")
    parser.add_argument("--tiny", action="store_true", help="all phases in under three minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--workers", type=int, help="processes, one thread each (default: one for each core)"
    )
    parser.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    parser.add_argument(
        "--schedule", choices=BETA_SCHEDULE_NAMES, default="cosine", help="of phase unet"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="FOLDER",
        help="model folder that phase unet goes on from, or in phase clip the image tower and "
        "kindred words, or in phase autoencoder the decoder; phase evaluate measures it, phase "
        "vocabulary lists its words, and phase data holds out what was held out from it",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="time of phase clip, autoencoder or unet, instead of an amount",
    )
    parser.add_argument(
        "--calm",
        action="store_true",
        help="phase unet draws from pictures where nothing moves or leans: for the last stretch",
    )
    parser.add_argument(
        "--narrow",
        action="store_true",
        help="phase data makes ideas only of what has a name by hand, in the four sets seen most",
    )
    for name, meaning in ADJUSTABLE.items():
        parser.add_argument(f"--{name}", type=int, help=meaning)
    parser.add_argument(
        "--batch", type=int, help="samples of a step and worker, in phases clip, autoencoder, unet"
    )
    options = parser.parse_args(arguments)
    options.output = options.output or options.workdir / "model"
    options.device = options.device or best_device().type
    if options.minutes is not None and options.minutes <= 0:
        parser.error("--minutes must be more than 0")
    alone = options.tiny or options.minutes or options.device != "cpu"
    if alone and (options.workers or 1) > 1:
        parser.error("--tiny, --minutes and a GPU take one process: leave out --workers")
    options.workers = options.workers or (1 if alone else os.cpu_count() or 1)
    return options


def main(arguments: list[str] | None = None) -> None:
    """Run the requested phases."""
    from diffusion.training.loop.run import UnfitStart, sum_in_order

    options = parse(arguments)
    usual = TINY if options.tiny else ON_CPU if options.device == "cpu" else ON_GPU
    asked = {name: getattr(options, name) for name in ADJUSTABLE}
    amounts = replace(usual, **{name: value for name, value in asked.items() if value})
    options.workdir.mkdir(parents=True, exist_ok=True)
    if options.device != "cpu":
        sum_in_order()
    for phase in PHASES if options.phase == "all" else [options.phase]:
        try:
            PHASES[phase](options, amounts)
        except UnfitStart as error:
            raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
