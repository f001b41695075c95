"""Multi-prompts: `hot:: dog::2 bun::-.5`, several texts that count differently. Pure.

A number counts where it follows the two colons at once; without one, a part counts 1. What counts
is only how the weights stand to one another, so they are made to add up to 1.
"""

import re
import unicodedata

from bot.errors import EmptyPart, TooManyParts, WeightsCancel
from diffusion.protocol.requests import MAX_PARTS, MAX_WEIGHT, Part

MAX_SUBPROMPTS = MAX_PARTS - 2
"""Room is left for what the other parameters pull towards, and lead away from."""

_SEPARATOR = re.compile(r"::(-?(?:[0-9]{1,6}\.?[0-9]{0,6}|\.[0-9]{1,6}))?(?:,?\s+|,?$)|::")


def split(text: str) -> tuple[Part, ...]:
    """The parts of a text and their weights, which add up to 1; one where there is no `::`.

    Raises EmptyPart, TooManyParts, WeightsCancel.
    """
    parts, start = [], 0
    for border in _SEPARATOR.finditer(text):
        parts.append(Part(text[start : border.start()].strip(), float(border[1] or 1)))
        start = border.end()
    if text[start:]:
        parts.append(Part(text[start:].strip(), 1.0))
    if not all(has_words(part.text) for part in parts):
        raise EmptyPart
    if len(parts) > MAX_SUBPROMPTS:
        raise TooManyParts(len(parts), MAX_SUBPROMPTS)
    total = sum(part.weight for part in parts)
    if total <= 0 or any(abs(part.weight) > MAX_WEIGHT * total for part in parts):
        raise WeightsCancel(total)
    return tuple(Part(part.text, part.weight / total) for part in parts)


def has_words(text: str) -> bool:
    """Whether there is anything in it to draw: letters, numbers, signs."""
    return any(unicodedata.category(letter)[0] in "LNSP" for letter in text)
