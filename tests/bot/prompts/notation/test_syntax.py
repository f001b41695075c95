"""Other tools' syntax is translated or refused; ordinary prompts are left alone."""

import pytest

from bot.errors import ForeignSyntax
from bot.i18n.texts import LANGUAGES, Text, say
from bot.prompts.expand import expand
from bot.prompts.notation.syntax import IN_CHOICES, IN_PROMPT
from bot.prompts.parser import parse, parse_normalised
from diffusion.protocol.requests import Lora
from tests.support.bot.prompt_examples import UNDERSTOOD


def written(typed: str) -> str:
    (one,) = expand(typed, {}, "", 1, has_pictures=True)
    return one


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a fox <lora:ink:0.8>", "a fox --lora ink:0.8"),
        ("<lora:ink:0.8> a fox --ar 3:2", "a fox --ar 3:2 --lora ink:0.8"),
        ("a fox, <lora:ink:-.5>, snow", "a fox, snow --lora ink:-.5"),
        ("a fox<lora:ink>", "a fox --lora ink"),
        ("a <lyco:ink:1:1> fox", "a fox --lora ink:1"),
        ("a fox --no grass <lora:ink:1> --ar 3:2", "a fox --no grass --ar 3:2 --lora ink:1"),
        ("<lora:a:1> <lora:b:+0.5> fox", "fox --lora a:1 --lora b:0.5"),
        (
            "fox <lora:Detail Tweaker (v2):0.8> --s 5",
            'fox --s 5 --lora "Detail Tweaker (v2)":0.8',
        ),
        ("/imagine prompt: a fox --ar 3:2", "a fox --ar 3:2"),
        ("/imagine prompt:a fox", "a fox"),
        ("/Imagine a fox", "a fox"),
        ("imagine prompt: a fox", "a fox"),
    ],
)
def test_is_translated_to_what_means_the_same(typed: str, expected: str) -> None:
    assert written(typed) == expected
    assert parse_normalised(expected) == parse(expected)


def test_each_choice_has_its_own_translation() -> None:
    prompts = expand("{<lora:ink:1>, <lora:oil:.5>} fox", {}, "--s 5", 2)
    assert prompts == ("fox --lora ink:1 --s 5", "fox --lora oil:.5 --s 5")
    assert parse("fox <lora:ink:0.8>").loras == (Lora("ink", 0.8),)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("a fox (ears:-1.2)", "negative-weight"),
        ("a fox (big ears: -0.5), snow", "negative-weight"),
        ("a fox --no (ears:-1)", "negative-weight"),
        ("a [red:blue:0.5] fox", "switch"),
        ("a [red:10] fox", "switch"),
        ("a fox [in the snow::0.6]", "switch"),
        ("a[b:[c:d:2]:1]e", "switch"),
        ("a [red: blue : .5 ] fox", "switch"),
        ("a fox [word:1.3]", "switch"),
        ("a [red|blue] fox", "alternation"),
        ("[a|(b:1.1)]", "alternation"),
        ("a fox [(red)|[blue]]", "alternation"),
        ("a fox BREAK snow", "break"),
        ("a fox, 8K, BREAK, snow", "break"),
        ("a fox AND a dog", "and"),
        ("a fox :1.2 AND a dog :0.8", "and"),
        ("HDR AND a dog", "and"),
        ("embedding:easynegative fox", "embedding"),
        ("fox (embedding:bad.pt:1.2)", "embedding"),
        ("a __colour__ fox", "wildcard"),
        ("a __hair_colour__ fox", "wildcard"),
        ("a __animals/fox__", "wildcard"),
        ("a fox --no grass AND trees --s 5", "and"),
        ("a {red|blue} fox", "variants"),
        ("a {2$$red|blue|green} fox", "variants"),
        ("a {0.5::red|blue} fox", "variants"),
        ("{{masterpiece}} fox", "double-braces"),
        ("{{{masterpiece, best quality}}} fox", "double-braces"),
        ('{"3": {"inputs": {"seed": 5}}}', "json"),
        ('{ "prompt": "a fox" }', "json"),
        ("a (red fox)1.3", "weight"),
        ("a (red fox)++ in snow", "weight"),
        ("a fox++ in snow", "weight"),
        ("a (fox:+1.2)", "weight"),
        ("1.5::fox::, snow", "weight-before"),
        ("a (cat).swap(dog)", "blend"),
        ('("a cat", "a dog").blend(1,1)', "blend"),
        ("fox <hypernet:x:1>", "tag"),
        ("fox <lora:ink:1:0.5>", "tag"),
        ("fox <lora:ink:0.8:lbw=ALL>", "tag"),
        ("a <random:red,blue> fox", "tag"),
        ("a <segment:face> fox", "tag"),
    ],
)
def test_is_refused_with_what_to_write_instead(typed: str, kind: str) -> None:
    with pytest.raises(ForeignSyntax) as refusal:
        expand(typed, {}, "", 10)
    for language in LANGUAGES:
        instead = say(Text(f"syntax-{kind}.instead"), language)
        assert instead in say(refusal.value.remedy, language)
        assert say(Text(f"syntax-{kind}"), language) in say(refusal.value.problem, language)
    shown = str(refusal.value).partition("`")[2].partition("`")[0]
    assert shown in typed.replace("https", "")


