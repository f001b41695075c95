"""The contract between bot and inference: what is read is what was said, or a named refusal."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.protocol.calls import OUTPUT_FORMATS, GenerationCall, read_call
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import (
    MAX_BLENDS,
    MAX_LORAS,
    MAX_PARTS,
    MAX_PICTURES,
    MAX_PROMPT_CHARS,
    MAX_STEPS,
    SAMPLER_NAMES,
    SEED_COUNT,
    SPACING_NAMES,
    ImageRequest,
    InitImage,
    Lora,
    Noise,
    SeedBlend,
    WeightedPrompt,
)
from tests.support.engine.inference_requests import a_request

TINY = ModelInfo(
    id="tiny",
    native_size=64,
    steps=4,
    guidance_scale=3.0,
    guidance_rescale=0.7,
    min_size=16,
    max_size=256,
    sampler="euler",
    spacing="karras",
    styles={"sketch": "{prompt}, sketch style"},
    examples=("a red fox",),
    aesthetic="crisp",
    loras=("ink", "wool"),
    edits=True,
    describes=True,
    upscales=4,
)


def _read(**body: Any) -> GenerationCall:
    return read_call({"prompt": "a fox"} | body, {"tiny": TINY}, "tiny", new_seed=77)


seeds = st.integers(0, SEED_COUNT - 1)
shares = st.floats(0, 1)
noises = st.builds(
    Noise, seeds, st.lists(st.builds(SeedBlend, seeds, shares), max_size=MAX_BLENDS).map(tuple)
)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
masks = st.none() | digests
requests = st.builds(
    ImageRequest,
    model=st.just("tiny"),
    prompt=st.text(min_size=1, max_size=50).filter(str.strip),
    negative_prompt=st.text(max_size=50),
    noises=st.lists(noises, min_size=1, max_size=4).map(tuple),
    width=st.integers(2, 32).map(lambda cells: cells * 8),
    height=st.integers(2, 32).map(lambda cells: cells * 8),
    steps=st.integers(1, MAX_STEPS),
    guidance_scale=st.floats(0, 100),
    sampler=st.sampled_from(SAMPLER_NAMES),
    spacing=st.sampled_from(SPACING_NAMES),
    stop=st.floats(0, 1, exclude_min=True),
    parts=st.lists(
        st.builds(WeightedPrompt, st.text(max_size=20), st.floats(-1, 1)), max_size=MAX_PARTS
    ).map(lambda parts: (*parts[1:], WeightedPrompt("most", len(parts))) if parts else ()),
    guidance_rescale=shares,
    guidance_interval=st.tuples(shares, shares).map(lambda ends: (min(ends), max(ends))),
    condition_noise=shares,
    tile=st.booleans(),
    loras=st.lists(
        st.builds(Lora, st.sampled_from(TINY.loras), st.floats(-4, 4)), max_size=MAX_LORAS
    ).map(tuple),
    start=st.none() | st.builds(InitImage, digests, st.floats(0, 1, exclude_min=True), masks),
)


@given(requests)
def test_a_request_survives_its_json(request: ImageRequest) -> None:
    wire = json.loads(json.dumps(request.to_json()))
    assert ImageRequest.from_json(wire) == request
    assert read_call(wire, {"tiny": TINY}, "other", new_seed=0).request == request


def test_a_model_survives_its_json() -> None:
    assert ModelInfo.from_json(json.loads(json.dumps(TINY.to_json()))) == TINY


def test_a_foreign_model_needs_only_a_name() -> None:
    foreign = ModelInfo.from_json({"id": "gpt-image-1", "object": "model", "created": 1})
    assert foreign.id == "gpt-image-1"
    assert foreign.native_size == 1024


def test_what_a_caller_leaves_open_comes_from_the_model() -> None:
    call = _read(n=3)
    request = call.request
    assert (request.model, request.width, request.height, request.steps) == ("tiny", 64, 64, 4)
    assert (request.guidance_scale, request.guidance_rescale) == (3.0, 0.7)
    assert (request.sampler, request.spacing) == ("euler", "karras")
    assert request.noises == (Noise(77), Noise(78), Noise(79))
    assert (request.negative_prompt, request.stop) == ("", 1.0)
    assert call == GenerationCall(request)


def test_null_is_the_same_as_absent() -> None:
    fields = [*a_request().to_json(), "seed", "stream", "partial_images", "output_format", "user"]
    nulls = {name: None for name in fields if name != "prompt"}
    assert _read(**nulls) == _read()


def test_how_to_answer_is_read() -> None:
    call = _read(
        stream=True, partial_images=3, output_format="webp", progress=True, user="ada", seed=5
    )
    assert (call.stream, call.partial_images, call.output_format) == (True, 3, "webp")
    assert (call.progress, call.user) == (True, "ada")
    assert call.request.noises == (Noise(5),)


def test_seeds_count_up_and_around() -> None:
    assert _read(seed=SEED_COUNT - 1, n=2).request.noises == (Noise(SEED_COUNT - 1), Noise(0))


def test_noises_without_blends_may_say_so_or_not() -> None:
    for noise in ({"seed": 9}, {"seed": 9, "blends": None}, {"seed": 9, "blends": []}):
        assert _read(noises=[noise]).request.noises == (Noise(9),)


def test_noises_win_over_n_and_seed() -> None:
    call = _read(noises=[{"seed": 9, "blends": [{"seed": 1, "strength": 0.5}]}], seed=4)
    assert call.request.noises == (Noise(9, (SeedBlend(1, 0.5),)),)


REFUSED: list[tuple[str | None, dict[str, Any]]] = [
    ("model", {"model": "other"}),
    ("model", {"model": 5}),
    ("model", {"model": "x" * MAX_PROMPT_CHARS}),
    ("prompt", {"prompt": None}),
    ("prompt", {"prompt": " \n\t"}),
    ("prompt", {"prompt": ["a fox"]}),
    ("prompt", {"prompt": "x" * (MAX_PROMPT_CHARS + 1)}),
    ("prompt", {"prompt": "half a \ud83e fox"}),
    ("negative_prompt", {"negative_prompt": "x" * (MAX_PROMPT_CHARS + 1)}),
    ("negative_prompt", {"negative_prompt": True}),
    *[
        ("size", {"size": size})
        for size in (
            "64", "64x", "64x64x64", "-64x64", "64.0x64", "60x64", "64x60", "8x64", "64x264",
            "99999x64", "999999x64", "0x0", "６４x64", " 64x64", "64X64", 64, [64, 64], "x" * 9999,
        )
    ],
    *[("n", {"n": n}) for n in (0, MAX_PICTURES + 1, -1, 1.0, "1", True, [], 10**400)],
    *[("seed", {"seed": seed}) for seed in (-2, SEED_COUNT, 0.5, "7", False, -1.0)],
    *[
        ("num_inference_steps", {"num_inference_steps": steps})
        for steps in (0, MAX_STEPS + 1, 10.0, "10", True)
    ],
    *[
        ("guidance_scale", {"guidance_scale": scale})
        for scale in (-0.1, 100.1, math.nan, math.inf, -math.inf, 10**400, "7", True)
    ],
    *[("sampler", {"sampler": sampler}) for sampler in ("heun", "", 1, ["euler"], {})],
    ("spacing", {"spacing": "even"}),
    *[("stop", {"stop": stop}) for stop in (0, -1, 1.01, math.nan, "1", False)],
    *[
        ("noises", {"noises": value})
        for value in (
            [], {}, "1", 5, [5], [[]], [None], [{"seed": 1}] * (MAX_PICTURES + 1),
            [{"seed": 1, "blends": 5}], [{"seed": 1, "blends": [5]}],
            [{"seed": 1, "blends": [{"seed": 1, "strength": 0.1}] * (MAX_BLENDS + 1)}],
        )
    ],
    ("seed", {"noises": [{}]}),
    ("seed", {"noises": [{"seed": SEED_COUNT}]}),
    ("seed", {"noises": [{"seed": 1, "blends": [{"strength": 0.5}]}]}),
    ("strength", {"noises": [{"seed": 1, "blends": [{"seed": 2, "strength": 1.5}]}]}),
    ("strength", {"noises": [{"seed": 1, "blends": [{"seed": 2}]}]}),
    ("n", {"n": 2, "noises": [{"seed": 1}]}),
    *[
        ("parts", {"parts": value})
        for value in (
            5, "a", {}, [5], [None], [{"text": "a", "weight": 0}],
            [{"text": "a"}, {"text": "b", "weight": -1}],
            [{"text": "a", "weight": -0.5}], [{"text": "a"}] * (MAX_PARTS + 1),
        )
    ],
    ("text", {"parts": [{}]}),
    ("text", {"parts": [{"text": 5}]}),
    ("text", {"parts": [{"text": "x" * (MAX_PROMPT_CHARS + 1)}]}),
    *[
        ("weight", {"parts": [{"text": "a", "weight": weight}]})
        for weight in (101, -101, math.nan, math.inf, "1", True)
    ],
    *[
        (field, {field: value})
        for field in ("guidance_rescale", "condition_noise")
        for value in (-0.1, 1.1, math.nan, "1", True, [])
    ],
    *[
        ("guidance_interval", {"guidance_interval": value})
        for value in (0.5, "0,1", [0.5], [0, 0.5, 1], [0.6, 0.5], [-0.1, 1], [0, 1.1],
                      [None, 1], ["0", "1"], [math.nan, 1], [False, True], {})
    ],
    ("tile", {"tile": 1}),
    *[("loras", {"loras": value}) for value in (5, {}, [5], [{"name": "other"}],
                                                [{"name": "ink"}] * (MAX_LORAS + 1))],
    ("name", {"loras": [{}]}),
    *[("weight", {"loras": [{"name": "ink", "weight": weight}]}) for weight in (4.1, -5, "1")],
    *[("start", {"start": value}) for value in (5, "x", [], True)],
    *[("strength", {"start": {"image": "0" * 64, "strength": value}})
      for value in (None, 0, -1, 1.1, math.nan, "1", True)],
    *[("image", {"start": {"image": value, "strength": 1}})
      for value in (None, 5, "", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "０" * 64)],
    *[("mask", {"start": {"image": "0" * 64, "strength": 1, "mask": value}})
      for value in (5, "", False, [], "0" * 63, ["0" * 64])],
    ("response_format", {"response_format": "uri"}),
    ("output_format", {"output_format": "gif"}),
    ("partial_images", {"partial_images": -1}),
    ("partial_images", {"partial_images": MAX_STEPS + 1}),
    *[("stream", {"stream": value}) for value in (1, "true", [])],
    ("progress", {"progress": 1}),
    ("user", {"user": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("param", "body"), REFUSED)
def test_what_cannot_be_used_is_refused_by_name(param: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidField) as refusal:
        _read(**body)
    assert refusal.value.param == param
    assert refusal.value.message
    assert len(refusal.value.message) < 300


@pytest.mark.parametrize("body", [None, [], "x", 5, True])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(InvalidField) as refusal:
        read_call(body, {"tiny": TINY}, "tiny", new_seed=0)
    assert refusal.value.param is None


@pytest.mark.parametrize("size", ["16x16", "256x256", "24x200", "auto"])
def test_the_bounds_themselves_are_fine(size: str) -> None:
    _read(
        size=size,
        n=MAX_PICTURES,
        num_inference_steps=MAX_STEPS,
        guidance_scale=100,
        prompt="x" * MAX_PROMPT_CHARS,
        partial_images=MAX_STEPS,
        output_format=OUTPUT_FORMATS[-1],
    )


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["64x64", "euler", "png", "tiny", "b64_json"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = [*a_request().to_json(), "seed", "stream", "partial_images", "output_format",
          "response_format", "progress", "user", "id", "styles", "examples", "native_size",
          "multiple", "min_size", "max_size"]  # fmt: skip
bodies = anything | st.dictionaries(st.sampled_from(FIELDS), anything)


@given(bodies)
def test_whatever_json_comes_nothing_but_a_refusal_is_raised(body: Any) -> None:
    with suppress(InvalidField):
        call = read_call(body, {"tiny": TINY}, "tiny", new_seed=1)
        assert ImageRequest.from_json(call.request.to_json()) == call.request
    for read in (ImageRequest.from_json, ModelInfo.from_json):
        if isinstance(body, dict):
            with suppress(InvalidField):
                read(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"prompt": None}, "“prompt” is missing."),
        ({"user": 5}, "“user” must be text."),
        ({"prompt": "x" * 6001}, "“prompt” has 6001 characters; 6000 is the most."),
        ({"prompt": "\ud83e"}, "“prompt” has half a character in it (a lone surrogate)."),
        ({"n": 17}, "“n” must be a whole number from 1 to 16."),
        ({"parts": [{"text": "a", "weight": 101}]}, "“weight” must be a number from -100 to 100."),
        ({"stream": 1}, "“stream” must be true or false."),
        ({"output_format": "gif"}, "“output_format” must be one of png, jpeg, webp."),
        ({"loras": {}}, "“loras” must be a list of at most 8."),
        ({"loras": [5]}, "Each of “loras” must be an object."),
        ({"noises": []}, "“noises” must be a list of 1 to 16 noises."),
        ({"noises": [5]}, "Each of “noises” must be an object with a seed."),
        ({"noises": [{"seed": 1, "blends": 5}]}, "“blends” must be a list of at most 64."),
        ({"size": "64"}, "“size” must look like 512x512."),
        ({"start": 5}, "“start” must be an object with an image and a strength."),
        ({"start": {"image": "a"}}, "“image” must be a SHA-256 in hexadecimal."),
        ({"stop": 0}, "“stop” must be above 0: some of the steps have to run."),
    ],
)
def test_a_refusal_says_what_the_field_must_be(body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        _read(**body)
    assert refusal.value.message == message


def test_a_call_is_read_as_it_is_sent() -> None:
    call = GenerationCall(
        a_request(model="tiny", sampler="dpmpp_2m", spacing="trailing"),
        stream=True,
        partial_images=2,
        progress=True,
        user="ada",
    )
    sent = json.loads(json.dumps(call.to_json()))
    # TINY has another sampler and other spacings, which stand in for what is not sent.
    assert read_call(sent, {"tiny": TINY}, "tiny", new_seed=9) == call
    assert read_call(GenerationCall(call.request).to_json(), {"tiny": TINY}, "tiny", 9) == (
        GenerationCall(call.request)
    )
