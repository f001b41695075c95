"""The texts in PNGs, written without encoding the pixels again."""

import pytest

from bot.images.grid import compose_grid
from bot.images.png import encode_png, with_texts
from diffusion.decoding.decode import plain_png
from tests.support.pictures import encoded, noisy_picture, opened


@pytest.mark.parametrize("label", ["", "a fox\nSteps: 4, Seed: 7", "a fox 🦊 à la carte\nSteps: 4"])
@pytest.mark.parametrize("by_ai", [False, True])
def test_texts_are_those_that_the_encoder_writes(label: str, by_ai: bool) -> None:
    picture = noisy_picture(64)
    shown = opened(with_texts(encode_png(opened(picture), "an old text"), label, by_ai=by_ai))
    expected = opened(encode_png(opened(picture), label, by_ai=by_ai))
    assert shown.text == expected.text
    assert shown.tobytes() == expected.tobytes()


def test_compressed_pixels_are_taken_as_they_are() -> None:
    picture = noisy_picture(64)
    assert plain_png(with_texts(picture, "a fox", by_ai=True)) == plain_png(picture)


def test_one_large_picture_is_shown_without_encoding_it_again() -> None:
    picture = noisy_picture(512)
    assert plain_png(compose_grid([picture])) == plain_png(picture)


def test_another_kind_of_png_is_encoded_again() -> None:
    assert opened(with_texts(encoded("PNG"), "a fox")).mode == "RGB"
