"""PNGs that we encode ourselves: any decoder gets the same pixels back."""

import io

import pytest
from PIL import Image

from diffusion.decoding.decode import PNG_FILTER_UP, STRIP_ROWS, encoded_png, plain_png
from tests.support.pictures import noisy_picture, opened


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize(
    "size", [(1, 1), (7, STRIP_ROWS), (3, STRIP_ROWS + 1), (200, 2 * STRIP_ROWS + 9)]
)
def test_the_pixels_come_back(mode: str, size: tuple[int, int]) -> None:
    picture = opened(noisy_picture(256)).convert("RGB").resize(size)
    if mode == "RGBA":
        picture.putalpha(picture.convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    picture = picture.convert(mode)
    file = encoded_png(picture)
    with Image.open(io.BytesIO(file), formats=["PNG"]) as checked:
        checked.verify()
    with Image.open(io.BytesIO(file), formats=["PNG"]) as shown:
        assert (shown.mode, shown.size, shown.info) == (mode, size, {})
        assert shown.tobytes() == picture.tobytes()


def test_the_metadata_of_a_picture_is_not_copied() -> None:
    picture = Image.new("RGB", (8, 8), "red")
    picture.info["parameters"] = "a secret"
    assert b"secret" not in encoded_png(picture)
    # Nothing is left to be taken away.
    assert plain_png(encoded_png(picture)) == encoded_png(picture)


def test_a_smooth_picture_becomes_small() -> None:
    """The rows' differences are stored: of a gradient from top to bottom hardly anything."""
    picture = Image.linear_gradient("L").resize((512, 512)).convert("RGB")
    assert len(encoded_png(picture)) < 512 * 512 * 3 / 50
    assert PNG_FILTER_UP == b"\2"
