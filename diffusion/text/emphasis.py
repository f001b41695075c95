"""Emphasis in a prompt: which words count more, and which less. Knows no tokens and no networks.

    (word)        1.1 times as much            [word]    1.1 times less
    (word:1.3)    1.3 times as much            \\( \\[    a bracket that is meant as one

The notation of AUTOMATIC1111, which the prompts of the ecosystem are written in. Brackets may be
nested; one without its partner is a character like any other.
"""

import re
from dataclasses import dataclass

BRACKET_FACTOR = 1.1
PARTNERS = {")": "(", "]": "["}

_EMPHASIS_PARTS = re.compile(r"\\[\\()\[\]]|[()\[\]]|[^\\()\[\]]+|\\")
_WEIGHT_SUFFIX = re.compile(r":\s*(\d+\.?\d*|\.\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the prompt, and how much it counts."""

    text: str
    weight: float = 1.0


def read_emphasis(prompt: str) -> tuple[Piece, ...]:
    """The prompt in pieces of equal weight, in its order, without what only marks emphasis."""
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
    """What stood between two brackets, weighted by them, or by the number before the second."""
    if closing == "]":
        return [Piece(piece.text, piece.weight / BRACKET_FACTOR) for piece in inner]
    number = _WEIGHT_SUFFIX.search(inner[-1].text) if inner else None
    if number is None:
        return [Piece(piece.text, piece.weight * BRACKET_FACTOR) for piece in inner]
    inner[-1] = Piece(inner[-1].text[: number.start()], inner[-1].weight)
    return [Piece(piece.text, piece.weight * float(number[1])) for piece in inner]


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one weight as one piece: words are read as they would be without brackets."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].weight == piece.weight:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.weight)
        elif piece.text:
            joined.append(piece)
    return tuple(joined)
