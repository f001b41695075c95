"""Models that draw one thing, in one size: other sizes and scenes are put together from that."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.engine.composition import Composition
from diffusion.engine.engine import Engine
from diffusion.engine.events import (
    EngineEvent,
    GenerationFailed,
    GenerationFinished,
    GenerationProgress,
)
from diffusion.loading.load import EMBEDDED, Checkpoint, load
from diffusion.protocol.requests import ImageRequest, InitImage, Noise, SeedBlend, WeightedPrompt
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas, prepare
from tests.support.engine.image_uploads import scene
from tests.support.engine.inference_requests import a_request

DIGEST = "0" * 64


@pytest.fixture(scope="module")
def single(tiny: Checkpoint) -> Checkpoint:
    """The tiny model, as one that draws one thing of 64×64 pixels at a time."""
    return replace(tiny, single_subject=True)


Asked = tuple[ImageRequest, InpaintCanvas | None]


def _run(model: Checkpoint, *asked: Asked, previews: int = 0) -> list[list[EngineEvent]]:
    """The events of requests that run together."""
    engine = Engine(model)
    keys = [engine.add(request, previews, canvas).key for request, canvas in asked]
    events: list[EngineEvent] = []
    while len(engine):
        events += engine.step()
    assert not [event for event in events if isinstance(event, GenerationFailed)]
    return [[event for event in events if event.key == key] for key in keys]


def _pictures(model: Checkpoint, *asked: Asked) -> list[tuple[Pixels, ...]]:
    return [
        event.pictures
        for events in _run(model, *asked)
        for event in events
        if isinstance(event, GenerationFinished)
    ]


def _same(one: tuple[Pixels, ...], two: tuple[Pixels, ...]) -> bool:
    return len(one) == len(two) and all(map(np.array_equal, one, two))


@pytest.mark.parametrize("size", [(80, 56), (56, 80), (88, 48), (48, 88), (48, 48), (128, 128)])
def test_every_size_is_drawn_in_the_native_one(single: Checkpoint, size: tuple[int, int]) -> None:
    request = a_request(width=size[0], height=size[1])
    composition = Composition.of(single, request, None)
    assert {(one.width, one.height) for one in composition.drawings} == {(64, 64)}
    (pictures,) = _pictures(single, (request, None))
    assert [one.shape for one in pictures] == [(size[1], size[0], 3)] * 2
    assert not np.array_equal(*pictures)


def test_the_native_size_is_as_without_composing(tiny: Checkpoint, single: Checkpoint) -> None:
    asked = (a_request(), None)
    assert _same(*_pictures(single, asked), *_pictures(tiny, asked))


def test_other_models_draw_what_they_are_asked_for(tiny: Checkpoint) -> None:
    request = a_request(prompt="two owls at night", width=80, height=56)
    assert Composition.of(tiny, request, None) == Composition(request, (request,))


def test_a_wide_picture_shows_the_square_one_in_its_middle(single: Checkpoint) -> None:
    square, wide = _pictures(single, (a_request(), None), (a_request(width=112), None))
    for one, two in zip(square, wide, strict=True):
        # Without the blended edge, which the tiny model's pictures hardly have a background in.
        inside = np.abs(two[16:48, 40:72].astype(int) - one[16:48, 16:48])
        assert np.median(inside) <= 4


def test_sizes_and_scenes_share_passes(single: Checkpoint) -> None:
    """All are drawn in the native shape, so four requests need no more steps than one."""
    engine = Engine(single)
    for changes in ({}, {"width": 80, "height": 56}, {"prompt": "two owls"}, {"width": 112}):
        engine.add(a_request(noises=(Noise(1),), **changes))
    while len(engine):
        engine.step()
    assert engine.steps == 4


MIXED: tuple[Asked, ...] = (
    (a_request(width=80, height=56), None),
    (a_request(prompt="two owls and a fox", sampler="ddpm", noises=(Noise(3),)), None),
    (
        a_request(
            prompt="a fox next to a tree",
            width=112,
            start=InitImage(DIGEST, 0.6),
            negative_prompt="blur",
            guidance_scale=5.0,
        ),
        prepare(scene(), None, 112, 64),
    ),
    (a_request(width=96, tile=True, noises=(Noise(9),), condition_noise=0.3), None),
)


def test_the_same_bytes_in_company(single: Checkpoint) -> None:
    together = _pictures(single, *MIXED)
    for asked, pictures in zip(MIXED, together, strict=True):
        assert _same(*_pictures(single, asked), pictures), asked[0]


def test_each_thing_of_a_scene_is_drawn_by_itself(single: Checkpoint) -> None:
    request = a_request(prompt="a fox next to a tree, sketch style", width=112)
    drawings = Composition.of(single, request, None).drawings
    assert [one.prompt for one in drawings] == ["a fox, sketch style", "a tree, sketch style"]
    assert len({one.noises[0].seed for one in drawings}) == 2
    (pictures,) = _pictures(single, (request, None))
    (other,) = _pictures(
        single, (replace(request, prompt="a fox next to a car, sketch style"), None)
    )
    for one, two in zip(pictures, other, strict=True):
        changed = np.abs(one.astype(int) - two).max(axis=(0, 2))
        assert changed[70:104].max() > 20
        assert np.median(changed[10:46]) <= np.median(changed[70:104]) / 2


def test_parts_of_a_scene_keep_their_weights(single: Checkpoint) -> None:
    parts = (WeightedPrompt("two owls", 1.0), WeightedPrompt("3d style", 0.5))
    drawings = Composition.of(single, a_request(prompt="two owls", parts=parts), None).drawings
    assert [one.parts for one in drawings] == [
        (WeightedPrompt("an owl", 1.0), WeightedPrompt("3d style", 0.5))
    ] * 2


def test_a_variation_of_no_strength_is_the_scene_itself(single: Checkpoint) -> None:
    request = a_request(prompt="two owls", noises=(Noise(1),))
    varied = replace(request, noises=(Noise(1, (SeedBlend(5, 0.0),)),))
    other = replace(request, noises=(Noise(1, (SeedBlend(5, 0.8),)),))
    one, two, three = _pictures(single, (request, None), (varied, None), (other, None))
    assert _same(one, two)
    assert not _same(one, three)


def test_previews_have_the_shape_of_the_picture(single: Checkpoint) -> None:
    for request in (
        a_request(width=112),
        a_request(prompt="three owls", width=80, height=56),
        a_request(prompt="four owls", width=16, height=16),
    ):
        (events,) = _run(single, (request, None), previews=2)
        shown = [one.previews for one in events if isinstance(one, GenerationProgress)]
        shapes = {picture.shape for previews in shown for picture in previews}
        assert shapes == {(request.height // 8, request.width // 8, 3)}


def test_a_wide_init_image_leads_to_what_it_shows(single: Checkpoint) -> None:
    """With little noise the middle stays as it was; it was not squeezed into the square."""
    canvas = prepare(scene(), None, 112, 64)
    request = a_request(start=InitImage(DIGEST, 0.01), steps=50, width=112, guidance_scale=1.0)
    ((drawn, _),) = _pictures(single, (request, canvas))
    square = InpaintCanvas(np.ascontiguousarray(canvas.pixels[:, 24:88]))
    native = replace(request, width=64)
    ((expected, _),) = _pictures(single, (native, square))
    inside = np.abs(drawn[16:48, 40:72].astype(int) - expected[16:48, 16:48])
    assert np.median(inside) <= 4


@pytest.mark.parametrize("left", [0, 30, 72])
def test_a_region_of_a_wide_picture_is_redrawn_where_it_is(single: Checkpoint, left: int) -> None:
    mask = np.zeros((64, 112), np.float32)
    mask[8:56, left : left + 40] = 1
    canvas = InpaintCanvas(prepare(scene(), None, 112, 64).pixels, mask)
    request = a_request(prompt="two owls", start=InitImage(DIGEST, 1.0, DIGEST), width=112, steps=6)
    (drawn,) = _pictures(single, (request, canvas))
    for picture in drawn:
        assert np.array_equal(picture[mask == 0], canvas.pixels[mask == 0])
        inner = np.s_[20:44, left + 12 : left + 28]
        assert np.abs(picture[inner].astype(int) - canvas.pixels[inner]).mean() > 5


def test_the_embedded_model_draws_the_same_in_every_shape() -> None:
    """A wide picture is the square one, smaller, on more of its background; a scene of two has
    both things. Five steps are enough to tell."""
    model = load(EMBEDDED, torch.device("cpu"))
    request = a_request(
        prompt="a red fox on a yellow background",
        noises=(Noise(1),),
        width=128,
        height=128,
        steps=5,
    )
    wide = replace(request, width=168, height=96)
    pair = replace(wide, prompt="a red fox and a red fox on a yellow background")
    (square,), (framed,), (two,) = _pictures(model, *((one, None) for one in (request, wide, pair)))
    small = np.array(Image.fromarray(square).resize((96, 96), Image.Resampling.LANCZOS))
    assert np.abs(framed[12:84, 48:120].astype(int) - small[12:84, 12:84]).mean() < 2
    yellow = square[4, 4].astype(int)
    assert np.abs(framed[:, :30] - yellow).max() < 24
    for start in (0, 84):
        # A fox fills a good part of each half.
        half = np.abs(two[:, start : start + 84].astype(int) - yellow).max(-1) > 60
        assert half.mean() > 0.2
    assert np.abs(two[:, [0, 83, 84, -1]] - yellow).max(-1).mean() < 16
