"""OpenAI's own fields: done, refused or reported, and never passed over."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest
from openai.types import ImageEditParams, ImageGenerateParams, ImagesResponse
from openai.types.image_gen_completed_event import ImageGenCompletedEvent
from openai.types.image_generate_params import ImageGenerateParamsBase

from diffusion.protocol.calls import GenerationCall, read_call
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.openai_fields import MAX_WARNINGS, OPENAI_SIZES, QUALITIES
from diffusion.protocol.requests import Lora, Noise, WeightedPrompt
from tests.support.engine.inference_requests import a_request

TINY = ModelInfo(
    id="tiny",
    native_size=64,
    steps=10,
    min_size=16,
    max_size=256,
    multiple=8,
    styles={"sketch": "{prompt}, sketch style"},
    loras=("ink", "styles/wool"),
)
ALIASES = ("dall-e-*", "gpt-image-*")


def _read(info: ModelInfo = TINY, /, **body: Any) -> GenerationCall:
    return read_call({"prompt": "a fox"} | body, {"tiny": info}, "tiny", 77, ALIASES)


def _refused(**body: Any) -> InvalidField:
    with pytest.raises(InvalidField) as refusal:
        _read(**body)
    return refusal.value


def _warned(call: GenerationCall) -> list[str]:
    return [warning.param for warning in call.warnings]


def _literals(kind: Any) -> set[str]:
    """The texts that a type of the official client allows."""
    found = {arg for arg in get_args(kind) if isinstance(arg, str)}
    return found.union(*map(_literals, get_args(kind)))


# Every field of the official client's types.


@pytest.mark.parametrize("name", [*get_type_hints(ImageGenerateParamsBase)])
def test_no_field_of_the_official_client_is_passed_over(name: str) -> None:
    """What is not done is refused or reported: a value that changes nothing is seen here."""
    values: dict[str, Any] = {
        "prompt": "a red fox", "background": "transparent", "model": "gpt-image-2",
        "moderation": "high", "n": 2, "output_compression": 50, "output_format": "webp",
        "partial_images": 2, "quality": "low", "response_format": "url",
        "safety_identifier": "ada", "size": "72x64", "style": "sketch", "user": "ada",
    }  # fmt: skip
    value = values.get(name, {"any": "thing"})
    with suppress(InvalidField):
        call = _read(**{name: value})
        assert call.request.model == "tiny"
        assert name == "model" or call != _read()
        return
    assert _refused(**{name: value}).param == name


def test_the_qualities_are_those_of_the_official_client() -> None:
    for params in (*get_args(ImageGenerateParams), *get_args(ImageEditParams)):
        assert _literals(get_type_hints(params)["quality"]) <= set(QUALITIES)
    answered = {name for name, _ in QUALITIES.values()}
    for answer in (ImagesResponse, ImageGenCompletedEvent):
        assert answered <= _literals(answer.model_fields["quality"].annotation)


def test_the_sizes_of_menus_are_those_of_the_official_client() -> None:
    assert _literals(get_type_hints(ImageGenerateParamsBase)["size"]) - {"auto"} == OPENAI_SIZES


# Done.


@pytest.mark.parametrize(
    ("quality", "steps", "named"),
    [
        (None, 10, "medium"), ("auto", 10, "medium"), ("standard", 10, "medium"),
        ("medium", 10, "medium"), ("low", 5, "low"), ("high", 15, "high"), ("hd", 15, "high"),
        ("xhigh", 20, "xhigh"), ("max", 30, "max"),
    ],
)  # fmt: skip
def test_quality_is_a_number_of_steps(quality: str | None, steps: int, named: str) -> None:
    call = _read(quality=quality)
    assert (call.request.steps, call.quality, call.warnings) == (steps, named, ())


def test_quality_stays_within_the_steps_there_are() -> None:
    assert _read(replace(TINY, steps=140), quality="max").request.steps == 150
    assert _read(replace(TINY, steps=1), quality="low").request.steps == 1


def test_quality_that_changes_nothing_is_reported() -> None:
    call = _read(quality="high", num_inference_steps=3)
    assert (call.request.steps, _warned(call)) == (3, ["quality"])
    call = _read(replace(TINY, fixed_steps=True), quality="high")
    assert (call.request.steps, _warned(call)) == (10, ["quality"])
    assert _refused(quality="high", num_inference_steps=3, strict=True).param == "quality"


def test_a_style_is_one_of_the_models() -> None:
    assert _read(style="sketch").request.prompt == "a fox, sketch style"
    parts = [{"text": "a fox", "weight": 2}, {"text": "blur", "weight": -1}]
    assert _read(style="sketch", parts=parts).request.parts == (
        WeightedPrompt("a fox, sketch style", 2),
        WeightedPrompt("blur", -1),
    )
    assert _refused(style="vivid").param == "style"
    assert "Known: sketch." in _refused(style="vivid").message
    assert _refused(style="sketch", prompt="x" * 5990).param == "prompt"
    assert _refused(style="sketch", parts=[5]).param == "parts"


def test_the_styles_of_dall_e_are_reported_under_its_names() -> None:
    """LangChain's wrapper for JavaScript sends one with every request."""
    call = _read(model="dall-e-3", style="vivid")
    assert (call.request.prompt, _warned(call)) == ("a fox", ["style"])
    assert _refused(model="dall-e-3", style="oil").param == "style"
    assert _refused(model="dall-e-3", style="vivid", strict=True).param == "style"


