"""Captions for composed pictures, as a person might type them. Pure Python."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

# Colours that a subject can be changed to, with their hues in degrees.
HUES: dict[str, float] = {
    "red": 0,
    "orange": 28,
    "yellow": 50,
    "green": 120,
    "blue": 215,
    "purple": 275,
    "pink": 330,
}

# Plain backgrounds; white is the default.
GROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "yellow": (255, 221, 87),
    "orange": (255, 167, 77),
    "red": (232, 77, 77),
    "pink": (255, 183, 213),
    "purple": (170, 130, 220),
    "blue": (86, 140, 232),
    "light blue": (178, 222, 255),
    "green": (116, 196, 118),
    "grey": (190, 194, 200),
    "black": (24, 24, 28),
}

SMALL_WORDS = ("small", "tiny")

# Colour words inside names ("red fox") that are removed when the subject is recoloured.
OWN_COLOURS = frozenset((*HUES, "brown", "golden"))

NUMBERS = ("one", "two", "three", "four")

MAX_TAGS = 3

KEPT_BACK_ONE_IN = 16  # this share of captions with several parts is kept out of training


@dataclass(frozen=True, slots=True)
class Said:
    """What a caption mentions of a picture besides its names; None is not mentioned.

    `number` is how many things are shown, `where` the position or size of a single one, `beside`
    the name of another thing.
    """

    style: str | None = None
    colour: str | None = None
    ground: str | None = None
    number: int = 1
    where: str | None = None
    beside: str | None = None


def write_caption(
    names: tuple[str, ...], tags: tuple[str, ...], said: Said, rng: random.Random
) -> str:
    """A caption that a person might type for this picture."""
    name = names[0] if rng.random() < 0.5 else rng.choice(names)
    colour, style, ground = said.colour, said.style, said.ground
    if colour is not None:
        name = recoloured(name, colour)
    if rng.random() < 0.08:
        name = f"{rng.choice(('cute', 'little', 'simple', 'nice'))} {name}"
    if said.where in SMALL_WORDS:
        name = f"{said.where} {name}"
    if said.number > 1:
        subject = f"{NUMBERS[said.number - 1]} {plural(name)}"
    else:
        subject = rng.choice((f"{article(name)} {name}", f"{article(name)} {name}", name))
    if said.beside is not None:
        joint = rng.choice(("and", "and", "next to", "beside"))
        subject += f" {joint} {article(said.beside)} {said.beside}"
    elif said.where is not None and said.where not in SMALL_WORDS:
        subject += f" {said.where}"
    parts = []
    if tags and rng.random() < 0.1:
        parts += rng.sample(tags, min(len(tags), rng.randint(1, MAX_TAGS)))
    if style is not None:
        parts.append(style)
    if ground is not None:
        parts.append(f"{'' if rng.random() < 0.1 else 'on '}{article(ground)} {ground} background")
    rng.shuffle(parts)
    return ", ".join((subject, *parts))


def recoloured(name: str, colour: str) -> str:
    """The name of the thing in another colour; the name's own colour word is replaced."""
    return f"{colour} {' '.join(word for word in name.split() if word not in OWN_COLOURS)}"


def is_kept_back(caption: str) -> bool:
    """Whether the whole caption is kept out of all training, so that the evaluation can use it.

    The words alone decide, so no list has to be stored. Captions with one part, such as "a red
    fox", are always trained, because most prompts look like that.
    """
    return "," in caption and zlib.crc32(caption.encode()) % KEPT_BACK_ONE_IN == 0


def article(noun: str) -> str:
    """`a` or `an`, by the first letter."""
    return "an" if noun[0] in "aeiou" and not noun.startswith("uni") and noun != "ufo" else "a"


def plural(noun: str) -> str:
    """The plural, by the usual endings."""
    if noun.endswith("ies"):  # "cherries" are many already
        return noun
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"
