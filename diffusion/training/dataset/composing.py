"""Compose many pictures on all cores. Imports no torch, so that workers start fast."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from diffusion.training.dataset.composition import Composition, compose

BATCH = 64


def compose_all(
    pictures: Path,
    plans: list[Composition],
    hues: dict[int, float | None],
    side: int | None = None,
) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the frames of `plans` in order, in batches (n, height, width, 3).

    `pictures` is the path of the `pictures.npy` that the plans are for. With `side`, frames are
    small squares; otherwise all plans must have the same shape.
    """
    # Send only the hue that a plan needs.
    jobs = [(plan, {plan.row: hues[plan.row]}) for plan in plans]
    parts = [jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)]
    compose_some = partial(_compose_some, pictures, side)
    if len(parts) < 4:  # too few to start processes
        yield from map(compose_some, parts)
        return
    # A fork of a process that has used torch can hang.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(compose_some, parts)


def _compose_some(
    pictures: Path, side: int | None, jobs: list[tuple[Composition, dict[int, float | None]]]
) -> npt.NDArray[np.uint8]:
    drawings = np.load(pictures, mmap_mode="r")
    frames = [compose(drawings, *job) for job in jobs]
    if side is not None:
        small = [Image.fromarray(f).resize((side, side), Image.Resampling.BICUBIC) for f in frames]
        frames = [np.asarray(one, dtype=np.uint8) for one in small]
    return np.stack(frames)
