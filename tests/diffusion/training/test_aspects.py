"""The evaluation's questions about other shapes and about scenes."""

import random

import numpy as np
import pytest
from PIL import Image

from diffusion.training.dataset.ideas import IDEAS
from diffusion.training.evaluation.aspects import (
    ASPECTS,
    ask_scenes,
    framed,
    middle_square,
    whole_square,
)


def test_ten_scenes_are_asked_each_among_a_hundred() -> None:
    names = [names[0] for names in IDEAS.values()]
    asked = ask_scenes(names, random.Random(0))
    assert len({one.prompt for one in asked}) == 10
    for one in asked:
        assert len(set(one.choices)) == len(one.choices) == 100
        assert one.answer in one.choices
    answers = {one.prompt: one.answer for one in asked}
    assert answers["an owl at night"] == "an owl on a black background"


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_judge_sees_what_was_drawn(aspect: str) -> None:
    """The middle square of a framed drawing is the drawing."""
    pixels = np.full((128, 128, 3), 240, np.uint8)
    pixels[30:90, 20:100] = (200, 30, 30)
    picture = framed(Image.fromarray(pixels), ASPECTS[aspect])
    assert picture.size == ASPECTS[aspect]
    seen = middle_square(picture)
    expected = Image.fromarray(pixels).resize(seen.size, Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(seen).astype(int) - np.asarray(expected)).mean() < 2


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_judge_also_sees_all_of_a_picture(aspect: str) -> None:
    """What stands at the ends of a picture is in the whole, and not in the middle square."""
    width, height = ASPECTS[aspect]
    pixels = np.full((height, width, 3), 240, np.uint8)
    pixels[:9, :9] = pixels[-9:, -9:] = (200, 30, 30)
    whole = np.asarray(whole_square(Image.fromarray(pixels)))
    assert whole.shape == (max(width, height), max(width, height), 3)
    assert (whole == (200, 30, 30)).all(-1).sum() == 2 * 81
    assert (whole == (240, 240, 240)).all(-1).sum() == whole.shape[0] ** 2 - 2 * 81
    assert (np.asarray(middle_square(Image.fromarray(pixels))) == 240).all()
