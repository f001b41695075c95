"""What a model was never taught, so that it can be asked: one file, in its work folder and beside
its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

HELD_OUT_FILE = "held_out.json"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was kept back: (emoji, style) pairs from the diffusion model, words for names, each with
    its name, from the text encoder."""

    pairs: frozenset[tuple[str, str]]
    words: tuple[tuple[str, str], ...] = ()


def read_held_out(folder: Path) -> HeldOut:
    """Of a work folder or a model, if it says so."""
    path = folder / HELD_OUT_FILE
    if not path.exists():
        return HeldOut(frozenset())
    noted = json.loads(path.read_text())
    pairs = frozenset((emoji, style) for emoji, style in noted["pairs"])
    return HeldOut(pairs, tuple((word, name) for word, name in noted["words"]))


def write_held_out(workdir: Path, held_out: HeldOut) -> None:
    """Write it down in the work folder."""
    noted = {"pairs": sorted(held_out.pairs), "words": held_out.words}
    (workdir / HELD_OUT_FILE).write_text(json.dumps(noted))
