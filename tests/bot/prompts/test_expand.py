"""What members say without typing it: own parameters, and the suffix of every prompt."""

import sys
from types import FrameType

import pytest

from bot.errors import AmbiguousName, MistypedParameter, TooManyPermutations
from bot.i18n.markdown import visible
from bot.prompts.expand import expand
from bot.prompts.parser import parse_normalised

OPTIONS = {"mine": "--ar 7:4 --raw", "snow": "in the snow", "ar": "3:2", "many": "{red, blue}"}


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a fox --mine", "a fox --ar 7:4 --raw"),
        ("a fox --MINE --s 5", "a fox --ar 7:4 --raw --s 5"),
        ("a fox —snow", "a fox in the snow"),
        # The table's own parameters mean what it says, whatever a member calls theirs.
        ("a fox --ar 1:1", "a fox --ar 1:1"),
        ("a fox --mineral", "a fox --mineral"),
        ("a gold—mine", "a gold—mine"),
        ("https://a.org/fox--mine.png a fox", "https://a.org/fox--mine.png a fox"),
        ("https://a.org/fox--mine a fox", "https://a.org/fox--mine a fox"),
        ("a   fox", "a fox"),
    ],
)
def test_own_parameters_stand_for_what_they_were_given(typed: str, written: str) -> None:
    assert expand(typed, OPTIONS, "", 10) == (written,)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a fox--mine", "fox --mine"),
        ("a fox--MINE, red", "fox --mine"),
        ("a {fox--mine, cat}", "fox --mine"),
        ("a fox --two-2=5", "--two-2 5"),
        ("a fox -mine", "--mine"),
        ("a fox ---snow", "--snow"),
    ],
)
def test_own_parameters_that_are_glued_or_misspelt_are_refused_with_how_they_are_written(
    typed: str, meant: str
) -> None:
    with pytest.raises(MistypedParameter, match=f"Did you mean `{meant}`"):
        expand(typed, {**OPTIONS, "two-2": "x"}, "", 10)


def test_own_parameters_are_found_without_regard_to_case_and_punctuation() -> None:
    options = {"my-ink": "in ink", "my_oil": "in oil", "myoil": "in oils"}
    assert expand("a fox --My_Ink --my-ink --myoil", options, "", 1) == (
        "a fox in ink in ink in oils",
    )
    with pytest.raises(AmbiguousName, match="`my_oil`, `myoil`"):
        expand("a fox --my-oil", options, "", 1)


def test_own_parameters_and_choices_mix() -> None:
    assert expand("a {fox --mine, cat}", OPTIONS, "", 10) == ("a fox --ar 7:4 --raw", "a cat")
    assert expand("a --many fox", OPTIONS, "", 10) == ("a red fox", "a blue fox")
    assert expand("a fox {--mine, --snow}", OPTIONS, "", 10) == (
        "a fox --ar 7:4 --raw",
        "a fox in the snow",
    )
    with pytest.raises(TooManyPermutations):
        expand("a --many fox", OPTIONS, "", 1)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a fox", "a fox --ar 3:2 --raw --no grass, sky"),
        ("a fox --ar 1:1", "a fox --ar 1:1 --raw --no grass, sky"),
        ("a fox --aspect 1:1 --style noto", "a fox --aspect 1:1 --style noto --no grass, sky"),
        ("a fox --size 64x64", "a fox --size 64x64 --raw --no grass, sky"),
        ("a fox --no cats", "a fox --no cats --ar 3:2 --raw"),
    ],
)
def test_the_suffix_fills_what_the_prompt_leaves_open(typed: str, written: str) -> None:
    assert expand(typed, {}, "--ar 3:2 --raw --no grass, sky", 10) == (written,)


def test_each_prompt_of_several_has_the_suffix_that_it_needs() -> None:
    written = expand("fox {--ar 1:1, --tile}", {}, "--ar 3:2", 10)
    assert written == ("fox --ar 1:1", "fox --tile --ar 3:2")


def cleanings(typed: str) -> int:
    """How often a text about a fox is cleaned until all its prompts are parsed."""
    count = 0

    def called(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        if event == "call" and frame.f_code is visible.__code__:
            count += "fox" in frame.f_locals["text"]

    sys.setprofile(called)
    try:
        for written in expand(typed, OPTIONS, "--q .5", 10):
            parse_normalised(written)
    finally:
        sys.setprofile(None)
    return count


def test_a_prompt_is_cleaned_once_and_again_only_where_it_was_changed() -> None:
    assert cleanings("a  fox --s 5") == 1
    assert cleanings("a fox --mine") == 2
    assert cleanings("a {red, green, blue} fox") == 1 + 3


def test_what_options_and_braces_bring_together_is_clean_too() -> None:
    accents = "e" + "\u0301" * 6
    (written,) = expand("fox " + accents + "{" + "\u0301" * 6 + "}", {}, "", 10)
    assert written == visible(written)
