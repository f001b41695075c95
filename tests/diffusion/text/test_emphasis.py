"""Emphasis: what brackets do to words, and brackets that do nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.text.emphasis import BRACKET_FACTOR, read_emphasis

EXAMPLES: dict[str, list[tuple[str, float]]] = {
    "a red fox": [("a red fox", 1)],
    "a (red) fox": [("a ", 1), ("red", 1.1), (" fox", 1)],
    "a [red] fox": [("a ", 1), ("red", 1 / 1.1), (" fox", 1)],
    "a (red:1.3) fox": [("a ", 1), ("red", 1.3), (" fox", 1)],
    "(red : 0.5 )": [("red ", 0.5)],
    "(red:.5)": [("red", 0.5)],
    "((red))": [("red", 1.21)],
    "(a (red:2) fox)": [("a ", 1.1), ("red", 2.2), (" fox", 1.1)],
    "(a [red])": [("a ", 1.1), ("red", 1)],
    "(a (red) fox:2)": [("a ", 2), ("red", 2.2), (" fox", 2)],
    r"a \(red\) fox": [("a (red) fox", 1)],
    r"(a \[b\]:2)": [("a [b]", 2)],
    r"back\slash \\": [(r"back\slash " + "\\", 1)],
    "smile :) (: :(": [("smile :) (: :(", 1)],
    "(open": [("(open", 1)],
    "(a [b)": [("(a [b)", 1)],
    "(a] b)": [("a] b", 1.1)],
    "16:9": [("16:9", 1)],
    "(red:x)": [("red:x", 1.1)],
    "[red:2]": [("red:2", 1 / 1.1)],
    "()": [],
    "(:2)": [],
    "": [],
}


@pytest.mark.parametrize("prompt", EXAMPLES)
def test_brackets_weigh_what_is_between_them(prompt: str) -> None:
    read = [(piece.text, piece.weight) for piece in read_emphasis(prompt)]
    assert [text for text, _ in read] == [text for text, _ in EXAMPLES[prompt]]
    assert [weight for _, weight in read] == pytest.approx([w for _, w in EXAMPLES[prompt]])


@given(st.text(alphabet="ab ,.:1🦊"))
def test_a_prompt_without_brackets_is_one_piece(prompt: str) -> None:
    assert [(piece.text, piece.weight) for piece in read_emphasis(prompt)] == (
        [(prompt, 1)] if prompt else []
    )


@given(st.text(alphabet="ab()[]:1.\\"))
def test_any_brackets_are_read_and_no_letter_is_lost(prompt: str) -> None:
    pieces = read_emphasis(prompt)
    letters = "".join(piece.text for piece in pieces)
    assert [c for c in letters if c in "ab"] == [c for c in prompt if c in "ab"]
    assert all(piece.text for piece in pieces)


def test_deeply_nested_brackets_are_no_trouble() -> None:
    (piece,) = read_emphasis("(" * 2000 + "red" + ")" * 2000)
    assert piece.text == "red"
    assert piece.weight == pytest.approx(math.pow(BRACKET_FACTOR, 2000))
