"""The text in a picture's file, pasted whole, becomes the prompt that makes the picture."""

from dataclasses import replace

import pytest

from bot.errors import (
    AmbiguousName,
    EmptyPrompt,
    InvalidParameter,
    RepeatedParameter,
    UntranslatedSettings,
)
from bot.i18n.markdown import visible
from bot.models.versions import Versions
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.expand import expand
from bot.prompts.parser import Prompt, parse_normalised
from bot.prompts.resolve import resolve
from bot.prompts.values import Size
from diffusion.protocol.infotext import infotext, with_size
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Lora
from storage.members import Preferences
from storage.servers import ServerSettings

FROM_WEBUI = """girl with a beret, (blue eyes:1.2), ((eyeshadow)), <lora:ink:0.8>
by Alphonse Mucha
Negative prompt: ugly, (((deformed))), [blurry], bad {anatomy}
Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7.5, Seed: 965400086, \
Size: 512x768, Model hash: 45dee52b, Lora hashes: "ink: 0f3b, b: 12", Version: v1.10.1"""


def read(typed: str, suffix: str = "", has_model: bool = True) -> Prompt:
    (written,) = expand(typed, {}, suffix, 1, has_model=lambda name: has_model)
    return parse_normalised(written)


@pytest.mark.parametrize("typed", [FROM_WEBUI, visible(FROM_WEBUI)])
def test_a_text_of_another_tool_is_read_whole(typed: str) -> None:
    assert read(typed) == Prompt(
        "girl with a beret, (blue eyes:1.2), ((eyeshadow)), by Alphonse Mucha",
        negative=("ugly", "(((deformed)))", "[blurry]", "bad {anatomy}"),
        steps=20,
        sampler="euler_ancestral",
        guidance=7.5,
        seed=965400086,
        size=Size(512, 768),
        loras=(Lora("ink", 0.8),),
        style="raw",
    )


def test_what_was_typed_behind_it_wins() -> None:
    prompt = read(f"{FROM_WEBUI} --ar 3:2 --seed 5", "--steps 9 --tile")
    assert (str(prompt.aspect), prompt.size, prompt.seed) == ("3:2", None, 5)
    assert (prompt.steps, prompt.tile) == (20, True)
    with pytest.raises(RepeatedParameter, match="`--no`"):
        read(f"{FROM_WEBUI} --no hats")


def test_a_negative_prompt_alone_is_read_too() -> None:
    prompt = read("a fox Negative prompt: ugly, blurry")
    assert prompt == Prompt("a fox", negative=("ugly", "blurry"))
    assert read("a fox Negative prompt:") == Prompt("a fox")
    with pytest.raises(EmptyPrompt):
        read("Negative prompt: ugly")


def settings(**others: str) -> str:
    said = {"Steps": "20", "Seed": "1", "Size": "64x64", **others}
    return "a fox " + ", ".join(f"{label}: {value}" for label, value in said.items())


@pytest.mark.parametrize(
    "left_out",
    [
        "Clip skip: 2",
        "Schedule type: Karras",
        "Sampler: DPM++ SDE",
        "Denoising strength: 0.4",
        "Hires upscale: 2",
        "VAE: kl-f8.pt",
        "Model: dreamshaper_8",
    ],
)
def test_what_nothing_of_ours_can_choose_is_named_with_the_rest_to_send(left_out: str) -> None:
    label, _, value = left_out.partition(": ")
    with pytest.raises(UntranslatedSettings) as refusal:
        read(settings(**{label: value}), has_model=False)
    assert f"`{left_out}`" in str(refusal.value)
    line = str(refusal.value).split("send this: `")[1].rstrip("`")
    assert line == "a fox --steps 20 --seed 1 --size 64x64 --raw"
    assert read(line) == read(settings())


def test_a_long_line_is_not_shown_cut_off() -> None:
    with pytest.raises(UntranslatedSettings, match="remove them from the text") as refusal:
        read("x" * 2000 + settings(**{"Clip skip": "2"}))
    assert "xxx" not in str(refusal.value)


