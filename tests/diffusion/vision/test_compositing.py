"""Compositing: drawings on a common background, without an edge that one could see."""

import itertools

import numpy as np
import pytest

from diffusion.vision.compositing import Box, arrange, box_around, composite, cropped
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas

SIDE = 64
SIZES = [(96, 64), (64, 96), (112, 64), (64, 112), (52, 80), (200, 120), (64, 64), (16, 40)]


def _drawing(
    ground: tuple[int, int, int] = (200, 220, 250), slope: float = 0.0, noise: float = 2.0
) -> Pixels:
    """A red square on a ground that gets brighter downwards and is a little grainy."""
    drawing = np.empty((SIDE, SIDE, 3))
    drawing[:] = ground
    drawing += slope * np.linspace(-0.5, 0.5, SIDE)[:, None, None]
    drawing += np.random.default_rng(0).normal(0, noise, drawing.shape)
    drawing[16:48, 16:48] = (220, 20, 20)
    return drawing.round().clip(0, 255).astype(np.uint8)


def _largest_step(picture: Pixels) -> float:
    """The largest step between means of neighbouring columns or rows of what is not red."""
    levels = picture.astype(float)
    levels = np.where(levels[..., :1] > levels[..., 1:2] + 60, np.nan, levels)
    steps = [np.abs(np.diff(np.nanmean(levels, axis=axis), axis=0)).max() for axis in (0, 1)]
    return float(np.nanmax(steps))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("slope", [0.0, 30.0])
def test_a_drawing_gets_more_of_its_own_background(width: int, height: int, slope: float) -> None:
    picture = composite([_drawing(slope=slope)], arrange(1, width, height), width, height)
    assert picture.shape == (height, width, 3)
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]].astype(float)
    assert np.abs(corners - (200, 220, 250)).max() < 6 + slope / 2
    middle = picture[height // 2, width // 2]
    assert np.abs(middle.astype(float) - (220, 20, 20)).max() < 8


@pytest.mark.parametrize(("width", "height"), [(112, 64), (64, 112)])
@pytest.mark.parametrize("slope", [0.0, 30.0])
def test_no_edge_of_the_drawing_is_seen(width: int, height: int, slope: float) -> None:
    """Beside the thing, colours change no faster than in the drawing itself."""
    drawing = _drawing(slope=slope, noise=1.0)
    picture = composite([drawing], arrange(1, width, height), width, height)
    assert _largest_step(picture) <= _largest_step(drawing) + 1


def test_what_touches_the_edge_does_not_colour_the_background() -> None:
    drawing = _drawing()
    drawing[16:48, :] = (220, 20, 20)
    picture = composite([drawing], arrange(1, 112, 64), 112, 64)
    assert np.abs(picture[:, :20].astype(float) - (200, 220, 250)).max() < 8


def test_drawings_get_one_background() -> None:
    """Two backgrounds that differ a little become one; the things keep their colours."""
    drawings = [_drawing((250, 250, 250)), _drawing((236, 242, 248))]
    boxes = arrange(2, 128, 64)
    picture = composite(drawings, boxes, 128, 64).astype(float)
    left, right = picture[4:60, 2:12], picture[4:60, 116:126]
    assert np.abs(left.mean((0, 1)) - right.mean((0, 1))).max() < 1
    for box in boxes:
        assert np.abs(picture[32, box.left + 32] - (220, 20, 20)).max() < 3


def test_a_drawing_gets_the_background_of_a_picture_around_it() -> None:
    around = np.full((80, 140, 3), (60, 120, 220), np.uint8)
    around[20:60, 40:100] = (250, 120, 20)
    picture = composite([_drawing((252, 252, 250))], (Box(70, 10, 40),), 140, 80, around=around)
    seen = picture.astype(int)
    assert np.abs(seen[12:18, 72:108] - (60, 120, 220)).max() < 12
    assert np.abs(seen[:, :60] - (60, 120, 220)).max() <= 2
    assert np.abs(seen[30, 90] - (220, 20, 20)).max() < 8


def test_borders_of_a_seamless_picture_meet() -> None:
    drawing = _drawing(slope=30.0, noise=0.0)
    picture = composite([drawing], arrange(1, 112, 64), 112, 64, seamless=True).astype(int)
    assert np.abs(picture[:, 0] - picture[:, -1]).max() <= 1
    assert np.abs(picture[0] - picture[-1]).max() <= 1


def test_a_seamless_drawing_stays_seamless_at_another_size() -> None:
    waves = np.sin(np.arange(SIDE) * 2 * np.pi / SIDE)
    drawing = np.zeros((SIDE, SIDE, 3)) + 128 + 100 * waves[:, None, None] * waves[None, :, None]
    for side in (40, 100):
        picture = composite([drawing.astype(np.uint8)], (Box(0, 0, side),), side, side, True)
        most = np.abs(np.diff(picture.astype(int), axis=1)).max()
        assert np.abs(picture[:, 0].astype(int) - picture[:, -1]).max() <= most + 1


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_boxes_lie_in_the_picture_side_by_side(count: int, width: int, height: int) -> None:
    boxes = arrange(count, width, height)
    assert len(boxes) == count
    assert len({box.side for box in boxes}) == 1
    for box in boxes:
        assert 0 <= box.left <= box.left + box.side <= width
        assert 0 <= box.top <= box.top + box.side <= height
    for one, two in itertools.combinations(boxes, 2):
        apart = max(abs(one.left - two.left), abs(one.top - two.top))
        assert apart >= one.side


def test_things_stand_beside_each_other_where_there_is_room() -> None:
    assert {box.top for box in arrange(2, 112, 64)} == {4}
    assert {box.left for box in arrange(2, 64, 112)} == {4}
    assert [box.side for box in arrange(3, 192, 64)] == [64] * 3


@pytest.mark.parametrize("start", [0, 10, 48])
def test_the_box_of_a_mask_is_where_the_mask_is(start: int) -> None:
    mask = np.zeros((64, 112), np.float32)
    mask[:, start : start + 60] = 1
    box = box_around(mask)
    assert box.side == 64
    assert box.left <= start <= start + 60 <= box.left + box.side
    assert box_around(mask.T) == Box(box.top, box.left, 64)


def test_the_box_of_a_small_mask_is_not_much_larger() -> None:
    """A thing that fills it is not cut off by the mask."""
    mask = np.zeros((96, 168), np.float32)
    mask[10:86, 120:166] = 1
    box = box_around(mask)
    assert 46 < box.side < 54
    assert abs(box.left + box.side / 2 - 143) <= 2
    assert abs(box.top + box.side / 2 - 48) <= 2


def test_the_box_of_two_distant_places_has_one_of_them() -> None:
    mask = np.zeros((64, 192), np.float32)
    mask[:, :30] = mask[:, -30:] = 1
    box = box_around(mask)
    assert mask[:, box.left : box.left + box.side].sum() == 30 * 64


def test_the_part_of_a_canvas_in_a_box() -> None:
    pixels = np.zeros((64, 112, 3), np.uint8)
    pixels[:, 60:] = 255
    mask = (pixels[..., 0] > 0).astype(np.float32)
    part = cropped(InpaintCanvas(pixels, mask), Box(48, 0, 64), 32)
    assert part.mask is not None
    assert (part.pixels.shape, part.mask.shape) == ((32, 32, 3), (32, 32))
    assert part.mask[:, :5].max() == 0
    assert part.mask[:, 7:].min() == 1
    assert cropped(InpaintCanvas(pixels), Box(48, 0, 64), 32).mask is None
