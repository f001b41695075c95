"""Other aspect ratios than 1:1, and simple scenes, as the engine composes them of square drawings.

The judge has only seen squares. So of other shapes it sees the middle square, and then the whole
picture, made square by more of its background. People judge by `aspects.jpg` and `scenes.jpg` in
the work folder.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import random
from typing import Any

import numpy as np
from PIL import Image

from diffusion.engine.composition import Composition
from diffusion.protocol.requests import ImageRequest, Noise
from diffusion.text.scenes import read_scene
from diffusion.training.dataset.captions import GROUNDS, plural
from diffusion.training.dataset.exam import Question, among, with_article
from diffusion.training.dataset.prepare import PIXELS
from diffusion.training.loop.sampling import GUIDANCE, SAMPLING_STEPS, draw

ASPECTS = {"3:2": (160, 104), "2:3": (104, 160), "16:9": (168, 96), "9:16": (96, 168)}
"""Width and height in pixels that members get for each."""

SQUARE = (PIXELS, PIXELS)

PAIRS = (("fox", "tree"), ("cat", "dog"), ("rose", "bee"))
COUNTED = (("two", "owl"), ("three", "star"))
GROUNDED = (
    ("cat", "on a yellow background"),
    ("house", "on a snowy background"),
    ("penguin", "in the snow"),
    ("owl", "at night"),
    ("sailboat", "at sunset"),
)


def ask_scenes(names: list[str], rng: random.Random) -> list[Question]:
    """Ten plain scenes. The choices are scenes of the same kind with other things."""

    def other() -> str:
        return with_article(rng.choice(names))

    asked = []
    for one, two in PAIRS:
        prompt = f"{with_article(one)} next to {with_article(two)}"
        others = [f"{other()} next to {other()}" for _ in range(200)]
        asked.append(Question(prompt, prompt, among(prompt, others, rng)))
    for count, name in COUNTED:
        prompt = f"{count} {plural(name)}"
        others = [f"{count} {plural(other)}" for other in names]
        asked.append(Question(prompt, prompt, among(prompt, others, rng)))
    for name, ground in GROUNDED:
        prompt = f"{with_article(name)} {ground}"
        (answer,) = read_scene(prompt)
        others = [f"{other()} on a {rng.choice(list(GROUNDS))} background" for _ in range(200)]
        asked.append(Question(prompt, answer, among(answer, others, rng)))
    return asked


def draw_composed(
    pipeline: Any, prompts: list[str], seeds: list[int], size: tuple[int, int] = SQUARE
) -> list[Image.Image]:
    """One picture per prompt, each with its own seed, composed as the engine does it."""
    compositions = [
        Composition.of_squares(_request(prompt, seed, size), None, PIXELS)
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    drawings = [drawing for one in compositions for drawing in one.drawings]
    drawn = iter(
        draw(
            pipeline,
            [drawing.prompt for drawing in drawings],
            [drawing.noises[0].seed for drawing in drawings],
        )
    )
    return [
        Image.fromarray(one.pictures([np.asarray(next(drawn)) for _ in one.drawings])[0])
        for one in compositions
    ]


def framed(drawing: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A square drawing as the picture of another size that the engine makes of it."""
    composition = Composition.of_squares(_request("", 0, size), None, PIXELS)
    return Image.fromarray(composition.pictures([np.asarray(drawing)])[0])


def middle_square(picture: Image.Image) -> Image.Image:
    """The largest square in the middle of a picture."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def whole_square(picture: Image.Image) -> Image.Image:
    """The whole picture in the middle of a square of the usual colour of its border."""
    pixels, side = np.asarray(picture), max(picture.size)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = np.median(border, axis=0).astype(int).tolist()
    square = Image.new("RGB", (side, side), (red, green, blue))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _request(prompt: str, seed: int, size: tuple[int, int]) -> ImageRequest:
    return ImageRequest(
        model="",
        prompt=prompt,
        noises=(Noise(seed),),
        width=size[0],
        height=size[1],
        steps=SAMPLING_STEPS,
        guidance_scale=GUIDANCE,
    )
