"""Parameters of other tools are known for what they are, and only near misses are suggested."""

import pytest

from bot.errors import (
    PromptError,
    RenamedParameter,
    TrailingSign,
    UnknownParameter,
    UnsupportedParameter,
)
from bot.i18n.texts import LANGUAGES, say
from bot.prompts.notation.foreign_parameters import LACKED, RENAMED, hyphenated
from bot.prompts.notation.near_misses import near_miss
from bot.prompts.parameters import BY_FLAG
from bot.prompts.parser import parse


@pytest.mark.parametrize(
    ("typed", "error", "words"),
    [
        ("fox --sref https://a.org/x.png", UnsupportedParameter, "style of another picture"),
        ("fox --video", UnsupportedParameter, "videos"),
        ("fox --motion high", UnsupportedParameter, "videos"),
        ("fox --p abc", UnsupportedParameter, "`/prefer suffix`"),
        ("fox --exp 50", UnsupportedParameter, "`--weird`"),
        ("fox --hd", UnsupportedParameter, "Upscale"),
        ("fox --oref https://a.org/x.png --ow 400", UnsupportedParameter, "`--iw`"),
        ("fox --clip_skip 2", UnsupportedParameter, "text encoder"),
        ("fox --denoising-strength .5", UnsupportedParameter, "`--iw`"),
        ("fox --cfg-scale 7", RenamedParameter, "Use `--cfg`. It takes a number from 0 to 100."),
        ("fox --guidance_scale 7", RenamedParameter, "`--cfg`"),
        ("fox --WIDTH 512 --height 768", RenamedParameter, "512x768"),
        ("fox --negative ugly", RenamedParameter, "`--no`"),
        ("fox --sampler_name Euler", RenamedParameter, "`--sampler`"),
        ("fox --batch-size 2", RenamedParameter, "`--n`"),
        ("fox --aspect_ratio 3:2", RenamedParameter, "`--ar`"),
        # Not anything that happens to share letters.
        ("fox --vidoes", UnknownParameter, "Available parameters"),
        ("fox --srefs", UnknownParameter, "Available parameters"),
        ("fox --stl", UnknownParameter, "Available parameters"),
        ("fox --stylzie 5", UnknownParameter, "Did you mean `--stylize`?"),
        ("fox --asepct 3:2", UnknownParameter, "Did you mean `--aspect`?"),
        ("fox --" + "x" * 3000, UnknownParameter, "Available parameters"),
        # The sign after it.
        ("fox --ar 3:2, --s 5", TrailingSign, "comma at the end of `3:2,`"),
        ("fox --ar 3:2, --s 5", TrailingSign, "Write `--ar 3:2`."),
        ("fox --ar 3:2 , --s 5", TrailingSign, "Write `--ar 3:2`."),
        ("fox --s 5.", TrailingSign, "full stop"),
        ("fox --tile, --s 5", TrailingSign, "comma at the end of `--tile,`"),
        ("fox --tile; --s 5", TrailingSign, "semicolon"),
    ],
)
def test_says_what_is_lacking_and_what_to_do(
    typed: str, error: type[PromptError], words: str
) -> None:
    with pytest.raises(error) as refusal:
        parse(typed)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_words_in_every_language(language: str) -> None:
    for theirs in LACKED:
        with pytest.raises(UnsupportedParameter) as refusal:
            parse(f"fox --{theirs}")
        assert say(refusal.value.problem, language) != say(refusal.value.remedy, language)


def test_the_tables_name_no_parameter_of_ours_and_each_name_once() -> None:
    assert not BY_FLAG.keys() & (RENAMED.keys() | LACKED.keys())
    assert not RENAMED.keys() & LACKED.keys()
    assert set(RENAMED.values()) <= BY_FLAG.keys()
    assert all(theirs == hyphenated(theirs) for theirs in (*RENAMED, *LACKED))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("til", "tile"),
        ("chaso", "chaos"),
        ("wierd", "weird"),
        ("seeed", "seed"),
        ("stilise", "stylize"),
        ("sw", None),
        ("video", None),
        ("motion", None),
        ("zzzzzz", None),
    ],
)
def test_a_near_miss_has_one_mistake_or_two_in_a_long_name(typed: str, meant: str | None) -> None:
    assert near_miss(typed, BY_FLAG) == meant
