"""What a prompt comes to: sizes, steps, guidance and noise."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameter, PromptTooLong
from bot.noises import PICTURES
from bot.parameters import Aspect
from bot.prompt import Prompt, parse
from bot.resolve import Defaults, resolve, size_of
from diffusion.protocol import SEEDS, ImageRequest, ModelInfo

MODEL = ModelInfo(
    id="mini",
    native_size=128,
    steps=20,
    guidance_scale=4.0,
    multiple=8,
    styles={"noto": "{prompt}, noto style"},
)


def request_for(typed: str, seed: int = 1, **defaults: object) -> ImageRequest:
    (request,) = resolve(parse(typed), MODEL, Defaults(**defaults), seed)  # type: ignore[arg-type]
    return request


def test_open_fields_come_from_the_model() -> None:
    request = request_for("a fox")
    assert (request.width, request.height) == (128, 128)
    assert (request.steps, request.guidance_scale, request.stop) == (20, 4.0, 1.0)
    assert (request.prompt, request.negative_prompt) == ("a fox", "")
    assert len(request.noises) == PICTURES


def test_the_server_decides_what_the_prompt_leaves_open_and_no_more() -> None:
    defaults = {"aspect": Aspect(3, 2), "style": "noto", "stylize": 1000}
    decided = request_for("a fox", **defaults)
    assert decided.width > decided.height
    assert decided.prompt == "a fox, noto style"
    assert decided.guidance_scale == 8.0
    assert request_for("a fox --ar 1:1 --style raw --s 100", **defaults) == request_for("a fox")


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


def test_stop_and_no_reach_the_request() -> None:
    request = request_for("a fox --stop 35 --no grass, sky")
    assert (request.stop, request.negative_prompt) == (0.35, "grass, sky")


def common_noise(request: ImageRequest) -> float:
    """Correlation of two of the pictures' noises, from their blends."""
    assert len({noise.seed for noise in request.noises}) == 1
    return 1 - request.noises[0].blends[0].strength ** 2


def test_chaos_takes_the_common_noise_away() -> None:
    shares = [common_noise(request_for(f"a fox --c {chaos}")) for chaos in (0, 25, 50, 75, 100)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.4)
    assert shares[-1] == pytest.approx(0)


def test_the_same_seed_gives_the_same_request_and_another_another() -> None:
    assert request_for("a fox --seed 7", seed=1) == request_for("a fox --seed 7", seed=2)
    assert request_for("a fox", seed=1) != request_for("a fox", seed=2)


def test_all_pictures_of_a_grid_differ() -> None:
    assert len(set(request_for("a fox").noises)) == PICTURES


def test_repetitions_differ_and_the_first_is_the_prompt_alone() -> None:
    requests = resolve(Prompt("a fox", seed=SEEDS - 1, repeat=3), MODEL, Defaults(), 0)
    assert len(set(requests)) == 3
    assert requests[0] == request_for(f"a fox --seed {SEEDS - 1}")


def test_a_request_survives_its_json() -> None:
    request = request_for("ثعلب 🦊 --no grass --ar 3:2")
    assert ImageRequest.from_json(request.to_json()) == request
