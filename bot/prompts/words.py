"""Splits a typed prompt into its text and its parameters, and reads names in quotes. Pure."""

import itertools
import re
from collections.abc import Sequence

# Phones turn two hyphens into a dash, so a dash before a letter counts as two hyphens.
FLAG = re.compile(r"(?:--|—|–)(?=[^\W\d_])\S*")

QUOTES = '"“”„'
"""Signs around a name: those of keyboards, and those that phones make of them."""

_BARE = re.compile(r"\w[\w./-]*")
_QUOTED = re.compile(rf"[{QUOTES}]([^{QUOTES}]+)[{QUOTES}](.*)")
_SIGN = re.compile(rf"[{QUOTES}]")
_UNQUOTABLE = re.compile(rf"[{QUOTES}{{}}\\]")


def split_words(words: Sequence[str]) -> list[list[str]]:
    """The words in groups: first the text, then each flag with the words after it.

    What is in quotes directly after a flag is a value, whatever it looks like.
    """
    inside = quoted_places(words)
    flags = [
        place for place, word in enumerate(words) if FLAG.fullmatch(word) and place not in inside
    ]
    borders = [0, *flags, len(words)]
    return [list(words[start:end]) for start, end in itertools.pairwise(borders)]


def quoted_places(words: Sequence[str]) -> frozenset[int]:
    """The places of the words that are in quotes after a flag: `--lora "a -- b":0.8`."""
    inside: set[int] = set()
    place = 1
    while place < len(words):
        after_flag = place - 1 not in inside and FLAG.fullmatch(words[place - 1])
        end = _closing(words, place) if after_flag and words[place][0] in QUOTES else place
        inside.update(range(place, end))
        place = max(end, place + 1)
    return frozenset(inside)


def unquoted(value: str) -> tuple[str, str]:
    """A value without the quotes around its beginning, and what stands after the quotes."""
    match = _QUOTED.fullmatch(value)
    return (match[1].strip(), match[2]) if match else (value, "")


def quoted(name: str) -> str:
    """The name as it is typed after a flag: in quotes where it would be read as something else.

    Quotes and braces in it become another sign: a name is found without them, and a name that is
    the same but for them is not taken instead.
    """
    return name if _BARE.fullmatch(name) else f'"{_UNQUOTABLE.sub("ˋ", name)}"'


def _closing(words: Sequence[str], start: int) -> int:
    """The place after the word with the closing quote; `start` if there is none."""
    for place in range(start, len(words)):
        if _SIGN.search(words[place], 1 if place == start else 0):
            return place + 1
    return start
