"""What is shown is what was drawn, and the line to copy makes it again under any settings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NoEffect
from bot.models.versions import Versions, name_models
from bot.prompts import derive, recipe
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.expand import expand
from bot.prompts.parser import parse_normalised
from bot.prompts.permutations import expand_permutations
from bot.prompts.resolve import resolve, with_init_image
from bot.prompts.stylize import FAITHFUL
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, InitImage
from storage.members import Preferences
from storage.servers import ServerSettings
from tests.support.bot.image_requests import MODEL, request_for

OTHER = ModelInfo(
    id="other-model",
    native_size=64,
    steps=5,
    guidance_scale=1,
    sampler="ddim",
    tiles=True,
    loras=("ink",),
)
VERSIONS = name_models((MODEL, OTHER), {"1": MODEL.id, "ink wash": OTHER.id}, MODEL.id)

PLAIN = SettingsSources()
CHANGED = SettingsSources(
    Preferences(model="ink wash", stylize=750, suffix="--tile --no cats --c 40 --lora ink"),
    {"mine": "x"},
    ServerSettings(1, aspect="1:2", style="noto", temperament=FAITHFUL),
)
RAW = SettingsSources(Preferences(raw=True, stylize=250))
MODELLED = SettingsSources(Preferences(model="ink wash"))
SERVED = SettingsSources(
    Preferences(), {}, ServerSettings(1, aspect="3:2", style="noto", stylize=700)
)
GONE = SettingsSources(Preferences(), {}, ServerSettings(1, style="gone"))


def drawn(
    typed: str, sources: SettingsSources, seed: int, versions: Versions = VERSIONS
) -> tuple[str, ImageRequest]:
    """The prompt that is shown for a typed one, and what is drawn."""
    (text,) = expand(typed, sources.options, sources.member.suffix, 1, has_pictures=True)
    prompt = parse_normalised(text)
    settings = effective_settings(prompt, sources, versions)
    request = resolve(prompt, settings, seed)[0]
    return recipe.written_out(text, prompt, settings, versions), request


@pytest.mark.parametrize(
    ("sources", "shown"),
    [
        (PLAIN, "a cat"),
        (RAW, "a cat --s 250 --raw"),
        (MODELLED, 'a cat --v "ink wash"'),
        (SERVED, "a cat --ar 3:2 --s 700 --style noto"),
        (SettingsSources(Preferences(temperament=FAITHFUL)), "a cat --temperament faithful"),
        # A style that the model does not have changes nothing.
        (GONE, "a cat"),
        (SettingsSources(Preferences(raw=True, stylize=9, suffix="--s 8")), "a cat --s 8 --raw"),
    ],
)
def test_what_took_effect_without_being_typed_is_in_the_prompt(
    sources: SettingsSources, shown: str
) -> None:
    assert drawn("a cat", sources, 1)[0] == shown


def test_what_was_typed_is_not_written_twice() -> None:
    typed = "a cat --size 128x64 --s 3 --style noto --temperament faithful --v 1"
    assert drawn(typed, CHANGED, 1)[0].startswith(typed)
    assert drawn("a cat --s 3 --exact", CHANGED, 1)[0] == "a cat --s 3 --exact"


@pytest.mark.parametrize("sources", [PLAIN, CHANGED, RAW, SERVED, GONE])
@pytest.mark.parametrize(
    "typed",
    [
        "a cat",
        "a cat --seed 7 --repeat 3 --relax --stealth",
        "a cat --sameseed 7 --c 30 --v 1",
        "hot:: dog::2 --s 900 --no grass, sky --draft --v 1",
        r"a \{red, blue\} cat \, \\, --ar 3:2 --n 2 --v 1",
        "a cat --exact",
    ],
)
def test_the_line_makes_the_same_request_whatever_the_settings_are(
    typed: str, sources: SettingsSources
) -> None:
    text, request = drawn(typed, sources, 12345)
    made = recipe.recipe_of(text, request, VERSIONS)
    assert made is not None
    for others in (PLAIN, CHANGED, RAW, SERVED):
        assert drawn(made.line, others, 99)[1] == request
    one = recipe.recipe_of(text, derive.single(request, 1), VERSIONS)
    assert one is not None
    assert (one.line, one.picture) == (made.line, 1)


def test_without_exact_the_suffix_and_the_settings_count() -> None:
    assert drawn("a cat --seed 1", CHANGED, 1)[1] != drawn("a cat --seed 1 --exact", CHANGED, 1)[1]
    assert drawn("a cat --seed 1 --exact", CHANGED, 1)[1] == drawn("a cat --seed 1", PLAIN, 1)[1]


def test_a_name_that_is_no_word_is_in_quotes_in_the_line() -> None:
    model = replace(OTHER, id="other/model")
    versions = name_models((MODEL, model), {"1": MODEL.id, "ink wash": model.id}, MODEL.id)
    text, request = drawn("a cat", MODELLED, 1, versions)
    assert (text, request.model) == ('a cat --v "ink wash"', model.id)
    made = recipe.recipe_of(text, request, versions)
    assert made is not None
    assert '--v "ink wash"' in made.line
    assert drawn(made.line, PLAIN, 99, versions)[1] == request


def test_there_is_no_line_for_what_no_prompt_makes() -> None:
    text, request = drawn("a cat", PLAIN, 1)
    canvas = InitImage("f" * 64, 1.0, "e" * 64)
    for other in (
        derive.vary(request, 1, 2),
        derive.inpaint(request, canvas, (192, 128), 3),
        derive.upscale_creative(request, "f" * 64, MODEL, 4),
        replace(request, steps=request.steps + 1),
        replace(request, model="gone"),
    ):
        assert recipe.recipe_of(text, other, VERSIONS) is None
    again = derive.reroll(request, 5)
    found = recipe.recipe_of(text, again, VERSIONS)
    assert found is not None
    assert drawn(found.line, RAW, 9)[1] == again


def test_a_line_for_a_picture_that_starts_from_another_says_so() -> None:
    model = replace(MODEL, edits=True)
    versions = name_models((model,), {}, None)
    (text,) = expand("a cat --iw 2", {}, "", 1, has_pictures=True)
    prompt = parse_normalised(text)
    settings = effective_settings(prompt, PLAIN, versions, has_pictures=True)
    (request,) = resolve(prompt, settings, 3)
    started = with_init_image(request, settings, "f" * 64)
    found = recipe.recipe_of(text, started, versions)
    assert found is not None
    assert found.starts
    assert recipe.recipe_of("a cat", started, versions) is None


@given(st.text(alphabet="ab\\,{}", max_size=12))
def test_a_text_that_is_typed_again_stands_for_itself(text: str) -> None:
    assert expand_permutations(recipe.as_typed(text), 1) == (text,)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a cat --seed 3 --c 20 --n 2", "a cat --c 20 --n 2"),
        ("a cat --sameseed 3", "a cat --sameseed 5"),
        ("a cat --r 2 --relax --stealth --s 5", "a cat --s 5"),
    ],
)
def test_a_reroll_does_not_show_what_does_not_hold_any_more(typed: str, shown: str) -> None:
    request = drawn(typed, PLAIN, 1)[1]
    again = derive.reroll(request, 5)
    text = recipe.of_followup(typed, request, again, is_grid=True, is_seeded=False)
    assert text == shown
    assert recipe.recipe_of(text, again, VERSIONS) is not None


@pytest.mark.parametrize(
    ("typed", "size", "shown"),
    [
        ("a cat --seed 3 --c 20 --n 2 --s 5", (128, 128), "a cat --s 5"),
        ("a cat --ar 3:2", (192, 64), "a cat --ar 3:1"),
        ("a cat --ar 3:2", (128, 128), "a cat"),
        ("a cat --size 128x128 --tile", (256, 256), "a cat"),
        ("https://a.org/x.png a cat --iw 2 --s 5", (128, 128), "a cat --s 5"),
    ],
)
def test_a_pan_does_not_show_what_does_not_hold_any_more(
    typed: str, size: tuple[int, int], shown: str
) -> None:
    meant = request_for(typed.removeprefix("https://a.org/x.png ").replace(" --iw 2", ""))
    canvas = InitImage("f" * 64, 1.0, "e" * 64)
    panned = derive.inpaint(meant, canvas, size, 5)
    assert recipe.of_followup(typed, meant, panned, is_grid=False, is_seeded=False) == shown


def test_a_seed_that_was_typed_for_a_followup_is_shown() -> None:
    request = request_for("a cat --seed 3 --c 5")
    varied = derive.vary(request, 0, 3)
    text = recipe.of_followup(
        "a cat --seed 3 --c 5", request, varied, is_grid=False, is_seeded=True
    )
    assert text == "a cat --seed 3"


def test_each_repetition_shows_its_own_seed() -> None:
    later = request_for("a cat --seed 8")
    assert recipe.of_repetition("a cat --seed 7 --r 2 --s 5", later) == "a cat --seed 8 --s 5"
    assert recipe.of_repetition("a cat --r 2", later) == "a cat"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("a cat --iw 2", "this prompt has none"),
        ("a cat --n 1 --c 20", "asks for only one"),
    ],
)
def test_a_parameter_that_cannot_have_an_effect_is_refused(typed: str, words: str) -> None:
    with pytest.raises(NoEffect, match=words):
        expand(typed, {}, "", 10)


def test_a_suffix_that_cannot_have_an_effect_is_left_out() -> None:
    assert expand("a cat", {}, "--iw 2 --s 5", 10) == ("a cat --s 5",)
    assert expand("a cat", {}, "--iw 2", 10, has_pictures=True) == ("a cat --iw 2",)
    assert expand("https://a.org/x.png a cat", {}, "--iw 2", 10) == (
        "https://a.org/x.png a cat --iw 2",
    )
    assert expand("a cat --n 1", {}, "--c 5", 10) == ("a cat --n 1",)
    assert expand("a cat --n 2", {}, "--c 5", 10) == ("a cat --n 2 --c 5",)
