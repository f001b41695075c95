"""`python -m benchmarks.picture_filter`: count the filter's false alarms.

Harmless pictures are made from nothing, and the embedded model draws its examples. All go through
the filter's own process. With `--write` the table is written to docs/filter.md.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

from benchmarks.harmless import harmless_pictures
from benchmarks.parameters import SweepRunner
from benchmarks.report import table, write
from bot.images.classifiers.process import ClassifierProcess
from bot.images.png import encode_png
from bot.policy.picture_policy import DEFAULT_THRESHOLD_PERCENT
from diffusion.loading.load import EMBEDDED, load

DOCUMENT = Path("docs/filter.md")
THRESHOLDS_PERCENT = (20, 50, DEFAULT_THRESHOLD_PERCENT)


@dataclass(frozen=True, slots=True)
class Scored:
    """Pictures of one kind, their scores, and the median of seconds that one takes."""

    kind: str
    scores: Sequence[float]
    seconds: float


async def score(kind: str, pictures: Iterable[Image.Image], model: str) -> Scored:
    """Score pictures one after another."""
    classifier = ClassifierProcess(model)
    scores, taken = [], []
    try:
        for picture in pictures:
            png = encode_png(picture)
            start = time.perf_counter()
            scores.append(await classifier.score(png))
            taken.append(time.perf_counter() - start)
    finally:
        await classifier.close()
    return Scored(kind, scores, median(taken))


def drawings(seeds: int) -> list[Image.Image]:
    """The embedded model's own examples, each with this many seeds."""
    checkpoint = load(EMBEDDED, torch.device("cpu"), torch.float32)
    runner = SweepRunner(checkpoint, checkpoint.info.examples, seeds)
    return [
        Image.fromarray(picture.astype(np.uint8))
        for drawing in runner.singles(runner.prompts)
        for picture in drawing.pictures
    ]


def rows(all_scored: Sequence[Scored]) -> list[list[str]]:
    """A row for each kind of pictures."""
    return [
        [
            one.kind,
            str(len(one.scores)),
            *(str(sum(100 * s >= percent for s in one.scores)) for percent in THRESHOLDS_PERCENT),
            f"{max(one.scores):.2f}",
            f"{1000 * one.seconds:.0f} ms",
        ]
        for one in all_scored
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.picture_filter", description=__doc__
    )
    parser.add_argument("--filter", default="opennsfw", help="`opennsfw` or a folder")
    parser.add_argument("--pictures", type=int, default=200, help="harmless pictures")
    parser.add_argument("--seeds", type=int, default=4, help="drawings of each example")
    parser.add_argument("--write", action="store_true", help=f"the table to {DOCUMENT}")
    arguments = parser.parse_args()
    kinds = {
        "made by the tests": harmless_pictures(arguments.pictures),
        "drawn by the embedded model": drawings(arguments.seeds),
    }
    measured = [asyncio.run(score(*one, arguments.filter)) for one in kinds.items()]
    head = ["Harmless pictures", "Number", *(f"from {one} % on" for one in THRESHOLDS_PERCENT)]
    text = table([*head, "highest score", "time for one"], rows(measured))
    print(text)
    if arguments.write:
        write(DOCUMENT, "measured", text)


if __name__ == "__main__":
    main()
