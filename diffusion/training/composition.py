"""One training example: a subject recoloured, placed on a ground, and the words for it.

Pictures in, pictures out; draws nothing of its own and knows no network.
"""

from __future__ import annotations

import colorsys
import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from diffusion.training.captions import GROUNDS, HUES, write_caption
from diffusion.training.data import Row

# Sides in pixels, (width, height), and how often. About one area, so that one batch costs the same.
SHAPES: dict[tuple[int, int], float] = {
    (128, 128): 0.90,
    (160, 104): 0.05,
    (104, 160): 0.05,
}

# The subject's side as a share of the frame's shorter one. Always the same, and always in the
# middle: a place that varies is one more thing to learn, and nobody asks for it.
SUBJECT = 0.88

# Without a style the model draws as this set does: clean outlines that survive 128 pixels.
HOUSE_STYLE = "noto style"


@dataclass(frozen=True, slots=True)
class Composition:
    """How a picture is put together; words are None where nobody mentions them."""

    row: int
    shape: tuple[int, int]
    colour: str | None
    ground: str
    says_ground: bool
    says_style: bool


def plan(row_index: int, row: Row, hue: float | None, rng: random.Random) -> Composition:
    """Decide a composition. `hue` is the subject's own in degrees, None if it has no clear one."""
    shape = rng.choices(list(SHAPES), list(SHAPES.values()))[0]
    colour = None
    if hue is not None and rng.random() < 0.15:
        own_words = {word for name in row.names for word in name.split()}
        others = [w for w, h in HUES.items() if w not in own_words and _turn(hue, h) > 25]
        colour = rng.choice(others)
    ground = "white" if rng.random() < 0.78 else rng.choice(list(GROUNDS))
    says_ground = ground != "white" or rng.random() < 0.06
    says_style = rng.random() < (0.4 if row.style == HOUSE_STYLE else 0.88)
    return Composition(
        row=row_index,
        shape=shape,
        colour=colour,
        ground=ground,
        says_ground=says_ground,
        says_style=says_style,
    )


def caption_of(composition: Composition, row: Row, rng: random.Random) -> str:
    """Words for the composition."""
    return write_caption(
        row.names,
        row.tags,
        row.style if composition.says_style else None,
        composition.colour,
        composition.ground if composition.says_ground else None,
        rng,
    )


def compose(
    rgba: npt.NDArray[np.uint8], composition: Composition, hue: float | None
) -> npt.NDArray[np.uint8]:
    """(128, 128, 4) subject to a (height, width, 3) picture."""
    width, height = composition.shape
    subject = Image.fromarray(rgba)
    if composition.colour is not None and hue is not None:
        subject = turn_hue(subject, HUES[composition.colour] - hue)
    side = round(min(width, height) * SUBJECT)
    subject = subject.convert("RGBa").resize((side, side), Image.Resampling.LANCZOS).convert("RGBA")
    frame = Image.new("RGB", (width, height), GROUNDS[composition.ground])
    frame.paste(subject, ((width - side) // 2, (height - side) // 2), subject)
    return np.asarray(frame, dtype=np.uint8)


def turn_hue(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn every hue by `degrees`, keeping saturation, value and alpha."""
    bands = np.asarray(picture.convert("RGB").convert("HSV")).copy()
    bands[..., 0] = (bands[..., 0].astype(np.int16) + round(degrees / 360 * 256)) % 256
    turned = Image.fromarray(bands, "HSV").convert("RGB")
    turned.putalpha(picture.getchannel("A"))
    return turned


def main_hue(rgba: npt.NDArray[np.uint8]) -> float | None:
    """The subject's own hue in degrees, or None if it is grey or of many colours.

    A mean of hues as directions, each as long as the pixel is colourful; its length says how far
    the pixels agree.
    """
    small = Image.fromarray(rgba).resize((16, 16))
    total, weight = 0j, 0.0
    pixels = np.asarray(small, dtype=np.float64).reshape(-1, 4) / 255
    for red, green, blue, alpha in pixels:
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        total += alpha * saturation * value * np.exp(2j * np.pi * hue)
        weight += alpha
    if weight == 0 or abs(total) / weight < 0.3:
        return None
    return float(np.degrees(np.angle(total)) % 360)


def _turn(a: float, b: float) -> float:
    """The smaller angle between two hues."""
    return abs((a - b + 180) % 360 - 180)
