"""What was held out from a model's training, so that it can be evaluated: one JSON file in the work
folder and beside the weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

HELD_OUT_FILE = "held_out.json"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """(emoji, style) pairs that the diffusion model never saw, and words with their names that the
    text encoder never saw."""

    pairs: frozenset[tuple[str, str]]
    words: tuple[tuple[str, str], ...] = ()


def read_held_out(folder: Path) -> HeldOut:
    """Read it from a work folder or a model folder."""
    path = folder / HELD_OUT_FILE
    if not path.exists():
        return HeldOut(frozenset())
    noted = json.loads(path.read_text())
    pairs = frozenset((emoji, style) for emoji, style in noted["pairs"])
    return HeldOut(pairs, tuple((word, name) for word, name in noted["words"]))


def write_held_out(workdir: Path, held_out: HeldOut) -> None:
    """Write it into the work folder."""
    noted = {"pairs": sorted(held_out.pairs), "words": held_out.words}
    (workdir / HELD_OUT_FILE).write_text(json.dumps(noted))
