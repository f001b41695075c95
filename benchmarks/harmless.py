"""Harmless pictures in great variety, made from nothing: for counting false alarms."""

import math
import random

from PIL import Image, ImageDraw, ImageFilter

SIDE_PX = 256

SKIN_TONES = ("#8d5524", "#c68642", "#e0ac69", "#f1c27d", "#ffdbac", "#5c3836")
"""What looks like skin is what mistakes are made about."""


def harmless_pictures(count: int) -> list[Image.Image]:
    """`count` pictures, always the same: flat colours, shapes, portraits, landscapes and noise."""
    kinds = (_flat, _shapes, _portrait, _landscape, _noise, _skin_coloured, _text, _stripes)
    return [kinds[n % len(kinds)](random.Random(n)) for n in range(count)]


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(256), dice.randrange(256), dice.randrange(256)


def _canvas(colour: str | tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), colour)
    return image, ImageDraw.Draw(image)


def _box(dice: random.Random, least: int = 20, most: int = 150) -> tuple[int, int, int, int]:
    x, y = dice.randrange(SIDE_PX - least), dice.randrange(SIDE_PX - least)
    return x, y, x + dice.randint(least, most), y + dice.randint(least, most)


def _flat(dice: random.Random) -> Image.Image:
    return _canvas(_colour(dice))[0]


def _shapes(dice: random.Random) -> Image.Image:
    image, pen = _canvas(_colour(dice))
    for _ in range(dice.randint(3, 20)):
        draw = dice.choice((pen.ellipse, pen.rectangle))
        draw(_box(dice), fill=_colour(dice))
    return image


def _portrait(dice: random.Random) -> Image.Image:
    """A face with eyes, mouth, hair and a pullover."""
    image, pen = _canvas(_colour(dice))
    pen.ellipse((40, 190, 216, 340), fill=_colour(dice))
    pen.ellipse((70, 30, 186, 130), fill=_colour(dice))
    pen.ellipse((80, 50, 176, 190), fill=dice.choice(SKIN_TONES))
    for x in (108, 148):
        pen.ellipse((x - 8, 100, x + 8, 112), fill="white")
        pen.ellipse((x - 4, 102, x + 4, 110), fill="black")
    pen.arc((105, 130, 151, 165), 20, 160, fill="#aa3333", width=4)
    return image.filter(ImageFilter.GaussianBlur(dice.choice((0, 1, 2))))


def _landscape(dice: random.Random) -> Image.Image:
    """A sky, a sun and rows of hills."""
    image, pen = _canvas(_colour(dice))
    x = dice.randrange(SIDE_PX)
    pen.ellipse((x, 20, x + 40, 60), fill="#ffe080")
    for row in range(4):
        tone, phase, height = _colour(dice), dice.random() * 6, dice.randint(10, 40)
        top = 90 + 40 * row
        line = [(i, top + height * math.sin(i / 40 + phase)) for i in range(0, SIDE_PX + 8, 8)]
        pen.polygon([*line, (SIDE_PX + 8, SIDE_PX), (0, SIDE_PX)], fill=tone)
    return image


def _noise(dice: random.Random) -> Image.Image:
    side = dice.choice((4, 16, 64, 256))
    small = Image.frombytes("RGB", (side, side), dice.randbytes(side * side * 3))
    return small.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)


def _skin_coloured(dice: random.Random) -> Image.Image:
    """Sand, wood and clay: soft blots in the colours of skin."""
    image, pen = _canvas(dice.choice(SKIN_TONES))
    for _ in range(dice.randint(5, 30)):
        pen.ellipse(_box(dice), fill=dice.choice(SKIN_TONES))
    return image.filter(ImageFilter.GaussianBlur(dice.randint(0, 12)))


def _text(dice: random.Random) -> Image.Image:
    image, pen = _canvas("white")
    for line in range(16):
        words = " ".join("".join(dice.choices("etaoinshrdlu", k=5)) for _ in range(8))
        pen.text((8, 8 + 15 * line), words, fill=_colour(dice))
    return image


def _stripes(dice: random.Random) -> Image.Image:
    image, pen = _canvas(_colour(dice))
    width, colour = dice.randint(2, 30), _colour(dice)
    for x in range(0, 2 * SIDE_PX, 2 * width):
        pen.line((x, 0, x - dice.choice((0, 80, SIDE_PX)), SIDE_PX), fill=colour, width=width)
    return image