def test_what_changes_nothing_is_left_out_without_a_word() -> None:
    others = {
        "Clip skip": "1",
        "Schedule type": "trailing",
        "Civitai resources": '[{"type":"checkpoint","modelVersionId":1},{"a":"b, c: d"}]',
        "Hashes": '{"model": "abc", "lora:x": "12"}',
        "TI hashes": '"a: 1, Clip skip: 2"',
    }
    assert read(settings(**others)) == read(settings())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (settings(Seed="99999999999"), "0 to 4294967295"),
        (settings(Steps="900"), "1 to 150"),
        (settings(**{"CFG scale": "lots"}), "0 to 100"),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(typed: str, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        read(typed)


MODEL = ModelInfo(
    id="darkroom-mini",
    native_size=128,
    min_size=64,
    aesthetic="{prompt}",
    loras=("Ink (v2)",),
    styles={"noto": "{prompt}, noto style"},
    tiles=True,
)
VERSIONS = Versions({"1": MODEL}, "1")


def request_for(typed: str, sources: SettingsSources, new_seed: int = 1) -> ImageRequest:
    (written,) = expand(typed, {}, sources.member.suffix, 1, has_model=VERSIONS.has)
    prompt = parse_normalised(written)
    return resolve(prompt, effective_settings(prompt, sources, VERSIONS), new_seed)[0]


@pytest.mark.parametrize(
    "typed",
    [
        "a red fox",
        "a (red:1.2) fox {a, b} --seed 5",
        "a fox --no grass, blue sky --ar 3:2 --s 50",
        "a fox --weird 500",
        "a fox --style noto --cfg 7.5 --steps 5 --sampler euler --tile --stop 50",
    ],
)
def test_our_own_text_makes_the_same_pictures_whatever_the_settings_are(typed: str) -> None:
    first = request_for(typed.replace("{a, b}", r"\{a, b\}"), SettingsSources(), 77)
    pasted = infotext(first, 2, MODEL)
    sources = SettingsSources(
        Preferences(suffix="--style noto --seed 3 --steps 9", stylize=900),
        server=ServerSettings(1, style="noto", aspect="2:3"),
    )
    again = request_for(pasted, sources)
    assert again == replace(first, negative_prompt=again.negative_prompt)
    assert again.negative_prompt == first.negative_prompt


@pytest.mark.parametrize(
    "typed",
    ["a fox --s 900", "hot:: dog::2 --no bread", 'a fox::3 snow::-0.5 --lora "ink v2":0.5 --s 900'],
)
def test_our_own_weighted_text_makes_the_same_pictures(typed: str) -> None:
    first = request_for(typed, SettingsSources(), 77)
    assert first.parts
    again = request_for(infotext(first, 2, MODEL), SettingsSources(Preferences(stylize=300)))
    # How far the guidance leads to each part is the same, however the weights are written.
    assert [part.text for part in again.parts] == [part.text for part in first.parts]
    led = [[r.guidance_scale * p.weight for p in r.parts] for r in (first, again)]
    assert led[1] == pytest.approx(led[0], abs=1e-4)
    rest = replace(again, prompt="", parts=(), guidance_scale=0)
    assert rest == replace(first, prompt="", parts=(), guidance_scale=0)


def test_the_text_of_an_enlarged_picture_draws_it_in_its_first_size() -> None:
    first = request_for("a fox", SettingsSources(), 77)
    enlarged = with_size(infotext(first, 2, MODEL), 4 * first.width, 4 * first.height)
    assert request_for(enlarged, SettingsSources()) == first


def test_a_name_in_a_tag_is_found_like_any_other() -> None:
    request = request_for("a fox <lora:ink v2:0.5>", SettingsSources())
    assert request.loras == (Lora("Ink (v2)", 0.5),)
    with pytest.raises(AmbiguousName):
        resolve(
            parse_normalised("a fox --lora INK"),
            effective_settings(
                parse_normalised("a fox --lora INK"),
                SettingsSources(),
                Versions({"1": replace(MODEL, loras=("Ink", "ink"))}, "1"),
            ),
            1,
        )
