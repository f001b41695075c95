"""What a prompt comes to: sizes, steps, guidance and noise."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameter, PromptTooLong
from bot.prompts.parser import parse
from bot.prompts.resolve import resolve, size_of, strength_of, with_init_image
from bot.prompts.seeds import GRID_PICTURES
from bot.prompts.stylize import FAITHFUL, STYLISED, TEMPERAMENTS
from bot.prompts.values import Aspect
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import SEED_COUNT, ImageRequest, InitImage, Lora, WeightedPrompt
from tests.support.bot.image_requests import MODEL, common_noise, request_for, settings_for


def test_open_fields_come_from_the_model() -> None:
    request = request_for("a fox")
    assert (request.width, request.height) == (128, 128)
    assert (request.steps, request.guidance_scale, request.stop) == (20, 4.0, 1.0)
    assert request.guidance_rescale == 0.5
    assert (request.prompt, request.negative_prompt) == ("a fox", "")
    assert len(request.noises) == GRID_PICTURES


def test_the_server_decides_what_the_prompt_leaves_open_and_no_more() -> None:
    defaults = {"aspect": "3:2", "style": "noto", "stylize": 1000}
    decided = request_for("a fox", **defaults)
    assert decided.width > decided.height
    assert decided.prompt == "a fox, noto style"
    assert decided.guidance_scale == 8.0
    assert request_for("a fox --ar 1:1 --style raw --s 100", **defaults) == request_for("a fox")


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Aspect(1, 1), (1024, 1024)),
        (Aspect(16, 9), (1536, 1024)),
        (Aspect(2, 3), (1024, 1536)),
        (Aspect(1, 4), (1024, 1536)),
        (Aspect(10, 9), (1024, 1024)),
    ],
)
def test_a_model_of_few_sizes_draws_the_nearest(aspect: Aspect, size: tuple[int, int]) -> None:
    few = replace(MODEL, sizes=("2048x2048", "1024x1024", "1536x1024", "1024x1536"))
    few = replace(few, native_size=1024)
    assert size_of(aspect, few) == size


def test_a_default_style_that_the_model_lacks_is_none() -> None:
    assert request_for("a fox", style="gone").prompt == "a fox"


def test_a_style_that_the_model_lacks_is_refused_by_name() -> None:
    with pytest.raises(InvalidParameter, match="noto"):
        request_for("a fox --style cubist")


def test_a_prompt_is_never_a_template() -> None:
    assert request_for("{prompt} {0} --style noto").prompt == "{prompt} {0}, noto style"


def test_a_style_may_not_push_a_prompt_over_the_limit() -> None:
    with pytest.raises(PromptTooLong):
        request_for("x" * 6000, style="noto")


def test_what_no_lists_may_not_grow_over_the_limit() -> None:
    with pytest.raises(PromptTooLong, match="--no"):
        request_for("fox --no " + "a," * 2990)


@given(st.integers(1, 1000), st.integers(1, 1000), st.sampled_from([8, 16, 32, 64]))
def test_sizes_keep_to_area_aspect_and_multiple(width: int, height: int, multiple: int) -> None:
    if not 1 / 3 <= width / height <= 3:
        return
    model = ModelInfo(id="m", native_size=512, steps=1, guidance_scale=1, multiple=multiple)
    pixels = size_of(Aspect(width, height), model)
    assert all(side % multiple == 0 for side in pixels)
    exact = (512 * math.sqrt(width / height), 512 / math.sqrt(width / height))
    assert all(abs(a - b) <= multiple / 2 for a, b in zip(pixels, exact, strict=True))


def test_sizes_stay_within_what_the_model_takes() -> None:
    model = ModelInfo(
        id="m", native_size=128, steps=1, guidance_scale=1, multiple=32, min_size=80, max_size=200
    )
    assert size_of(Aspect(3, 1), model) == (192, 96)


@pytest.mark.parametrize(("stylize", "guidance"), [(0, 2), (50, 3), (100, 4), (550, 6), (1000, 8)])
def test_stylize_drives_the_guidance(stylize: int, guidance: float) -> None:
    assert request_for(f"a fox --s {stylize}").guidance_scale == pytest.approx(guidance)


@pytest.mark.parametrize(("quality", "steps"), [(".25", 5), (".5", 10), ("1", 20), ("4", 80)])
def test_quality_spends_steps(quality: str, steps: int) -> None:
    assert request_for(f"a fox --q {quality}").steps == steps


def test_steps_stand_in_for_the_models_own() -> None:
    assert request_for("a fox --steps 30").steps == 30
    assert request_for("a fox --steps 30 --q .5").steps == 15
    assert request_for("a fox --steps 150 --q 4").steps == 150


def test_a_draft_is_half_the_steps_at_half_the_area() -> None:
    draft = request_for("a fox --draft")
    assert draft.steps == 10
    assert draft.width * draft.height == pytest.approx(128 * 128 / 2, rel=0.1)


@pytest.mark.parametrize("temperament", TEMPERAMENTS)
def test_stylize_never_turns_back(temperament: str) -> None:
    requests = [
        request_for(f"a fox --s {stylize}", temperament=temperament)
        for stylize in range(0, 1001, 50)
    ]
    scales = [request.guidance_scale for request in requests]
    assert scales == sorted(set(scales))
    pulls = [sum(part.weight for part in request.parts[1:]) for request in requests]
    assert pulls == sorted(pulls)
    assert pulls[-1] == TEMPERAMENTS[temperament].pull


def test_the_faithful_temperament_keeps_to_the_words() -> None:
    for stylize in (0, 100, 1000):
        faithful = request_for(f"a fox --s {stylize}", temperament=FAITHFUL)
        stylised = request_for(f"a fox --s {stylize}", temperament=STYLISED)
        assert faithful.guidance_scale < stylised.guidance_scale
        assert not faithful.parts


def test_raw_has_neither_style_nor_aesthetic() -> None:
    request = request_for("a fox --raw --s 1000", style="noto")
    assert request.prompt == "a fox"
    assert not request.parts


def test_the_aesthetic_pulls_beside_the_prompt_in_its_style() -> None:
    request = request_for("a fox --s 1000 --style noto")
    assert request.parts == (
        WeightedPrompt("a fox, noto style", 1),
        WeightedPrompt("a fox, noto style, beautiful", 2),
    )


def test_weighted_texts_keep_their_weights_and_only_what_is_wanted_is_styled() -> None:
    request = request_for("a fox::3 snow::-1 --style noto")
    assert request.parts == (WeightedPrompt("a fox, noto style", 1.5), WeightedPrompt("snow", -0.5))
    assert request_for("a::2 b::2 c::0").parts == (
        WeightedPrompt("a", 0.5),
        WeightedPrompt("b", 0.5),
    )


def test_all_that_may_be_typed_fits_into_a_request() -> None:
    request = request_for("a:: " * 14 + "--s 1000 --w 3000 --no grass --lora ink:-4 --tile --n 1")
    assert ImageRequest.from_json(request.to_json()) == request


def test_what_self_hosters_say_reaches_the_request() -> None:
    request = request_for(
        "a fox --cfg 7.5 --sampler ddim --size 64x256 --lora ink:.5 --n 2 --s 900"
    )
    assert (request.guidance_scale, request.sampler) == (7.5, "ddim")
    assert (request.width, request.height) == (64, 256)
    assert request.loras == (Lora("ink", 0.5),)
    assert len(request.noises) == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("a fox --size 64x100", "multiples of 8 from 64 to 2048"),
        ("a fox --size 56x64", "multiples of 8 from 64 to 2048"),
        ("a fox --size 4096x64", "128x128"),
        ("a fox --lora oil", "`ink`"),
    ],
)
def test_what_the_model_has_not_is_refused(typed: str, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        request_for(typed)


def test_a_refusal_names_as_many_as_can_be_read() -> None:
    model = replace(MODEL, loras=tuple(f"a-lora-with-a-long-name-{n}" for n in range(200)))
    with pytest.raises(InvalidParameter) as refused:
        resolve(parse("a fox --lora oil"), settings_for("a fox --lora oil", model=model), 1)
    assert "`a-lora-with-a-long-name-0`" in str(refused.value)
    assert "…" in str(refused.value)
    assert "name-199" not in str(refused.value)


def test_a_picture_to_start_from_is_kept_by_its_weight() -> None:
    def start(typed: str) -> InitImage | None:
        return with_init_image(request_for(typed), settings_for(typed), "f" * 64).start

    assert start("a fox --iw 0") == InitImage("f" * 64, 1)
    assert start("a fox") == InitImage("f" * 64, pytest.approx(0.6))
    strengths = [strength_of(weight / 10) for weight in range(31)]
    assert strengths == sorted(set(strengths), reverse=True)
    assert with_init_image(request_for("a fox"), settings_for("a fox"), None).start is None


def test_weird_mixes_noise_into_the_texts() -> None:
    noise = [request_for(f"a fox --w {weird}").condition_noise for weird in range(0, 3001, 500)]
    assert noise[0] == 0
    assert noise == sorted(set(noise))


def test_stop_and_no_reach_the_request() -> None:
    request = request_for("a fox --stop 35 --no grass, sky")
    assert (request.stop, request.negative_prompt) == (0.35, "grass, sky")


def test_chaos_takes_the_common_noise_away() -> None:
    shares = [common_noise(request_for(f"a fox --c {chaos}")) for chaos in (0, 25, 50, 75, 100)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.4)
    assert shares[-1] == pytest.approx(0)


def test_a_common_seed_makes_the_pictures_alike_but_not_the_same() -> None:
    request = request_for("a fox --sameseed 7")
    assert common_noise(request) > 0.9
    assert len(set(request.noises)) == GRID_PICTURES
    assert request.noises[0].seed == 7


def test_the_same_seed_gives_the_same_request_and_another_another() -> None:
    assert request_for("a fox --seed 7", seed=1) == request_for("a fox --seed 7", seed=2)
    assert request_for("a fox", seed=1) != request_for("a fox", seed=2)


def test_all_pictures_of_a_grid_differ() -> None:
    assert len(set(request_for("a fox").noises)) == GRID_PICTURES


def test_repetitions_differ_and_the_first_is_the_prompt_alone() -> None:
    typed = f"a fox --seed {SEED_COUNT - 1} --repeat 3"
    requests = resolve(parse(typed), settings_for(typed), 0)
    assert len(set(requests)) == 3
    assert requests[0] == request_for(f"a fox --seed {SEED_COUNT - 1}")


def test_a_request_survives_its_json() -> None:
    request = request_for("ثعلب 🦊 --no grass --ar 3:2")
    assert ImageRequest.from_json(request.to_json()) == request
