"""Compose training pictures: recolour subjects, place them on a background, write a caption."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from diffusion.training.dataset.captions import (
    GROUNDS,
    HUES,
    Said,
    is_kept_back,
    recoloured,
    write_caption,
)
from diffusion.training.dataset.prepare import DatasetRow

# (width, height) in pixels, and their shares. Similar areas, so that batches cost the same.
SHAPES: dict[tuple[int, int], float] = {
    (128, 128): 0.90,
    (160, 104): 0.05,
    (104, 160): 0.05,
}

# The default style, with clean outlines that work at 128 pixels.
HOUSE_STYLE = "noto style"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a subject stands: its centre and side, in shares of the frame's shorter side, with (0,
    0) as the centre of the frame."""

    x: float
    y: float
    side: float


CENTRED_SPOT = Spot(0, 0, 0.86)
NUMBERED: dict[int, tuple[Spot, ...]] = {
    2: (Spot(-0.24, 0, 0.46), Spot(0.24, 0, 0.46)),
    3: (Spot(0, -0.23, 0.44), Spot(-0.24, 0.23, 0.44), Spot(0.24, 0.23, 0.44)),
    4: tuple(Spot(x, y, 0.44) for y in (-0.24, 0.24) for x in (-0.24, 0.24)),
}
PLACED: dict[str, Spot] = {
    "on the left": Spot(-0.24, 0, 0.48),
    "on the right": Spot(0.24, 0, 0.48),
    "at the top": Spot(0, -0.24, 0.48),
    "at the bottom": Spot(0, 0.24, 0.48),
    "small": Spot(0, 0, 0.48),
    "tiny": Spot(0, 0, 0.3),
}

# Shares of pictures with several of a thing, with two things, and with one off the centre.
COUNTED, PAIRED, MOVED = 0.07, 0.06, 0.05
# Random offset and scaling, in shares of the side, and rotation in degrees; half of the subjects
# are mirrored. Captions do not mention it, so that different seeds give different pictures.
MAX_SHIFT, MAX_SCALE_CHANGE, MAX_LEAN_DEGREES = 0.04, 0.1, 12.0
UPRIGHT_SHARE = 0.6  # share of pictures without rotation


