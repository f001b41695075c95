"""The one table of parameters, from which parsing, help and documentation come.

A parameter's `name` is the field of `bot.prompt.Prompt` that it fills. How a value changes the
picture is decided in `bot.resolve`; this module knows only what may be typed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffusion.protocol import SEEDS


@dataclass(frozen=True, slots=True)
class Aspect:
    """Width to height as two whole numbers, as typed: 139:100."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


WIDEST = 3
"""The widest and, turned, the tallest picture: 3:1 and 1:3."""


MOST_STYLIZE = 1000


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    `flags` are what may stand behind the dashes, the first is its usual form. `read` turns the
    typed value into the field's, and raises ValueError if it cannot. `allowed` completes the
    sentence “It takes …”. `default` is the value where nobody says anything else, None where that
    is something else than a value; `default_shown` is how people read it. `words` is true where
    the value runs on to the next flag.
    """

    name: str
    flags: tuple[str, ...]
    read: Callable[[str], Any]
    allowed: str
    default: Any
    default_shown: str
    meaning: str
    words: bool = False


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return read


def read_aspect(value: str) -> Aspect:
    """Read `3:2`. Raises ValueError outside 1:3 to 3:1."""
    match = re.fullmatch(r"([1-9][0-9]{0,3}):([1-9][0-9]{0,3})", value)
    if match is None:
        raise ValueError(value)
    aspect = Aspect(int(match[1]), int(match[2]))
    if not Fraction(1, WIDEST) <= Fraction(aspect.width, aspect.height) <= WIDEST:
        raise ValueError(value)
    return aspect


QUALITIES = (0.25, 0.5, 1.0, 2.0, 4.0)


def _quality(value: str) -> float:
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", value) or float(value) not in QUALITIES:
        raise ValueError(value)
    return float(value)


def _things(value: str) -> tuple[str, ...]:
    things = tuple(thing.strip() for thing in value.split(",") if thing.strip())
    if not things:
        raise ValueError(value)
    return things


def _style(value: str) -> str:
    if not re.fullmatch(r"[\w-]{1,40}", value):
        raise ValueError(value)
    return value.lower()


ASPECT_ALLOWED = f"two whole numbers from 1:{WIDEST} to {WIDEST}:1, such as 3:2 or 139:100"

PARAMETERS = (
    Parameter(
        "aspect",
        ("ar", "aspect"),
        read_aspect,
        ASPECT_ALLOWED,
        Aspect(1, 1),
        "1:1",
        "The shape of the picture, width to height; the area stays the model's own.",
    ),
    Parameter(
        "seed",
        ("seed",),
        _whole(0, SEEDS - 1),
        f"a whole number from 0 to {SEEDS - 1}",
        None,
        "random",
        "Where the noise comes from. The same prompt, parameters and seed give the same pictures.",
    ),
    Parameter(
        "negative",
        ("no",),
        _things,
        "one or more things, separated by commas",
        (),
        "nothing",
        "What should not be in the picture: the negative branch of the guidance.",
        words=True,
    ),
    Parameter(
        "stylize",
        ("stylize", "s"),
        _whole(0, MOST_STYLIZE),
        f"a whole number from 0 to {MOST_STYLIZE}",
        100,
        "100",
        "How strongly the prompt is driven: the guidance scale, from half the model's own at 0 "
        "to twice it at 1000.",
    ),
    Parameter(
        "chaos",
        ("chaos", "c"),
        _whole(0, 100),
        "a whole number from 0 to 100",
        0,
        "0",
        "How far the pictures of a grid lie apart: the share of their noise that is not common.",
    ),
    Parameter(
        "quality",
        ("quality", "q"),
        _quality,
        "one of .25, .5, 1, 2 and 4",
        1.0,
        "1",
        "How many steps are spent: this many times the model's own number.",
    ),
    Parameter(
        "stop",
        ("stop",),
        _whole(10, 100),
        "a whole number from 10 to 100",
        100,
        "100",
        "After how many percent of the steps to stop, for an earlier, softer picture.",
    ),
    Parameter(
        "style",
        ("style",),
        _style,
        "the name of a style",
        None,
        "the server's",
        "One of the model's styles, or `raw` for none.",
    ),
    Parameter(
        "repeat",
        ("repeat", "r"),
        _whole(2, 10),
        "a whole number from 2 to 10",
        1,
        "once",
        "How many jobs to make of this prompt, each with its own seed.",
    ),
)

BY_FLAG = {flag: parameter for parameter in PARAMETERS for flag in parameter.flags}

DEFAULTS = {parameter.name: parameter.default for parameter in PARAMETERS}
