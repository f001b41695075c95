"""What comes of a picture: pure requests from requests."""

from dataclasses import replace

import pytest

from bot.errors import TooManyGenerations
from bot.prompts.derive import enlarged_size, pan, reroll, single, vary, vary_picture
from bot.prompts.seeds import GRID_PICTURES
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import MAX_BLENDS, ImageRequest
from tests.support.bot.image_requests import common_noise, request_for


def test_variations_stay_close_to_their_picture() -> None:
    grid = request_for("a fox")
    varied = vary(grid, 2, new_seed=9)
    assert len(set(varied.noises)) == GRID_PICTURES
    for noise in varied.noises:
        assert (noise.seed, noise.blends[:-1]) == (grid.noises[2].seed, grid.noises[2].blends)
        assert 0 < noise.blends[-1].strength < 0.5
    assert varied.prompt == grid.prompt


def test_variations_end_somewhere() -> None:
    request = request_for("a fox")
    for generation in range(MAX_BLENDS - 1):
        request = vary(request, 0, generation)
    with pytest.raises(TooManyGenerations):
        vary(request, 0, 1)


def test_variations_of_a_stored_picture_start_from_it_with_new_noise() -> None:
    grid = request_for("a fox")
    varied = vary_picture(grid, "ab" * 32, 9, "subtle")
    assert not set(varied.noises) & set(grid.noises)
    assert len(set(varied.noises)) == GRID_PICTURES
    assert varied.start is not None
    assert (varied.start.image, varied.start.mask) == ("ab" * 32, None)


def test_a_model_of_few_sizes_grows_only_to_these() -> None:
    grid = replace(request_for("a fox"), width=1024, height=1024)
    few = ModelInfo("few", sizes=("1024x1024", "1536x1024", "2048x1024"))
    assert pan(grid, "left", few) == (1536, 1024)
    assert pan(grid, "up", few) == (1024, 1024)
    assert enlarged_size(grid, few) == (1024, 1024)
    assert enlarged_size(grid, ModelInfo("two", sizes=("1024x1024", "2048x2048"))) == (2048, 2048)


def test_a_reroll_of_a_grid_keeps_everything_but_the_noise() -> None:
    grid = request_for("a fox --c 30")
    again = reroll(grid, new_seed=5)
    assert not set(again.noises) & set(grid.noises)
    assert common_noise(again) == common_noise(grid)
    assert (again.prompt, again.steps) == (grid.prompt, grid.steps)


def test_a_reroll_of_variations_stays_with_their_picture() -> None:
    grid = request_for("a fox")
    again = reroll(vary(grid, 1, new_seed=3), new_seed=4)
    assert not set(again.noises) & set(vary(grid, 1, new_seed=3).noises)
    assert {noise.blends[:-1] for noise in again.noises} == {grid.noises[1].blends}


def test_one_picture_can_be_asked_for_by_itself() -> None:
    grid = request_for("a fox")
    assert single(grid, 3).noises == (grid.noises[3],)


def test_a_request_survives_its_json() -> None:
    request = vary(request_for("ثعلب 🦊 --no grass --ar 3:2"), 1, new_seed=2)
    assert ImageRequest.from_json(request.to_json()) == request