@dataclass(frozen=True, slots=True)
class Pose:
    """How all subjects stand in their spots: offset in shares of the side, scale, rotation (`lean`,
    in degrees counterclockwise), mirrored."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    lean: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Composition:
    """A plan for one picture.

    `row` is drawn in every spot, but `beside`, another row, takes the last one if it is set.
    """

    row: int
    shape: tuple[int, int]
    colour: str | None
    ground: str
    says_ground: bool
    says_style: bool
    spots: tuple[Spot, ...] = (CENTRED_SPOT,)
    where: str | None = None
    beside: int | None = None
    pose: Pose = Pose()


def alone(row: int) -> Composition:
    """A single thing as its icon set draws it, on white, square."""
    return Composition(row, (128, 128), None, "white", says_ground=False, says_style=False)


def plan(
    row_index: int,
    rows: list[DatasetRow],
    hues: dict[int, float | None],
    rng: random.Random,
    calm: bool = False,
) -> Composition:
    """Choose a random composition.

    `hues` are the subjects' main hues in degrees, None for no clear one; a second subject is chosen
    among them, in the same style. If `calm`, subjects are not moved or rotated.
    """
    row, hue = rows[row_index], hues[row_index]
    shape = rng.choices(list(SHAPES), list(SHAPES.values()))[0]
    colour = None
    if hue is not None and rng.random() < 0.2:
        colour = rng.choice(other_colours(row, hue))
    ground = "white" if rng.random() < 0.7 else rng.choice(list(GROUNDS))
    spots: tuple[Spot, ...] = (CENTRED_SPOT,)
    where, beside = None, None
    chance = rng.random()
    if chance < COUNTED:
        spots = NUMBERED[rng.choice(list(NUMBERED))]
    elif chance < COUNTED + PAIRED:
        beside = _neighbour(row_index, rows, hues, rng)
        spots = NUMBERED[2] if beside is not None else spots
    elif chance < COUNTED + PAIRED + MOVED:
        where = rng.choice(list(PLACED))
        spots = (PLACED[where],)
    return Composition(
        row=row_index,
        shape=shape,
        colour=colour,
        ground=ground,
        says_ground=ground != "white" or rng.random() < 0.06,
        says_style=rng.random() < (0.4 if row.style == HOUSE_STYLE else 0.97),
        spots=spots,
        where=where,
        beside=beside,
        pose=Pose(mirrored=rng.random() < 0.5) if calm else _random_pose(rng),
    )


def other_colours(row: DatasetRow, hue: float) -> list[str]:
    """The colours that a subject with main hue `hue`, in degrees, can be changed to."""
    own_words = {word for name in row.names for word in name.split()}
    return [w for w, h in HUES.items() if w not in own_words and _turn(hue, h) > 25]


def _random_pose(rng: random.Random) -> Pose:
    return Pose(
        x=rng.uniform(-MAX_SHIFT, MAX_SHIFT),
        y=rng.uniform(-MAX_SHIFT, MAX_SHIFT),
        scale=rng.uniform(1 - MAX_SCALE_CHANGE, 1 + MAX_SCALE_CHANGE / 2),
        lean=0.0
        if rng.random() < UPRIGHT_SHARE
        else rng.uniform(-MAX_LEAN_DEGREES, MAX_LEAN_DEGREES),
        mirrored=rng.random() < 0.5,
    )


def _neighbour(
    row_index: int, rows: list[DatasetRow], hues: dict[int, float | None], rng: random.Random
) -> int | None:
    """Another thing in the same style; None if a few random tries find none."""
    for other in rng.choices(list(hues), k=20):
        if (
            rows[other].style == rows[row_index].style
            and rows[other].emoji != rows[row_index].emoji
        ):
            return other
    return None


def coloured_names(rows: list[DatasetRow], hues: dict[int, float | None]) -> set[str]:
    """All names, alone and with every colour that a composition can give the thing."""
    found = {name for index in hues for name in rows[index].names}
    for index, hue in hues.items():
        colours = [] if hue is None else other_colours(rows[index], hue)
        found |= {recoloured(name, colour) for name in rows[index].names for colour in colours}
    return found


def caption_of(
    composition: Composition,
    rows: list[DatasetRow],
    rng: random.Random,
    names: tuple[str, ...] | None = None,
) -> str:
    """A random caption that is not kept back; `names` replace the names of the row."""
    while is_kept_back(caption := any_caption_of(composition, rows, rng, names)):
        pass
    return caption


def any_caption_of(
    composition: Composition,
    rows: list[DatasetRow],
    rng: random.Random,
    names: tuple[str, ...] | None = None,
) -> str:
    """A random caption, kept back or not."""
    row = rows[composition.row]
    beside = None if composition.beside is None else rows[composition.beside]
    said = Said(
        style=row.style if composition.says_style else None,
        colour=composition.colour,
        ground=composition.ground if composition.says_ground else None,
        number=1 if beside else len(composition.spots),
        where=composition.where,
        beside=beside.names[0] if beside else None,
    )
    return write_caption(names or row.names, row.tags, said, rng)


def compose(
    drawings: Any, composition: Composition, hues: dict[int, float | None]
) -> npt.NDArray[np.uint8]:
    """The picture (height, width, 3). `drawings[row]` is a subject, (128, 128, 4) uint8 RGBA."""
    width, height = composition.shape
    frame = Image.new("RGB", (width, height), GROUNDS[composition.ground])
    subject = Image.fromarray(drawings[composition.row])
    hue = hues[composition.row]
    if composition.colour is not None and hue is not None:
        subject = turn_hue(subject, HUES[composition.colour] - hue)
    subjects = [subject] * len(composition.spots)
    if composition.beside is not None:
        subjects[-1] = Image.fromarray(drawings[composition.beside])
    for spot, one in zip(composition.spots, subjects, strict=True):
        _paste(frame, one, spot, composition.pose)
    return np.asarray(frame, dtype=np.uint8)


def _paste(frame: Image.Image, subject: Image.Image, spot: Spot, pose: Pose) -> None:
    shorter = min(frame.size)
    side = round(shorter * spot.side * pose.scale)
    # Premultiplied alpha, or transparent black bleeds into the edges.
    small = subject.convert("RGBa")
    if pose.mirrored:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if pose.lean:
        small = small.rotate(pose.lean, Image.Resampling.BICUBIC, expand=True)
    small = small.resize((side, side), Image.Resampling.LANCZOS).convert("RGBA")
    left = round(frame.width / 2 + shorter * (spot.x + spot.side * pose.x) - side / 2)
    top = round(frame.height / 2 + shorter * (spot.y + spot.side * pose.y) - side / 2)
    frame.paste(small, (left, top), small)


def turn_hue(picture: Image.Image, degrees: float) -> Image.Image:
    """Rotate every hue by `degrees`; saturation, value and alpha stay."""
    bands = np.asarray(picture.convert("RGB").convert("HSV")).copy()
    bands[..., 0] = (bands[..., 0].astype(np.int16) + round(degrees / 360 * 256)) % 256
    turned = Image.fromarray(bands, "HSV").convert("RGB")
    turned.putalpha(picture.getchannel("A"))
    return turned


def main_hue(rgba: npt.NDArray[np.uint8]) -> float | None:
    """The subject's main hue in degrees, or None if it is grey or has many colours.

    The mean of the hues as directions, weighted by how colourful a pixel is. A short mean vector
    means that the pixels disagree.
    """
    small = Image.fromarray(rgba).resize((16, 16))
    alpha = np.asarray(small.getchannel("A"), dtype=np.float64) / 255
    bands = np.asarray(small.convert("RGB").convert("HSV"), dtype=np.float64) / 255
    hue, colourful = bands[..., 0], alpha * bands[..., 1] * bands[..., 2]
    total = (colourful * np.exp(2j * np.pi * hue)).sum()
    if alpha.sum() == 0 or abs(total) / alpha.sum() < 0.3:
        return None
    return float(np.degrees(np.angle(total)) % 360)


def read_hues(drawings: Any, chosen: list[int]) -> dict[int, float | None]:
    """The hues of the chosen drawings."""
    return {index: main_hue(drawings[index]) for index in chosen}


def _turn(a: float, b: float) -> float:
    """The smaller angle between two hues, in degrees."""
    return abs((a - b + 180) % 360 - 180)
