"""Readers for values of parameters: each takes text and returns a value, or raises ValueError.

Pure; knows no parameter's name.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffusion.protocol.requests import MAX_LORA_WEIGHT, Lora

MAX_ASPECT_RATIO = 3
"""The widest picture is 3:1, the tallest 1:3."""

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{0,6})?|\.[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Aspect:
    """Width to height as two whole numbers, as typed: 139:100."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, as typed: 512x768."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def flag_name(typed: str) -> str:
    """The name of a typed flag: `--AR`, `—ar` and `ar` are all `ar`."""
    return typed.strip().lstrip("-—–").lower()


def aspect(value: str) -> Aspect:
    """Read `3:2`, from 1:3 to 3:1."""
    match = _matched(r"([1-9][0-9]{0,3}):([1-9][0-9]{0,3})", value)
    typed = Aspect(int(match[1]), int(match[2]))
    if not Fraction(1, MAX_ASPECT_RATIO) <= Fraction(typed.width, typed.height) <= MAX_ASPECT_RATIO:
        raise ValueError(value)
    return typed


def size(value: str) -> Size:
    """Read `512x768`; which sizes there are depends on the model."""
    match = _matched(r"([1-9][0-9]{0,4})[xX×]([1-9][0-9]{0,4})", value)
    return Size(int(match[1]), int(match[2]))


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(value: str) -> int:
        _matched(r"[0-9]{1,12}", value)
        if not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A reader of decimal numbers from `low` to `high`."""

    def read(value: str) -> float:
        if not _NUMBER.fullmatch(value) or not low <= float(value) <= high:
            raise ValueError(value)
        return float(value)

    return read


def one_of(choices: Sequence[float]) -> Callable[[str], float]:
    """A reader that accepts only these numbers."""

    def read(value: str) -> float:
        if not _NUMBER.fullmatch(value) or float(value) not in choices:
            raise ValueError(value)
        return float(value)

    return read


def word_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A reader that accepts only these words, in any case."""

    def read(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(value)
        return value.lower()

    return read


def nothing(meant: str | bool) -> Callable[[str], str | bool]:
    """A reader for a parameter without a value; it returns `meant`."""

    def read(value: str) -> str | bool:
        if value:
            raise ValueError(value)
        return meant

    return read


def things(value: str) -> tuple[str, ...]:
    """Read a list with commas, such as `grass, blue sky`; at least one entry."""
    named = tuple(thing.strip() for thing in value.split(",") if thing.strip())
    if not named:
        raise ValueError(value)
    return named


def name(value: str) -> str:
    """Read a name; upper and lower case are the same."""
    return _matched(r"[\w.-]{1,40}", value)[0].lower()


def niji(value: str) -> str:
    """Read the value of `--niji`: nothing, or a number that belongs to the version's name."""
    return "-".join(filter(None, ["niji", _matched(r"[0-9.]{0,5}", value)[0]]))


def lora(value: str) -> Lora:
    """Read `name:0.8`, or a name alone for a weight of 1."""
    match = _matched(r"([\w.-]{1,80})(?::(-?)([0-9.]{1,8}))?", value)
    weight = number(0, MAX_LORA_WEIGHT)(match[3] or "1")
    return Lora(match[1], -weight if match[2] else weight)


def _matched(pattern: str, value: str) -> re.Match[str]:
    match = re.fullmatch(pattern, value)
    if match is None:
        raise ValueError(value)
    return match
