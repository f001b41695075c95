"""Multi-prompts: `hot:: dog::2 bun::-.5` is three texts with weights. Pure.

A number directly after the two colons is the weight of the text before them; without one the weight
is 1. Only the ratio of the weights matters, so they are scaled to add up to 1.
"""

import re
import unicodedata

from bot.errors import EmptyPart, TooManyParts, WeightsCancel
from diffusion.protocol.requests import MAX_PARTS, MAX_WEIGHT, WeightedPrompt

MAX_SUBPROMPTS = MAX_PARTS - 2
"""Two parts of a request are reserved for the model's aesthetic and the negative prompt."""

SEPARATOR = re.compile(r"::(-?(?:[0-9]{1,6}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))?(?:,?\s+|,?$)|::")
"""The border of two parts. Its group is the weight of the part before it."""


def split(text: str) -> tuple[WeightedPrompt, ...]:
    """The parts of a text with weights that add up to 1; one part if there is no `::`.

    Raises EmptyPart, TooManyParts, WeightsCancel.
    """
    parts, start = [], 0
    for border in SEPARATOR.finditer(text):
        parts.append(WeightedPrompt(text[start : border.start()].strip(), float(border[1] or 1)))
        start = border.end()
    if text[start:]:
        parts.append(WeightedPrompt(text[start:].strip(), 1.0))
    if not all(has_words(part.text) for part in parts):
        raise EmptyPart
    if len(parts) > MAX_SUBPROMPTS:
        raise TooManyParts(len(parts), MAX_SUBPROMPTS)
    total = sum(part.weight for part in parts)
    if total <= 0 or any(abs(part.weight) > MAX_WEIGHT * total for part in parts):
        raise WeightsCancel(total)
    return tuple(WeightedPrompt(part.text, part.weight / total) for part in parts)


def has_words(text: str) -> bool:
    """Whether the text has a letter, a number, punctuation or a symbol."""
    return any(unicodedata.category(letter)[0] in "LNSP" for letter in text)
