"""Finds the parameter that a misspelt one is meant to be. Pure."""

from collections.abc import Iterable

SHORT_CHARS, MEDIUM_CHARS = 3, 6
"""From so many letters on, a name may have one mistake, or two."""

MAX_FLAG_CHARS = 20
"""No name with two mistakes is longer."""


def near_miss(typed: str, known: Iterable[str]) -> str | None:
    """The known name with the fewest mistakes; None if even that has too many.

    A mistake is a letter too many, too few or wrong, or two neighbours that changed places.
    """
    allowed = (len(typed) >= SHORT_CHARS) + (len(typed) >= MEDIUM_CHARS)
    if not allowed or len(typed) > MAX_FLAG_CHARS:
        return None
    # One letter is too little to be recognised by.
    found = min((_mistakes(typed, name), name) for name in known if len(name) > 1)
    return found[1] if found[0] <= allowed else None


def _mistakes(typed: str, name: str) -> int:
    """The distance of optimal string alignment."""
    before: list[int] = []
    above = list(range(len(name) + 1))
    for row, letter in enumerate(typed, start=1):
        current = [row]
        for column, wanted in enumerate(name, start=1):
            cost = above[column - 1] + (letter != wanted)
            cost = min(cost, above[column] + 1, current[-1] + 1)
            if row > 1 and column > 1 and typed[row - 2] + letter == wanted + name[column - 2]:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, above = above, current
    return above[-1]
