"""Every name that the bot shows can be typed, whatever signs are in it."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AmbiguousName, InvalidParameter, MisplacedText, PromptError, UnknownVersion
from bot.i18n.markdown import names as listed
from bot.i18n.markdown import visible
from bot.messages import help_embeds
from bot.models.names import find_name
from bot.models.versions import Versions, name_models
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.expand import expand
from bot.prompts.parser import parse_normalised
from bot.prompts.resolve import resolve
from bot.prompts.words import quoted
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from tests.support.bot.discord_markdown import read

AWKWARD = (
    "Detail Tweaker (v2)", "Ink", "ink", "qwen/qwen-image", "a -- b", "--ar", "x --ar 3:2", "3:2",
    "ink:0.8", "Größe 4K, scharf", "[LoRA] {test}", 'the "best"', "ALL-CAPS_v1.0", "…", "水墨画",
    "add_detail.v2", "`code`", "raw ink", "-1", "no", "a|b", "<lora>", "it's", "100%", "C++ (2)",
    "a, b", "🦊", "AND", "long name of a style that nobody wants to type out",
)  # fmt: skip

MODEL = ModelInfo(
    id="org/Model-XL",
    loras=AWKWARD,
    styles={name: f"{{prompt}}, style {place}" for place, name in enumerate(AWKWARD)},
)


def request_for(typed: str, model: ModelInfo = MODEL) -> ImageRequest:
    (written,) = expand(typed, {}, "", 1)
    prompt = parse_normalised(written)
    versions = Versions({"1": model}, "1")
    return resolve(prompt, effective_settings(prompt, SettingsSources(), versions), 1)[0]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_in_quotes_is_that_name(name: str) -> None:
    request = request_for(f"fox --lora {quoted(name)}:0.5 --style {quoted(name)} --s 5")
    assert [(lora.name, lora.weight) for lora in request.loras] == [(name, 0.5)]
    assert request.prompt == f"fox, style {AWKWARD.index(name)}"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Detail Tweaker (v2)", "Detail Tweaker (v2)"),
        ("detail-tweaker-V2", "Detail Tweaker (v2)"),
        ("Ink", "Ink"),
        ("ink", "ink"),
        ("QWEN qwen image", "qwen/qwen-image"),
        ("größe 4k scharf", "Größe 4K, scharf"),
        ("all caps v1 0", "ALL-CAPS_v1.0"),
        ("水墨画", "水墨画"),
        ("long name of a sty…", "long name of a style that nobody wants to type out"),
    ],
)
def test_a_name_is_found_without_regard_to_case_and_punctuation(typed: str, name: str) -> None:
    assert request_for(f"fox --lora {typed}:2 --s 5").loras[0].name == name
    assert request_for(f"fox --style {typed} --s 5").prompt == f"fox, style {AWKWARD.index(name)}"


def test_what_could_be_several_is_refused_with_their_names() -> None:
    with pytest.raises(AmbiguousName, match="`Ink`, `ink`"):
        request_for("fox --lora INK")
    with pytest.raises(AmbiguousName, match="`Ink`, `ink`"):
        request_for("fox --style INK")
    with pytest.raises(AmbiguousName, match="`big one`, `big-two`"):
        find_name("big…", ("big one", "big-two"))


def test_a_quote_in_a_name_does_not_make_it_another() -> None:
    model = replace(MODEL, loras=("1", '1"'))
    with pytest.raises(AmbiguousName):
        request_for("fox --lora " + quoted('1"'), model)
    assert request_for("fox --lora " + quoted("1"), model).loras[0].name == "1"


def test_text_after_a_name_is_not_part_of_it() -> None:
    with pytest.raises(MisplacedText, match="in the snow"):
        request_for("fox --style ink in the snow")
    with pytest.raises(InvalidParameter, match="`ink`"):
        request_for("fox --style cubist in the snow")


def test_a_model_is_found_by_its_name_and_its_id() -> None:
    models = [ModelInfo(id=one) for one in ("qwen/qwen-image", "Qwen Image", "Mini", "a b (v2)")]
    versions = name_models(models, {"mini": "Mini", "q": "qwen/qwen-image"}, None)
    everything = name_models(models, {}, None)
    assert versions.find("MINI") == "mini"
    assert versions.find("qwen/qwen-image") == "q"
    assert everything.find("A B v2") == "4"
    assert everything.find("qwenimage") == "2"
    for typed in ("3", "Mini", "mini", '"Mini"', "mini."):
        prompt = parse_normalised(f"fox --v {typed}")
        assert effective_settings(prompt, SettingsSources(), everything).model.id == "Mini"
    with pytest.raises(UnknownVersion):
        versions.find("a b (v2)")
    with pytest.raises(MisplacedText, match="in the snow"):
        everything.find("3 in the snow")
    with pytest.raises(AmbiguousName, match=r"`a-b`, `a\.b`"):
        name_models([ModelInfo(id="a-b"), ModelInfo(id="a.b")], {}, None).find("ab")


SIGNS = "abAB1 -_.:/\\()[]{}<>|,;\"'“„`*~+#@&%!?=—…éß水🦊"
NAMES = st.text(SIGNS, min_size=1, max_size=30).map(visible).filter(lambda name: name[:1].isalnum())


def found_or_choices(typed: str, model: ModelInfo) -> str | AmbiguousName:
    """The LoRA that is found for a typed name, or the refusal that names several."""
    try:
        return request_for(f"fox --lora {typed}", model).loras[0].name
    except AmbiguousName as refusal:
        return refusal


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_every_shown_name_leads_to_itself_or_to_a_choice(some: list[str]) -> None:
    model = replace(MODEL, loras=tuple(some), styles={})
    for name in some:
        only = Versions({"1": replace(model, loras=(name,))}, "1")
        in_help = read(help_embeds.models(only, "en").fields[0][1]).seen
        in_lists = read(listed([name])).seen
        for shown in (name, in_lists, in_help.partition("LoRAs: ")[2].removesuffix(".")):
            found = found_or_choices(quoted(shown), model)
            if isinstance(found, str):
                assert found == name
            else:
                assert sum(one in str(found) for one in some) >= 2
                assert found_or_choices(quoted(name), replace(model, loras=(name,))) == name


@given(NAMES, st.sampled_from(["lora", "style", "v"]))
def test_any_name_is_found_or_refused(name: str, flag: str) -> None:
    with contextlib.suppress(PromptError):
        assert request_for(f"fox --{flag} {name}").prompt
