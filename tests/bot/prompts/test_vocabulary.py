"""What a model that was taught few words hears of a prompt, and what its members are told of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import diffusion
from bot.errors import NoKnownWord
from bot.models.versions import Versions
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parser import parse
from bot.prompts.recipe import left_out_of, recipe_of
from bot.prompts.resolve import resolve
from bot.prompts.vocabulary import hear, hear_words
from diffusion.protocol.models import ModelInfo, Vocabulary
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.validation import read

MINI = Path(diffusion.__file__).parent / "mini"
VOCABULARY = read(Vocabulary, json.loads((MINI / "darkroom_vocabulary.json").read_text()))
ABOUT = json.loads((MINI / "darkroom.json").read_text())
DEMO = ModelInfo(
    "darkroom-mini",
    native_size=128,
    styles=ABOUT["styles"],
    examples=tuple(ABOUT["examples"]),
    aesthetic=ABOUT["aesthetic"],
    vocabulary=VOCABULARY,
)
VERSIONS = Versions({"demo": DEMO}, "demo")

HEARD = [
    # (typed, heard, left out)
    ("a red fox in the rain", "a red fox", ("in the rain",)),
    ("an astronaut riding a horse", "an astronaut", ("riding a horse",)),
    ("a majestic lion, highly detailed, 8k", "a lion", ("majestic", "highly detailed", "8k")),
    ("the fox", "fox", ("the",)),
    ("7 foxes", "foxes", ("7",)),
    ("a portrait of a fox", "a fox", ("a portrait of",)),
    ("a cat and a blorf", "a cat", ("and a blorf",)),
    ("a blorf and a cat", "a cat", ("a blorf and",)),
    ("fox 🦊", "fox", ("🦊",)),
    ("a cat in a hat on a yellow background", "a cat on a yellow background", ("in a hat",)),
    ("a cat in the garden and a dog", "a cat and a dog", ("in the garden",)),
    ("ein Tiger im Schnee", "Tiger", ("ein", "im Schnee")),
    # Weights in brackets hold for what is left in them.
    ("a (majestic lion in the rain:1.2), flat style", "a (lion:1.2), flat style", None),
    ("((((blorf)))) fox", "fox", ("blorf",)),
    ("a fox, (very detailed:1.3), [blurry]", "a fox", None),
    # Parts of a multi-prompt.
    ("a fox in the rain :: a zebra at sea::2", "a fox:: a zebra::2", ("in the rain", "at sea")),
    ("blorf::2 a fox", "a fox", ("blorf",)),
]

WHOLE = [
    "a red fox",
    "A Red FOX.",
    "two owls",
    "three strawberries",
    "two cherries, 3d style",
    "a cup of coffee",
    "a fox next to a tree",
    "a cat and a dog",
    "a small dog on the left",
    "a strawberry on a blue background",
    "a crimson apple",
    "a canine",
    "a photo of a dog",
    "(a fox:1.3) and [a tree]",
    "a fox::2 a tree::-.5",
]

UNHEARD = ["ein roter Fuchs", "Katze", "blorf", "red", "a portrait of", "🧿", "fox::-.5 blorf"]


def requests_of(typed: str) -> tuple[ImageRequest, ...]:
    prompt = parse(typed)
    settings = effective_settings(prompt, SettingsSources(), VERSIONS, has_pictures=False)
    return resolve(prompt, settings, 7)


@pytest.mark.parametrize(("typed", "heard", "left_out"), HEARD)
def test_words_that_it_was_never_taught_are_left_out(
    typed: str, heard: str, left_out: tuple[str, ...] | None
) -> None:
    found = hear(typed, VOCABULARY)
    assert (found.text, found.has_things) == (heard, True)
    if left_out is not None:
        assert found.left_out == left_out
    assert all(words in typed for words in found.left_out)


@pytest.mark.parametrize("typed", WHOLE)
def test_what_it_was_taught_is_heard_as_it_was_typed(typed: str) -> None:
    assert hear(typed, VOCABULARY).text == typed
    assert hear(typed, VOCABULARY).left_out == ()


@pytest.mark.parametrize("typed", [typed for typed, *_ in HEARD] + WHOLE)
def test_of_what_is_heard_nothing_more_is_left_out(typed: str) -> None:
    heard = hear(typed, VOCABULARY).text
    assert hear(heard, VOCABULARY).text == heard


@pytest.mark.parametrize("typed", [*UNHEARD, *(typed for typed, *_ in HEARD)])
def test_other_models_hear_everything(typed: str) -> None:
    assert hear(typed, Vocabulary()).text == typed


@pytest.mark.parametrize("typed", UNHEARD)
def test_a_prompt_without_a_thing_that_it_knows_is_refused_with_three_that_it_can_draw(
    typed: str,
) -> None:
    with pytest.raises(NoKnownWord) as refused:
        requests_of(typed)
    assert refused.value.examples == DEMO.examples[:3]


def test_the_request_has_what_is_heard_and_style_and_negative_prompt_follow_the_rule() -> None:
    (request,) = requests_of(
        "a red fox in the rain --style flat --s 700 --no blorf, a red hat, sky"
    )
    assert request.prompt == "a red fox, flat style"
    assert request.negative_prompt == "a red hat"
    assert [part.text for part in request.parts] == [
        "a red fox, flat style",
        "a red fox, flat style, 3d style",
    ]
    assert hear_words("blorf, red", VOCABULARY).text == "red"


@pytest.mark.parametrize(
    "typed",
    [
        "a red fox in the rain",
        "a red fox in the rain --no blorf, tree --style flat --ar 3:2",
        "a fox in the rain::2 a tree by the lake::1 blorf::-.5",
        "a fox",
    ],
)
def test_the_line_that_makes_the_pictures_again_does(typed: str) -> None:
    (request,) = requests_of(typed)
    recipe = recipe_of(typed, request, VERSIONS)
    assert recipe is not None
    (again,) = requests_of(recipe.line)
    assert again == request


def test_pictures_that_heard_every_word_have_their_line_still_and_nothing_is_said() -> None:
    typed = "a red fox in the rain"
    settings = effective_settings(parse(typed), SettingsSources(), VERSIONS, has_pictures=False)
    before = replace(settings, model=replace(DEMO, vocabulary=Vocabulary()))
    (request,) = resolve(parse(typed), before, 7)
    recipe = recipe_of(typed, request, VERSIONS)
    assert recipe is not None
    assert recipe.line.startswith(f"{typed} --seed 7")
    assert requests_of(recipe.line) == (request,)
    assert left_out_of(typed, request, VOCABULARY) == ()
    assert left_out_of(recipe.line, request, VOCABULARY) == ()


def test_what_was_left_out_is_told_from_the_prompt_and_its_request() -> None:
    typed = "https://a.example/x.png a red fox in the rain --no red, blorf --s 50"
    (request,) = requests_of(typed.partition(" ")[2])
    assert left_out_of(typed, request, VOCABULARY) == ("in the rain", "blorf")
    assert left_out_of(typed, request, Vocabulary()) == ()


def test_its_own_examples_and_descriptions_are_heard_whole() -> None:
    phrases = json.loads((MINI / "image_encoder" / "phrases.json").read_text())["things"]
    heard = [hear(one, VOCABULARY) for one in (*DEMO.examples, *phrases)]
    # A few of the things that it can name were never taught to be drawn.
    assert sum(not one.left_out for one in heard) >= 0.85 * len(heard)
    assert not any(hear(one, VOCABULARY).left_out for one in DEMO.examples)


def test_brackets_that_nothing_closes_are_left_as_they_are() -> None:
    typed = "(" * 2000 + "fox" + " blorf" * 600
    assert hear(typed, VOCABULARY).text == "(" * 2000 + "fox"