def test_opaque_pictures_need_no_word_and_transparent_ones_are_refused() -> None:
    for background in ("auto", "opaque", None):
        assert _read(background=background) == _read()
    assert _refused(background="transparent").param == "background"
    assert _refused(background="green").param == "background"
    assert _read(moderation="low") == _read(moderation="auto") == _read()
    assert _refused(moderation="none").param == "moderation"


def test_compression_is_for_formats_that_have_it() -> None:
    assert _read(output_format="jpeg", output_compression=0).output_compression == 0
    assert _read(output_format="png", output_compression=100).output_compression == 100
    for refused in ({"output_compression": 50}, {"output_compression": 101}):
        assert _refused(**refused).param == "output_compression"


def test_links_are_answered_where_they_are_asked_for() -> None:
    assert not _read().links
    assert _read(response_format="url").links
    assert not _read(response_format="b64_json", model="dall-e-3").links
    # OpenAI answers DALL·E with links and its newer models without.
    assert _read(model="dall-e-2").links
    assert not _read(model="gpt-image-1.5").links
    assert not _read(model="dall-e-2", stream=True).links
    assert _refused(response_format="url", stream=True).param == "response_format"


def test_the_newer_name_of_the_user_wins() -> None:
    assert _read(user="ada").user == "ada"
    assert _read(user="ada", safety_identifier="").user == "ada"
    assert _read(user="ada", safety_identifier="bob").user == "bob"


def test_a_seed_of_minus_one_is_any_seed() -> None:
    assert _read(seed=-1).request.noises == (Noise(77),)


@pytest.mark.parametrize(
    ("said", "loras"),
    [
        (["ink:0.8"], [Lora("ink", 0.8)]),
        (["ink"], [Lora("ink")]),
        (["ink:-1", {"name": "styles/wool"}], [Lora("ink", -1.0), Lora("styles/wool")]),
        ("ink:0.5, styles/wool:2", [Lora("ink", 0.5), Lora("styles/wool", 2.0)]),
    ],
)
def test_loras_may_be_said_as_in_the_bot(said: object, loras: list[Lora]) -> None:
    assert list(_read(loras=said).request.loras) == loras


@pytest.mark.parametrize(
    ("said", "param"),
    [
        (["other:0.5"], "loras"), (["ink:much"], "loras"), (["ink:nan"], "weight"),
        (["ink:5"], "weight"), ("", "loras"), (["ink"] * 9, "loras"),
    ],
)  # fmt: skip
def test_loras_that_there_are_not_are_refused(said: object, param: str) -> None:
    assert _refused(loras=said).param == param


# Other names for the model.


@pytest.mark.parametrize("name", ["dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-2.5-flare"])
def test_aliases_mean_the_model(name: str) -> None:
    assert _read(model=name).request.model == "tiny"


def test_no_name_is_the_servers_own_model() -> None:
    """Open WebUI sends an empty one where none was chosen."""
    assert _read(model="").request.model == "tiny"


def test_names_that_nobody_set_mean_nothing() -> None:
    assert _refused(model="dall-f").param == "model"
    with pytest.raises(InvalidField, match="no model"):
        read_call({"prompt": "a fox", "model": "dall-e-3"}, {"tiny": TINY}, "tiny", 77)


@pytest.mark.parametrize(
    ("size", "drawn"),
    [("1024x1024", (64, 64)), ("1792x1024", (88, 48)), ("256x256", (256, 256))],
)
def test_a_size_in_the_menu_of_an_alias_becomes_one_of_the_model(
    size: str, drawn: tuple[int, int]
) -> None:
    call = _read(model="dall-e-3", size=size)
    assert (call.request.width, call.request.height) == drawn
    assert _warned(call) == ([] if size == "256x256" else ["size"])


def test_other_sizes_are_refused_as_ever() -> None:
    assert _refused(model="dall-e-3", size="1000x1000").param == "size"
    assert _refused(size="1024x1024").param == "size"
    assert _refused(model="dall-e-3", size="1024x1024", strict=True).param == "size"


# Unknown fields.


def test_unknown_fields_are_reported_wherever_they_are() -> None:
    call = _read(
        colour="red",
        loras=[{"name": "ink", "wieght": 0.5}],
        noises=[{"seed": 1, "blends": [{"seed": 2, "strength": 0.1, "x": 1}], "y": 2}],
        warnings=["mine"],
        links=True,
        request={"prompt": "a cat"},
        strength=0.5,
    )
    unknown = ["colour", "loras.wieght", "noises.blends.x", "noises.y", "warnings", "links"]
    assert _warned(call) == [*unknown, "request", "strength"]
    assert {warning.code for warning in call.warnings} == {"unknown_parameter"}
    assert call.warnings[0].message == "Unknown parameter: 'colour'."
    assert not call.links


def test_a_strict_caller_has_unknown_fields_refused() -> None:
    refusal = _refused(colour="red", strict=True)
    assert (refusal.param, refusal.code) == ("colour", "unknown_parameter")
    assert _read(strict=True).warnings == ()


def test_null_is_no_unknown_field() -> None:
    assert _read(colour=None, strict=True) == _read()


def test_warnings_are_bounded() -> None:
    call = _read(**{f"{number}{'x' * 900}": 1 for number in range(1000)})
    assert len(call.warnings) == MAX_WARNINGS
    assert len(json.dumps([each.to_json() for each in call.warnings])) < 10_000


def test_nothing_that_our_own_client_sends_is_unknown() -> None:
    call = GenerationCall(
        a_request(model="tiny"), stream=True, partial_images=2, progress=True, user="ada"
    )
    sent = call.to_json() | {"strict": True}
    assert read_call(sent, {"tiny": TINY}, "tiny", 9).warnings == ()
    assert {"links", "quality", "warnings"}.isdisjoint(sent)
