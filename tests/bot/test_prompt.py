"""What people type, and what becomes of it or why it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    EmptyPrompt,
    InvalidParameter,
    MisplacedText,
    MissingValue,
    PromptError,
    PromptTooLong,
    RepeatedParameter,
    UnknownParameter,
)
from bot.parameters import PARAMETERS, Aspect
from bot.prompt import Prompt, clean, parse

UNDERSTOOD = [
    ("a red fox", Prompt("a red fox")),
    ("  a   red\nfox ", Prompt("a red fox")),
    ("a red fox --ar 3:2", Prompt("a red fox", aspect=Aspect(3, 2))),
    ("a red fox --aspect 139:100", Prompt("a red fox", aspect=Aspect(139, 100))),
    ("fox --AR 1:3", Prompt("fox", aspect=Aspect(1, 3))),
    ("fox —ar 3:1", Prompt("fox", aspect=Aspect(3, 1))),
    ("fox –seed 7", Prompt("fox", seed=7)),
    ("fox --seed 0", Prompt("fox", seed=0)),
    ("fox --seed 4294967295", Prompt("fox", seed=4294967295)),
    ("fox --no grass, blue sky , --s 0", Prompt("fox", negative=("grass", "blue sky"), stylize=0)),
    ("fox --stylize 1000", Prompt("fox", stylize=1000)),
    ("fox --c 100 --q .25", Prompt("fox", chaos=100, quality=0.25)),
    ("fox --quality 0.5", Prompt("fox", quality=0.5)),
    ("fox --q 4 --stop 10", Prompt("fox", quality=4.0, stop=10)),
    ("fox --style Noto", Prompt("fox", style="noto")),
    ("fox --r 2", Prompt("fox", repeat=2)),
    ("fox --repeat 10", Prompt("fox", repeat=10)),
    ("fox -- and hound", Prompt("fox -- and hound")),
    ("fox --5 years", Prompt("fox --5 years")),
    ("a well-known fox", Prompt("a well-known fox")),
    ("🦊", Prompt("🦊")),
    ("👨‍👩‍👧 at home", Prompt("👨‍👩‍👧 at home")),
    ("ثعلب أحمر --ar 2:3", Prompt("ثعلب أحمر", aspect=Aspect(2, 3))),
    ("@everyone look", Prompt("@everyone look")),
    ("a\x00fox\x1b[31m", Prompt("a fox [31m")),
    ("{prompt} {0} %s", Prompt("{prompt} {0} %s")),
]

REFUSED = [
    ("", EmptyPrompt, "no words"),
    ("   ", EmptyPrompt, "no words"),
    ("\u200b\u200b", EmptyPrompt, "no words"),
    ("--ar 3:2", EmptyPrompt, "no words"),
    ("--ar 3:2 --seed 1", EmptyPrompt, "no words"),
    ("x" * 6001, PromptTooLong, "6,001"),
    ("fox --ar 0:1", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 1:50", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 301:100", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 1.39:1", InvalidParameter, "whole numbers"),
    ("fox --ar ٣:٢", InvalidParameter, "whole numbers"),
    ("fox --ar wide", InvalidParameter, "`wide`"),
    ("fox --ar", MissingValue, "needs a value"),
    ("fox --seed -1", InvalidParameter, "0 to 4294967295"),
    ("fox --seed 4294967296", InvalidParameter, "0 to 4294967295"),
    ("fox --seed 1e3", InvalidParameter, "0 to 4294967295"),
    ("fox --seed " + "9" * 5000, InvalidParameter, "0 to 4294967295"),
    ("fox --no", MissingValue, "needs a value"),
    ("fox --no , ,", InvalidParameter, "separated by commas"),
    ("fox --s 1001", InvalidParameter, "0 to 1000"),
    ("fox --stylize -1", InvalidParameter, "0 to 1000"),
    ("fox --chaos 101", InvalidParameter, "0 to 100"),
    ("fox --q 3", InvalidParameter, ".25, .5, 1, 2 and 4"),
    ("fox --q nan", InvalidParameter, ".25, .5, 1, 2 and 4"),
    ("fox --stop 9", InvalidParameter, "10 to 100"),
    ("fox --stop 101", InvalidParameter, "10 to 100"),
    ("fox --r 1", InvalidParameter, "2 to 10"),
    ("fox --r 11", InvalidParameter, "2 to 10"),
    ("fox --style a/b", InvalidParameter, "name of a style"),
    ("fox --stylise 100", UnknownParameter, "--stylize"),
    ("fox --chaso 3", UnknownParameter, "--chaos"),
    ("fox --ar3:2", UnknownParameter, "--ar"),
    ("fox --zzzzzz", UnknownParameter, "There are"),
    ("fox --ar 3:2 --ar 1:1", RepeatedParameter, "more than once"),
    ("fox --s 1 --stylize 2", RepeatedParameter, "more than once"),
    ("fox --ar 3:2 in the snow", MisplacedText, "in the snow"),
]


@pytest.mark.parametrize(("typed", "prompt"), UNDERSTOOD)
def test_is_understood(typed: str, prompt: Prompt) -> None:
    assert parse(typed) == prompt


@pytest.mark.parametrize(("typed", "error", "words"), REFUSED)
def test_is_refused_in_words(typed: str, error: type[PromptError], words: str) -> None:
    with pytest.raises(error) as refusal:
        parse(typed)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 1000


def test_six_thousand_characters_are_taken() -> None:
    assert parse("x" * 6000).text == "x" * 6000


def outcome_of(typed: str) -> Prompt | PromptError:
    try:
        return parse(typed)
    except PromptError as refusal:
        return refusal


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(typed: str) -> None:
    outcome = outcome_of(typed)
    assert outcome.text if isinstance(outcome, Prompt) else outcome.remedy


FLAGS = [flag for parameter in PARAMETERS for flag in parameter.flags]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([f"{dash}{flag}" for flag in FLAGS for dash in ("--", "—")]),
            st.text(min_size=1, max_size=8),
            st.integers().map(str),
            st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda r: f"{r[0]}:{r[1]}"),
        ),
        max_size=8,
    ).map(" ".join)
)
def test_any_flags_are_parsed_or_refused(typed: str) -> None:
    outcome = outcome_of(f"fox {typed}")
    assert outcome.text if isinstance(outcome, Prompt) else outcome.remedy


@given(st.text())
def test_clean_text_can_be_stored_anywhere(typed: str) -> None:
    kept = clean(typed)
    kept.encode()
    assert "\x00" not in kept
    assert clean(kept) == kept
