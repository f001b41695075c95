"""Readers for values of parameters: each takes text and returns a value, or raises ValueError.

Pure; knows no parameter's name.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.models.names import MAX_NAME_CHARS, fold
from bot.prompts.words import unquoted
from diffusion.protocol.requests import MAX_LORA_WEIGHT, Lora

MAX_ASPECT_RATIO = 3
"""The widest picture is 3:1, the tallest 1:3."""

_FOREIGN_SAMPLERS = {
    "Euler a": "euler_ancestral",
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler_ancestral",
    "DPMSolverMultistepScheduler": "dpmpp_2m",
    "DDIMScheduler": "ddim",
    "DDPMScheduler": "ddpm",
    "LCMScheduler": "lcm",
}
"""Samplers of ours by the names of AUTOMATIC1111 and diffusers, where it is not the same name."""

_LORA_WEIGHT = re.compile(r":(-?)([0-9.]{1,22})$")
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{0,20})?|\.[0-9]{1,20}")


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
    """Read a name, with or without quotes; who knows the names decides which one it is."""
    typed, after = unquoted(value)
    if not typed or after or len(typed) > MAX_NAME_CHARS:
        raise ValueError(value)
    return typed


def style(without: str) -> Callable[[str], str]:
    """A reader of a style's name; `without`, the name for no style, is read in any case."""

    def read(value: str) -> str:
        typed = name(value)
        return without if fold(typed) == without else typed

    return read


def sampler(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of a sampler's name: ours, or the one that other tools have for it."""
    known = {fold(name): name for name in names} | {
        fold(theirs): ours for theirs, ours in _FOREIGN_SAMPLERS.items() if ours in names
    }

    def read(value: str) -> str:
        # DPM++ 2M is dpmpp_2m, and k_euler is euler.
        typed = fold(name(value).replace("+", "p").removeprefix("k_"))
        if typed not in known:
            raise ValueError(value)
        return known[typed]

    return read


def niji(value: str) -> str:
    """Read the value of `--niji`: nothing, or a number that belongs to the version's name."""
    return "-".join(filter(None, ["niji", _matched(r"[0-9.]{0,5}", value)[0]]))


def lora(value: str) -> Lora:
    """Read `name:0.8`, or a name alone for a weight of 1."""
    typed, after = unquoted(value)
    quoted = typed != value
    match = _LORA_WEIGHT.search(after if quoted else value)
    if quoted and after and (match is None or match.start()):
        raise ValueError(value)
    if match and not quoted:
        typed = value[: match.start()].rstrip()
    minus, weight = (match[1], match[2]) if match else ("", "1")
    read = number(0, MAX_LORA_WEIGHT)(weight)
    return Lora(name(typed), -read if minus else read)


def _matched(pattern: str, value: str) -> re.Match[str]:
    match = re.fullmatch(pattern, value)
    if match is None:
        raise ValueError(value)
    return match
