"""The picture that drawing starts from: decoding with care, masks, and what is kept."""

import hashlib
import io
import threading
import weakref
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.decoding.decode import on_white
from diffusion.decoding.decoder import PictureDecoder
from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFailed, GenerationFinished, GenerationProgress
from diffusion.loading.load import Checkpoint
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.requests import SAMPLER_NAMES, ImageRequest, InitImage, Noise
from diffusion.sampling.plan import Plan, steps_run
from diffusion.server.uploads import MAX_UPLOAD_SIDE_PX, read_picture
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas, feathered, prepare, white_is_drawn
from tests.support.engine.image_uploads import half_mask, saved, scene, see_through
from tests.support.engine.inference_requests import a_request
from tests.support.hostile_pictures import png_that_claims


def start(strength: float, mask: bool = False) -> InitImage:
    digest = hashlib.sha256(b"").hexdigest()
    return InitImage(digest, strength, digest if mask else None)


def _drawn(
    tiny: Checkpoint, *asked: tuple[ImageRequest, InpaintCanvas | None]
) -> list[tuple[Pixels, ...]]:
    """The pictures of requests that run together."""
    engine = Engine(tiny)
    keys = [engine.add(request, canvas=canvas).key for request, canvas in asked]
    drawn: dict[int, tuple[Pixels, ...]] = {}
    while len(engine):
        for event in engine.step():
            assert not isinstance(event, GenerationFailed), event
            if isinstance(event, GenerationFinished):
                drawn[event.key] = event.pictures
    return [drawn[key] for key in keys]


PLAIN = prepare(scene(), None, 64, 64)
HALF = prepare(scene(), half_mask(), 64, 64)


# Decoding.


@pytest.fixture
async def decoder() -> AsyncIterator[PictureDecoder]:
    decoder = PictureDecoder()
    yield decoder
    await decoder.close()


async def opened(decoder: PictureDecoder, file: bytes) -> Image.Image:
    return (await read_picture(decoder, file, "image")).image()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
async def test_pictures_of_many_kinds_are_read(
    decoder: PictureDecoder, form: str, mode: str
) -> None:
    if (form, mode) == ("JPEG", "P"):
        return
    picture = await opened(decoder, saved(scene(24, 16).convert(mode), form))
    assert (picture.mode, picture.size) == ("RGB", (24, 16))


async def test_transparent_pictures_are_seen_on_white(decoder: PictureDecoder) -> None:
    for clear in (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), Image.new("LA", (8, 8), (9, 0))):
        picture = await opened(decoder, saved(clear))
        assert picture.mode == "RGBA"
        assert on_white(picture).getpixel((3, 3)) == (255, 255, 255)


async def test_pictures_are_turned_upright(decoder: PictureDecoder) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # held sideways
    scene(24, 16).save(stream, "JPEG", exif=exif)
    assert (await opened(decoder, stream.getvalue())).size == (16, 24)


WHOLE = saved(scene())


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.4",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:60] + b"\xff" * 60,
        saved(scene(), "BMP"),
        saved(scene(), "TIFF"),
        saved(scene(), "EPS"),
        png_that_claims(64, 64),
    ],
)
async def test_what_is_no_picture_is_refused_by_name(decoder: PictureDecoder, file: bytes) -> None:
    with pytest.raises(InvalidField, match="is no picture") as refusal:
        await read_picture(decoder, file, "mask")
    assert refusal.value.param == "mask"


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (MAX_UPLOAD_SIDE_PX + 1, 1),
        (1, MAX_UPLOAD_SIDE_PX + 1),
        (8192, 8192),
        (10_000, 10_000),
        (60_000, 60_000),
    ],
)
async def test_walls_of_pixels_are_refused_before_they_are_decoded(
    decoder: PictureDecoder, width: int, height: int
) -> None:
    with pytest.raises(InvalidField, match="too large"):
        await read_picture(decoder, png_that_claims(width, height), "image")


# Masks.


def test_white_is_drawn_anew_and_so_is_what_is_transparent() -> None:
    mask = half_mask()
    for same in (mask.convert("RGB"), mask.convert("RGBA"), see_through(mask)):
        assert white_is_drawn(same).tobytes() == mask.tobytes()


def test_a_border_rises_inwards_and_never_outwards() -> None:
    mask = np.array(half_mask(), dtype=np.float32) / 255
    rising = feathered(mask, 8)[32]
    assert not rising[:32].any()
    assert rising[32:40] == pytest.approx([(step + 1) / 8 for step in range(8)])
    assert (rising[40:] == 1).all()


def test_the_thinnest_mask_is_still_there() -> None:
    mask = np.zeros((64, 64), dtype=np.float32)
    mask[:, 20] = 1
    share = feathered(mask, 8)
    assert (share[:, 20] == 1 / 8).all()
    assert not np.delete(share, 20, axis=1).any()