def test_every_kind_is_seen() -> None:
    marks = test_is_refused_with_what_to_write_instead.pytestmark  # type: ignore[attr-defined]
    assert {kind for _, kind in marks[0].args[1]} == IN_PROMPT.keys() | IN_CHOICES.keys()


def test_what_an_option_stands_for_is_looked_at_too() -> None:
    with pytest.raises(ForeignSyntax):
        expand("fox --mine", {"mine": "BREAK snow"}, "", 1)
    with pytest.raises(ForeignSyntax):
        expand("a [red:{0.5, 0.6}] fox", {}, "", 2)
    assert expand("fox --mine", {"mine": "<lora:ink:1>"}, "", 1) == ("fox --lora ink:1",)


ORDINARY = [
    "a red fox",
    "a fox (red) in the snow",
    "a (red:1.3) [fox] ((in)) the [[snow]]",
    "a fox :) and a cat :-)",
    "a sad clown :( (crying)",
    "smiley :] and [smiley :3]",
    "a clock that shows [12:30]",
    "a clock at 12:30 (half past twelve)",
    "aspect [16:9], ratio (4:3)",
    "a church sign, [John 3:16]",
    "temperature of -5 (in winter: -5 degrees)",
    "score (2:-1)",
    "LOVE AND PEACE on a wall",
    "a sign that says DO NOT BREAK GLASS",
    "a COFFEE BREAK poster",
    "IN CASE OF FIRE BREAK GLASS AND RUN",
    'a neon sign "AND" above a door',
    "a poster with the word 'BREAK'",
    "TOM AND JERRY",
    "BREAK",
    "R AND B music",
    "rock AND-gate",
    "a sandy LAND and a BAND",
    "a break in the clouds and a breakfast",
    "a red | blue split screen",
    "cats | dogs [collage]",
    "[left] | [right]",
    "C++ code on a screen, g++",
    "an A++ energy label, 18+ and LGBTQ+",
    "Notepad++ on a monitor",
    "snake_case and __ underscores",
    "a line ____ to sign on",
    "__underlined text__ on paper",
    "word embedding: a diagram",
    "an <emoji> heart <3 and > or <",
    "<:fox:123456789012345678> as an emoji",
    "<a:fox:123456789012345678>",
    "<t:1700000000:R>",
    "a portrait <base of a column>",
    "hot:: dog::2 bun::-.5",
    "hot::1.5 dog::.5 --no grass",
    "2::3 as a text",
    "f(x) = (x+1)(x-1)",
    "x^2 + (y - 3)^2 = 1 :: maths",
    "say (1) one, (2) two, (3) three",
    "100% cotton (size: 12)",
    "a map of [Berlin: capital]",
    "price: 5 [euro]",
    "a {red, blue} fox",
    "a {{red, blue} fox, dog}",
    r"the set \{a|b\}",
    "imagine a fox",
    "imagine prompt engineering as a person",
    "a prompt: a fox",
    "https://a.org/a__b__c.png?x=[a|b] a fox",
    "https://a.org/BREAK a fox",
    "a fox. And a dog.",
    "Steps: 20, 21 and 22 of a staircase",
    "a sculpture titled “Negative”",
    "size: 512x512, seed: a seed of a plant, sampler: cheese",
    "a robot (model: T-800)",
    "an album cover, (side B)",
    "a fox (e.g. a red one).",
    "[draft] fox",
    "🦊 (=^･ω･^=) [ˈfɒks]",
]  # fmt: skip


@pytest.mark.parametrize("typed", ORDINARY)
def test_ordinary_prompts_are_left_alone(typed: str) -> None:
    for prompt in expand(typed, {}, "", 10):
        assert parse_normalised(prompt).text
    if "{" not in typed:
        assert expand(typed, {}, "", 1) == (typed,)


def test_the_examples_of_the_parser_are_left_alone() -> None:
    for typed, prompt in UNDERSTOOD:
        if "{" not in typed:
            assert parse_normalised(written(typed)) == prompt


@pytest.mark.parametrize("typed", [one for one in ORDINARY if "{" not in one])
def test_what_is_shown_can_be_sent_again(typed: str) -> None:
    shown = written(f"{typed} <lora:Detail Tweaker (v2):0.8>")
    assert written(shown) == shown
    assert parse_normalised(shown).loras == (Lora("Detail Tweaker (v2)", 0.8),)
