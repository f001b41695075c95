"""What people type, and what becomes of it or why it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PromptError
from bot.prompts.parameters import PARAMETERS
from bot.prompts.parser import Prompt, normalise, parse, without_parameters
from tests.support.bot.prompt_examples import REFUSED, UNDERSTOOD


@pytest.mark.parametrize(("typed", "prompt"), UNDERSTOOD)
def test_is_understood(typed: str, prompt: Prompt) -> None:
    assert parse(typed) == prompt


@pytest.mark.parametrize(("typed", "error", "words"), REFUSED)
def test_is_refused_in_words(typed: str, error: type[PromptError], words: str) -> None:
    with pytest.raises(error) as refusal:
        parse(typed)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 1000


def test_the_table_covers_every_parameter_both_ways() -> None:
    assert len(UNDERSTOOD) + len(REFUSED) >= 150
    for parameter in PARAMETERS:
        for cases in ([typed for typed, _ in UNDERSTOOD], [typed for typed, *_ in REFUSED]):
            words = {word.lower() for typed in cases for word in typed.split()}
            # A dash of a telephone is as good.
            flags = {dash + flag for flag in parameter.flags for dash in ("--", "—", "–")}
            assert words & flags, f"{parameter.name} is not in the table"


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
    kept = normalise(typed)
    kept.encode()
    assert "\x00" not in kept
    assert normalise(kept) == kept


def test_the_text_alone_is_without_links_and_parameters() -> None:
    assert without_parameters("https://a.org/x.png a fox --nonsense 3") == "a fox"


@given(st.lists(st.sampled_from(["a", "::", "::2", "::-.5", " ", "--no", "{", ",", "\\"])))
def test_any_weights_are_parsed_or_refused(pieces: list[str]) -> None:
    outcome = outcome_of("".join(pieces))
    if isinstance(outcome, Prompt) and outcome.parts:
        assert sum(part.weight for part in outcome.parts) == pytest.approx(1)
