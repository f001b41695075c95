"""`python -m benchmarks.schedules`: compare U-Nets trained under different noise schedules.

`python -m diffusion.training.evaluation.schedules` has measured each work folder before. This puts
the numbers into one table and the pictures into one sheet; with `--write`, into docs/diffusion.md.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.report import table, write

DOCUMENT = Path("docs/diffusion.md")
PICTURE = Path("docs/pictures/diffusion/schedules.jpg")


@dataclass(frozen=True, slots=True)
class Trained:
    """One trained U-Net: its schedule's name, the samples it was trained on, and the error of its
    guesses by sigma, as text."""

    schedule: str
    samples: int
    errors: Mapping[str, float]


def read(workdir: Path) -> Trained:
    """The measurement in a work folder. Exits where there is none."""
    path = workdir / "schedule.json"
    if not path.is_file():
        raise SystemExit(
            f"{workdir} is not measured yet: run "
            f"`python -m diffusion.training.evaluation.schedules {workdir}` first."
        )
    return Trained(**json.loads(path.read_text()))


def describe(trained: Sequence[Trained]) -> str:
    """A table with the errors of each U-Net in a row, as Markdown."""
    head = ["schedule", *(f"σ {sigma}" for sigma in trained[0].errors)]
    rows = [[one.schedule, *(f"{error:.3f}" for error in one.errors.values())] for one in trained]
    seen = " and ".join(f"{one.samples:,}" for one in trained)
    return f"{table(head, rows)}\n\nSeen: {seen} samples."


def stack(sheets: Sequence[Image.Image]) -> Image.Image:
    """The sheets below one another."""
    width, height = max(one.width for one in sheets), sum(one.height for one in sheets)
    stacked = Image.new("RGB", (width, height), "white")
    top = 0
    for sheet in sheets:
        stacked.paste(sheet, (0, top))
        top += sheet.height
    return stacked


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison; with `--write`, put it into the document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schedules", description=__doc__)
    parser.add_argument("workdirs", type=Path, nargs="+", metavar="WORKDIR")
    parser.add_argument("--write", action="store_true", help=f"put it into {DOCUMENT}")
    options = parser.parse_args(arguments)
    text = describe([read(workdir) for workdir in options.workdirs])
    print(text)
    if options.write:
        write(DOCUMENT, "schedules", text)
        sheets = [Image.open(workdir / "schedule.png") for workdir in options.workdirs]
        stack(sheets).save(PICTURE, quality=90)


if __name__ == "__main__":
    main()
