"""The one table of parameters, from which parsing, help and documentation come.

A parameter's `name` is the field of `bot.prompt.Prompt` that it fills. How a value changes the
picture is decided in `bot.resolve`; this module knows only what may be typed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bot.texts import Text
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
    """One row of the table; its words stand in `bot.texts` under `parameter-{name}`.

    `flags` are what may stand behind the dashes, the first is its usual form. `read` turns the
    typed value into the field's, and raises ValueError if it cannot. `default` is the value where
    nobody says anything else, None where that is something else than a value. `limits` are the
    values in its words. `words` is true where the value runs on to the next flag.
    """

    name: str
    flags: tuple[str, ...]
    read: Callable[[str], Any]
    default: Any
    limits: tuple[tuple[str, str], ...] = ()
    words: bool = False

    @property
    def meaning(self) -> Text:
        return Text(f"parameter-{self.name}", dict(self.limits))

    @property
    def allowed(self) -> Text:
        """What completes “It takes …”."""
        return self.meaning["allowed"]

    @property
    def default_shown(self) -> Text:
        return self.meaning["default"]


def _range(
    name: str, flags: tuple[str, ...], low: int, high: int, default: int | None
) -> Parameter:
    """A parameter that is a whole number from `low` to `high`."""
    limits = (("low", str(low)), ("high", str(high)))
    return Parameter(name, flags, _whole(low, high), default, limits)


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


PARAMETERS = (
    Parameter(
        "aspect", ("ar", "aspect"), read_aspect, Aspect(1, 1), limits=(("widest", str(WIDEST)),)
    ),
    _range("seed", ("seed",), 0, SEEDS - 1, None),
    Parameter("negative", ("no",), _things, (), words=True),
    _range("stylize", ("stylize", "s"), 0, MOST_STYLIZE, 100),
    _range("chaos", ("chaos", "c"), 0, 100, 0),
    Parameter("quality", ("quality", "q"), _quality, 1.0),
    _range("stop", ("stop",), 10, 100, 100),
    Parameter("style", ("style",), _style, None),
    _range("repeat", ("repeat", "r"), 2, 10, 1),
)

BY_FLAG = {flag: parameter for parameter in PARAMETERS for flag in parameter.flags}

DEFAULTS = {parameter.name: parameter.default for parameter in PARAMETERS}
