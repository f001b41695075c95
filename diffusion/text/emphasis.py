"""Emphasis in a prompt: words with more or less weight, in the syntax of AUTOMATIC1111.

    (word)        weight × 1.1            [word]    weight ÷ 1.1
    (word:1.3)    weight × 1.3            \\( \\[    a literal bracket

Brackets may be nested. An unmatched bracket is an ordinary character.
"""

import re
from dataclasses import dataclass

BRACKET_FACTOR = 1.1
PARTNERS = {")": "(", "]": "["}

_EMPHASIS_PARTS = re.compile(r"\\[\\()\[\]]|[()\[\]]|[^\\()\[\]]+|\\")
_WEIGHT_SUFFIX = re.compile(r":\s*(\d+\.?\d*|\.\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the prompt and its weight."""

    text: str
    weight: float = 1.0


def read_emphasis(prompt: str) -> tuple[Piece, ...]:
    """Split the prompt into pieces of equal weight, without the emphasis syntax."""
    pieces: list[Piece] = []
    opened: list[int] = []
    for sign in _EMPHASIS_PARTS.findall(prompt):
        if sign in ("(", "["):
            opened.append(len(pieces))
            pieces.append(Piece(sign))
        elif sign in (")", "]") and opened and pieces[opened[-1]].text == PARTNERS[sign]:
            start = opened.pop()
            pieces[start:] = _emphasised(pieces[start + 1 :], sign)
        else:
            pieces.append(Piece(sign[1:] if len(sign) == 2 and sign[0] == "\\" else sign))
    return _joined(pieces)


def _emphasised(inner: list[Piece], closing: str) -> list[Piece]:
    """The pieces between two brackets, weighted by the brackets or by an explicit number."""
    if closing == "]":
        return [Piece(piece.text, piece.weight / BRACKET_FACTOR) for piece in inner]
    number = _WEIGHT_SUFFIX.search(inner[-1].text) if inner else None
    if number is None:
        return [Piece(piece.text, piece.weight * BRACKET_FACTOR) for piece in inner]
    inner[-1] = Piece(inner[-1].text[: number.start()], inner[-1].weight)
    return [Piece(piece.text, piece.weight * float(number[1])) for piece in inner]


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Merge neighbours of equal weight, so that they are tokenized as one text."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].weight == piece.weight:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.weight)
        elif piece.text:
            joined.append(piece)
    return tuple(joined)