def test_cells_that_a_mask_touches_are_drawn_and_their_neighbours_in_part() -> None:
    mask = np.zeros((64, 64), dtype=np.float32)
    mask[30, 30] = 1
    cells = InpaintCanvas(np.array(scene()), mask).mask_in_cells(8)
    assert cells is not None
    assert cells.shape == (1, 8, 8)
    assert cells[0, 3, 3] == 1
    assert cells[0, 2:5, 2:5].min() > 0
    assert (cells > 0).sum() == 9


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidField, match="the size of") as refusal:
        prepare(scene(64, 64), half_mask(64, 72), 64, 64)
    assert refusal.value.param == "mask"


def test_a_mask_with_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InvalidField, match="nothing to draw") as refusal:
        prepare(scene(), Image.new("L", (64, 64), 0), 64, 64)
    assert refusal.value.param == "mask"


def test_what_is_too_much_is_cut_off_of_picture_and_mask_alike() -> None:
    canvas = prepare(scene(200, 50), half_mask(200, 50), 64, 64)
    assert canvas.pixels.shape == (64, 64, 3)
    assert canvas.mask is not None
    assert not canvas.mask[:, :30].any()
    assert (canvas.mask[:, 34:] == 1).all()


# Drawing.


def test_latents_are_the_mean_of_the_encoder(tiny: Checkpoint) -> None:
    vae = tiny.decoder.vae
    colours = torch.from_numpy(PLAIN.pixels).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        latents = tiny.decoder.latents(PLAIN.pixels)
        mean = vae.encode(colours).latent_dist.mode()[0]
    assert latents.shape == (4, 8, 8)
    assert torch.allclose(latents, mean * vae.config.scaling_factor, atol=1e-6)


@pytest.mark.parametrize(
    ("strength", "stop", "run"),
    [(1.0, 1.0, 20), (0.5, 1.0, 10), (0.01, 1.0, 1), (0.5, 0.5, 5), (0.26, 1.0, 5)],
)
def test_strength_is_the_share_of_the_steps_that_are_run(
    strength: float, stop: float, run: int
) -> None:
    request = a_request(steps=20, start=start(strength), stop=stop)
    assert steps_run(request) == Plan.of(request).steps == run


def test_progress_counts_the_steps_that_are_run(tiny: Checkpoint) -> None:
    engine = Engine(tiny)
    engine.add(a_request(steps=8, start=start(0.5)), 1, PLAIN)
    stepped = []
    while len(engine):
        stepped += [event for event in engine.step() if isinstance(event, GenerationProgress)]
    assert [(one.step, one.steps, len(one.previews)) for one in stepped] == [
        (1, 4, 0),
        (2, 4, 2),
        (3, 4, 0),
    ]


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_the_weaker_the_nearer_to_the_picture(tiny: Checkpoint, sampler: str) -> None:
    requests = [
        a_request(steps=10, sampler=sampler, start=start(strength), noises=(Noise(3),))
        for strength in (0.1, 0.4, 0.7)
    ]
    with torch.inference_mode():
        known = tiny.decoder.picture(tiny.decoder.latents(PLAIN.pixels)).astype(float)
    apart = [
        float(np.abs(pictures[0] - known).mean())
        for pictures in _drawn(tiny, *((request, PLAIN) for request in requests))
    ]
    assert apart == sorted(apart)


def test_full_strength_leaves_nothing_of_the_picture(tiny: Checkpoint) -> None:
    alone, started = _drawn(tiny, (a_request(), None), (a_request(start=start(1.0)), PLAIN))
    assert all(map(np.array_equal, alone, started))


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_what_is_kept_keeps_its_pixels(tiny: Checkpoint, sampler: str, strength: float) -> None:
    request = a_request(sampler=sampler, steps=6, start=start(strength, mask=True))
    (pictures,) = _drawn(tiny, (request, HALF))
    for picture in pictures:
        assert np.array_equal(picture[:, :32], HALF.pixels[:, :32])
        assert not np.array_equal(picture[:, 40:], HALF.pixels[:, 40:])
    assert not np.array_equal(*pictures)


def test_what_is_kept_is_known_at_every_step(tiny: Checkpoint) -> None:
    """The latents outside the mask are those of the picture, with the noise of the level."""
    engine = Engine(tiny)
    request = a_request(sampler="euler", steps=6, start=start(1.0, mask=True))
    key = engine.add(request, canvas=HALF).key
    with torch.inference_mode():
        known = tiny.decoder.latents(HALF.pixels)
        noise = torch.randn((4, 8, 8), generator=torch.Generator().manual_seed(1))
    for _ in range(5):
        engine.step()
        while not engine._generations[key].trajectories:  # the picture is still being read
            engine.step()
        one = engine._generations[key].trajectories[0]
        expected = known + one.sigmas[one.step].item() * noise
        assert torch.allclose(one.x[..., :3], expected[..., :3], rtol=1e-3, atol=1e-3)
        assert torch.equal(one.denoised[..., :3], known[..., :3])


