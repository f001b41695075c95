"""What drawing starts from: the picture in its place, and a mask that keeps it."""

import io

import pytest
from PIL import Image

from bot.images.outpaint import (
    SEAM_DIVISOR,
    OutpaintCanvas,
    extend,
    number_cells,
    open_cells,
    zoom_out,
)
from tests.support.pictures import noisy_picture, opened, picture


def parts(canvas: OutpaintCanvas) -> tuple[Image.Image, Image.Image]:
    """The image and the mask, whose sizes are what the canvas says."""
    image, mask = opened(canvas.image), opened(canvas.mask)
    assert image.size == mask.size == (canvas.width, canvas.height)
    assert mask.mode == "L"
    assert {value for _, value in mask.getcolors()} == {0, 255}
    return image, mask


@pytest.mark.parametrize("factor", [1.1, 1.5, 2.0])
def test_zooming_out_puts_the_picture_smaller_into_the_middle(factor: float) -> None:
    image, mask = parts(zoom_out(picture("red", (64, 96)), 128, 192, factor))
    left, top, right, bottom = mask.point(lambda value: 255 - value).getbbox()
    assert abs(left - (128 - right)) <= 1
    assert abs(top - (192 - bottom)) <= 1
    seams = 2 * (round(128 / factor) // SEAM_DIVISOR)
    assert right - left == round(128 / factor) - seams
    assert image.getpixel((64, 96)) == (255, 0, 0)
    # The border's colour is carried on to the corners.
    assert image.getpixel((0, 0)) == image.getpixel((127, 191)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("across", "down", "new", "kept"),
    [
        (1, 0.5, (96, 64), (36, 0, 96, 64)),
        (0, 0.5, (96, 64), (0, 0, 60, 64)),
        (0.5, 1, (64, 96), (0, 36, 64, 96)),
        (0.5, 0, (64, 96), (0, 0, 64, 60)),
        (0.5, 0.5, (96, 64), (20, 0, 76, 64)),
    ],
    ids=["left", "right", "up", "down", "both sides"],
)
def test_carrying_on_adds_where_it_should_and_keeps_the_rest(
    across: float, down: float, new: tuple[int, int], kept: tuple[int, int, int, int]
) -> None:
    canvas = extend(noisy_picture(64), (64, 64), new, across, down)
    image, mask = parts(canvas)
    assert mask.point(lambda value: 255 - value).getbbox() == kept
    # What is kept are the picture's own pixels.
    left, top = round((new[0] - 64) * across), round((new[1] - 64) * down)
    there = image.crop((left, top, left + 64, top + 64))
    assert there.tobytes() == opened(noisy_picture(64)).tobytes()


def test_a_region_is_the_chosen_cells_and_no_more() -> None:
    image, mask = parts(open_cells(picture("red", (128, 64)), 128, 64, 4, {0, 5}))
    assert image.getpixel((3, 3)) == (255, 0, 0)
    white = [(x, y) for x in range(4) for y in range(4) if mask.getpixel((32 * x + 16, 16 * y + 8))]
    assert white == [(0, 0), (1, 1)]
    assert mask.histogram()[255] == 2 * 32 * 16


def test_rasters_that_do_not_divide_the_picture_leave_no_pixel_out() -> None:
    _, mask = parts(open_cells(picture("red", (100, 70)), 100, 70, 3, {0, 1, 2, 4}))
    assert mask.getbbox() == (0, 0, 100, 46)
    everything = opened(open_cells(picture("red"), 100, 70, 3, range(9)).mask)
    assert everything.getextrema() == (255, 255)


@pytest.mark.parametrize("cells", [set(), {9}, {-1}, {0, 16}])
def test_cells_that_are_not_there_are_refused(cells: set[int]) -> None:
    with pytest.raises(ValueError, match="no such cells"):
        open_cells(picture("red"), 64, 64, 3, cells)


def test_the_numbers_of_the_cells_are_drawn_on_the_picture() -> None:
    plain = picture("red", (128, 64))
    shown = opened(number_cells(plain, 3))
    assert shown.size == (1024, 512)
    assert Image.new("RGB", shown.size, "red").tobytes() != shown.tobytes()
    assert opened(number_cells(plain, 4)).tobytes() != shown.tobytes()
    assert Image.open(io.BytesIO(plain)).size == (128, 64)


@pytest.mark.parametrize("colour", ["white", "black", "grey"])
def test_the_lines_between_cells_show_on_every_colour(colour: str) -> None:
    shown = opened(number_cells(picture(colour, (64, 64)), 3)).convert("L")
    ground = shown.getpixel((20, 20))
    # From the middle of the first cell to that of the second, above the numbers.
    crossed = [shown.getpixel((x, 20)) for x in range(shown.width // 6, shown.width // 2)]
    assert max(abs(value - ground) for value in crossed) > 120
