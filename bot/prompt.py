"""From what a person typed to a `Prompt`. Pure: knows no defaults, no model and no Discord."""

import difflib
import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from bot.errors import (
    EmptyPrompt,
    InvalidParameter,
    MisplacedText,
    MissingValue,
    PromptTooLong,
    RepeatedParameter,
    UnknownParameter,
)
from bot.parameters import BY_FLAG, PARAMETERS, Aspect, Parameter
from diffusion.protocol import MAX_PROMPT

RAW = "raw"
"""The style that is none."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What was typed, taken apart. None where the person left it open."""

    text: str
    aspect: Aspect | None = None
    seed: int | None = None
    negative: tuple[str, ...] = ()
    stylize: int | None = None
    chaos: int | None = None
    quality: float | None = None
    stop: int | None = None
    style: str | None = None
    repeat: int | None = None


# Telephones turn two hyphens into a dash, so a dash before a letter is taken for them.
_FLAG = re.compile(r"(?:--|—|–)(?=[^\W\d_])\S*")


def clean(typed: str) -> str:
    """The text without what no database or terminal should see, and with single spaces.

    Control characters become spaces, halves of surrogate pairs go; joiners and direction marks
    stay, for emoji and right-to-left text need them.
    """
    kept = (
        " " if unicodedata.category(c) == "Cc" else c
        for c in typed
        if unicodedata.category(c) != "Cs"
    )
    return " ".join("".join(kept).split())


def parse(typed: str) -> Prompt:
    """Take a typed prompt apart. Raises a `PromptError` that says what is wrong."""
    if len(typed) > MAX_PROMPT:
        raise PromptTooLong(len(typed), MAX_PROMPT)
    text, *parts = _apart(typed)
    fields: dict[str, Any] = {}
    for typed_flag, *value in parts:
        flag = typed_flag.lstrip("-—–").lower()
        parameter = _find(flag)
        if parameter.name in fields:
            raise RepeatedParameter(flag)
        taken, rest = (value, []) if parameter.words else (value[:1], value[1:])
        fields[parameter.name] = read_value(flag, " ".join(taken))
        if rest:
            raise MisplacedText(flag, " ".join(rest)[:100])
    if not any(unicodedata.category(c)[0] in "LNSP" for word in text for c in word):
        raise EmptyPrompt
    return Prompt(text=" ".join(text), **fields)


def text_of(typed: str) -> str:
    """The words of a typed prompt without its parameters, whether or not these are right."""
    return " ".join(_apart(typed)[0])


def _apart(typed: str) -> list[list[str]]:
    """The words in parts: first the text, then each flag with what stands behind it."""
    words = clean(typed).split()
    flags = [place for place, word in enumerate(words) if _FLAG.fullmatch(word)]
    borders = [0, *flags, len(words)]
    return [words[start:end] for start, end in itertools.pairwise(borders)]


def read_value(flag: str, value: str) -> Any:
    """Read what stands behind a known flag. Raises InvalidParameter."""
    parameter = BY_FLAG[flag]
    try:
        return parameter.read(value)
    except ValueError:
        if not value:
            raise MissingValue(flag, parameter.allowed) from None
        raise InvalidParameter(flag, value[:100], parameter.allowed) from None


def _find(flag: str) -> Parameter:
    if flag in BY_FLAG:
        return BY_FLAG[flag]
    near = difflib.get_close_matches(flag, [f for f in BY_FLAG if len(f) > 1], n=1, cutoff=0.5)
    known = ", ".join(f"`--{parameter.flags[0]}`" for parameter in PARAMETERS)
    raise UnknownParameter(flag[:40], near[0] if near else None, known)