def test_the_same_bytes_alone_and_in_company(tiny: Checkpoint) -> None:
    asked: list[tuple[ImageRequest, InpaintCanvas | None]] = [
        (a_request(start=start(0.6), steps=7), PLAIN),
        (a_request(start=start(1.0, mask=True), sampler="ddpm", condition_noise=0.4), HALF),
        (a_request(noises=(Noise(4),)), None),
        (a_request(start=start(0.3, mask=True), guidance_scale=1.0, stop=0.5), HALF),
    ]
    for one, together in zip(asked, _drawn(tiny, *asked), strict=True):
        assert all(map(np.array_equal, _drawn(tiny, one)[0], together)), one[0]


def test_a_picture_is_read_while_others_make_steps(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder waits for a step of a request that came later."""
    stepped = threading.Event()
    latents = tiny.decoder.latents
    started, other = a_request(start=start(0.5)), a_request()
    (expected,) = _drawn(tiny, (started, PLAIN))

    def waiting(pixels: Pixels) -> torch.Tensor:
        assert stepped.wait(60), "no step was made while a picture was being read"
        return latents(pixels)

    monkeypatch.setattr(tiny.decoder, "latents", waiting)
    engine = Engine(tiny)
    first = engine.add(started, canvas=PLAIN).key
    second = engine.add(other).key
    assert engine.step() == [GenerationProgress(second, 1, 4, ())]
    assert engine.waiting == 1
    stepped.set()
    drawn = {}
    while len(engine):
        drawn |= {
            event.key: event for event in engine.step() if isinstance(event, GenerationFinished)
        }
    assert all(map(np.array_equal, drawn[first].pictures, expected))


def test_a_picture_that_nobody_wants_any_more_is_not_read(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is dropped while the first is being read."""
    reading, dropped, read = threading.Event(), threading.Event(), []
    latents = tiny.decoder.latents

    def waiting(pixels: Pixels) -> torch.Tensor:
        reading.set()
        assert dropped.wait(60), "the request was not dropped"
        read.append(pixels)
        return latents(pixels)

    monkeypatch.setattr(tiny.decoder, "latents", waiting)
    engine = Engine(tiny)
    kept, unwanted = (engine.add(a_request(start=start(0.5)), canvas=PLAIN).key for _ in range(2))
    assert reading.wait(60), "nothing is being read"
    engine.abort(unwanted)
    dropped.set()
    keys: set[int] = set()
    while len(engine):
        keys |= {event.key for event in engine.step()}
    engine._vae_thread._thread.shutdown()
    assert keys == {kept}
    assert len(read) == 1


def test_the_pictures_of_those_who_left_are_not_kept_until_their_turn(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, let = threading.Event(), threading.Event()
    latents = tiny.decoder.latents

    def waiting(pixels: Pixels) -> torch.Tensor:
        reading.set()
        assert let.wait(60)
        return latents(pixels)

    monkeypatch.setattr(tiny.decoder, "latents", waiting)
    engine = Engine(tiny)
    kept = engine.add(a_request(start=start(0.5)), canvas=PLAIN).key
    assert reading.wait(60), "nothing is being read"
    left = []
    for _ in range(20):
        canvas = InpaintCanvas(PLAIN.pixels.copy())
        left.append(weakref.ref(canvas.pixels))
        engine.abort(engine.add(a_request(start=start(0.5)), canvas=canvas).key)
    del canvas
    assert [pixels() for pixels in left] == [None] * 20
    let.set()
    while len(engine):
        assert {event.key for event in engine.step()} <= {kept}
    engine._vae_thread._thread.shutdown()
    assert not engine._vae_thread._work


def test_a_picture_that_cannot_be_encoded_fails_its_request_alone(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(_pixels: Any) -> Any:
        raise torch.OutOfMemoryError

    for broken, said in ((no_memory, "not enough memory"), (lambda _: 1 / 0, "start from")):
        monkeypatch.setattr(tiny.decoder, "latents", broken)
        engine = Engine(tiny)
        started = engine.add(a_request(start=start(0.5)), canvas=PLAIN).key
        other = engine.add(a_request()).key
        ended = []
        while len(engine):
            ended += [
                event
                for event in engine.step()
                if isinstance(event, GenerationFailed | GenerationFinished)
            ]
        reasons = {event.key: event for event in ended}
        assert said in getattr(reasons[started], "reason", "")
        assert isinstance(reasons[other], GenerationFinished)
