"""Choices in braces: which prompts they stand for, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TooManyPermutations, UnbalancedBraces, UserError
from bot.prompts.permutations import expand_permutations

EXPANDED = [
    ("a fox", ["a fox"]),
    ("a {red, green, blue} fox", ["a red fox", "a green fox", "a blue fox"]),
    ("{red,green}fox", ["redfox", "greenfox"]),
    ("a { red fox ,green } x", ["a red fox x", "a green x"]),
    ("a {red} fox", ["a red fox"]),
    ("a {red, } fox", ["a red fox", "a  fox"]),
    # Several sets multiply, the rightmost first.
    ("{a, b} {c, d}", ["a c", "a d", "b c", "b d"]),
    # Nesting.
    ("a {b, c {d, e} f}", ["a b", "a c d f", "a c e f"]),
    (
        "a {sculpture, painting} of a {gull {on a pier, on a beach}, poodle {on a sofa, in a car}}",
        [
            "a sculpture of a gull on a pier",
            "a sculpture of a gull on a beach",
            "a sculpture of a poodle on a sofa",
            "a sculpture of a poodle in a car",
            "a painting of a gull on a pier",
            "a painting of a gull on a beach",
            "a painting of a poodle on a sofa",
            "a painting of a poodle in a car",
        ],
    ),
    ("{{{a, b}, c}, d}", ["a", "b", "c", "d"]),
    # In values, names and weights of parameters and parts, and in links.
    ("fox --ar {3:2, 1:1}", ["fox --ar 3:2", "fox --ar 1:1"]),
    ("fox --{v 5, niji}", ["fox --v 5", "fox --niji"]),
    ("fox {--tile, --s {0, 1000}}", ["fox --tile", "fox --s 0", "fox --s 1000"]),
    ("hot::{1, 2} dog", ["hot::1 dog", "hot::2 dog"]),
    ("https://{a, b}.org/x.png fox", ["https://a.org/x.png fox", "https://b.org/x.png fox"]),
    # Escapes.
    (r"a {red\, pastel, yellow} fox", ["a red, pastel fox", "a yellow fox"]),
    (r"a \{red, green\} fox", ["a {red, green} fox"]),
    (r"{\{a\}, b}", ["{a}", "b"]),
    (r"a \(red\) fox\n, {b\c, d}", [r"a \(red\) fox\n, b\c", r"a \(red\) fox\n, d"]),
    ("red, green, blue", ["red, green, blue"]),
]


@pytest.mark.parametrize(("typed", "prompts"), EXPANDED)
def test_choices_are_expanded(typed: str, prompts: list[str]) -> None:
    assert list(expand_permutations(typed, 40)) == prompts


@pytest.mark.parametrize("typed", ["a {b", "a b}", "{a, {b}", "}{", r"{a\}"])
def test_a_brace_without_partner_is_refused(typed: str) -> None:
    with pytest.raises(UnbalancedBraces):
        expand_permutations(typed, 40)


def test_as_many_as_are_allowed_and_not_one_more() -> None:
    assert len(expand_permutations("{a, b, c} {d, e, f}", 9)) == 9
    with pytest.raises(TooManyPermutations, match="more than 8"):
        expand_permutations("{a, b, c} {d, e, f}", 8)
    assert len(expand_permutations("{a, {b, c}, d}", 4)) == 4
    with pytest.raises(TooManyPermutations):
        expand_permutations("{a, {b, c}, d}", 3)


def test_what_would_never_end_is_refused_at_once() -> None:
    with pytest.raises(TooManyPermutations):
        expand_permutations("{a,b}" * 1000, 40)
    with pytest.raises(TooManyPermutations):
        expand_permutations("{" * 1000 + "," * 1000 + "}" * 1000, 40)
    assert expand_permutations("{" * 3000 + "}" * 3000, 40) == ("",)


@given(st.text(alphabet="ab ,{}\\", max_size=60))
def test_anything_is_expanded_or_refused(typed: str) -> None:
    try:
        prompts = expand_permutations(typed, 20)
    except UserError:
        return
    assert 1 <= len(prompts) <= 20
