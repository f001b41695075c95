"""Pictures of strangers are decoded in processes that can be killed: bounded, replaced, and gone
when whoever started them is gone."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import psutil
import pytest
from PIL import Image

from diffusion.decoding import decode
from diffusion.decoding import decoder as decoder_module
from diffusion.decoding.decode import MAX_SCANS, DecodedPicture, Undecodable, Wanted
from diffusion.decoding.decoder import DecoderBusy, PictureDecoder
from tests.support.hostile_pictures import (
    encoded,
    repeated_scans,
    with_films,
    with_scans_in_its_metadata,
)
from tests.support.processes import RunningProcess

WANTED = Wanted(max_pixels=50_000_000)
SMALL = encoded(Image.new("RGB", (6, 4), "red"), "PNG")


@pytest.fixture
async def decoder() -> AsyncIterator[PictureDecoder]:
    decoder = PictureDecoder()
    yield decoder
    await decoder.close()


@contextlib.asynccontextmanager
async def bounded(**bounds: Any) -> AsyncIterator[PictureDecoder]:
    decoder = PictureDecoder(**bounds)
    try:
        yield decoder
    finally:
        await decoder.close()


async def reason(decoder: PictureDecoder, file: bytes, wanted: Wanted = WANTED) -> str:
    with pytest.raises(Undecodable) as refusal:
        await decoder.decode(file, wanted)
    return refusal.value.reason


# What phones make.


@pytest.mark.parametrize("size", [(5712, 4284), (8064, 6048)])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
async def test_phones_pictures_are_taken(
    decoder: PictureDecoder, form: str, size: tuple[int, int]
) -> None:
    photo = Image.new("RGB", size, (10, 200, 30))
    wanted = Wanted(50_000_000, fit_side=2048)
    decoded = await decoder.decode(encoded(photo, form), wanted)
    assert (decoded.width, decoded.height) == (2048, 1536)
    colour = decoded.image().getpixel((1000, 700))
    assert isinstance(colour, tuple)
    assert max(abs(a - b) for a, b in zip(colour, (10, 200, 30), strict=True)) <= 2


async def test_the_largest_with_alpha_fits_the_memory(decoder: PictureDecoder) -> None:
    photo = Image.new("RGBA", (8064, 6048), (0, 0, 0, 0))
    wanted = Wanted(50_000_000, fit_side=64, opaque=True)
    decoded = await decoder.decode(encoded(photo, "PNG", compress_level=1), wanted)
    assert decoded.image().getpixel((3, 3)) == (255, 255, 255)


async def test_of_two_pictures_in_one_file_the_first_is_taken(decoder: PictureDecoder) -> None:
    first, second = (Image.new("RGB", (16, 8), colour) for colour in ("red", "blue"))
    file = encoded(first, "MPO", save_all=True, append_images=[second])
    red, _, blue = pixel(await decoder.decode(file, WANTED))
    assert red > 200
    assert blue < 50


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
async def test_pictures_held_sideways_are_turned_after_they_were_made_small(
    decoder: PictureDecoder, form: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = Image.new("RGB", (400, 200), "blue")
    photo.paste("red", (0, 0, 200, 200))
    decoded = await decoder.decode(encoded(photo, form, exif=exif), Wanted(10**6, fit_side=100))
    assert (decoded.width, decoded.height) == (50, 100)
    top, bottom = (pixel(decoded, at) for at in ((25, 10), (25, 90)))
    assert top[0] > 200 > 50 > top[2]
    assert bottom[2] > 200 > 50 > bottom[0]


async def test_sixteen_bits_of_grey_become_eight(decoder: PictureDecoder) -> None:
    photo = Image.new("I;16", (3, 1))
    for place, level in enumerate((0, 0x8000, 0xFFFF)):
        photo.putpixel((place, 0), level)
    decoded = await decoder.decode(encoded(photo, "PNG"), WANTED)
    assert [pixel(decoded, (place, 0)) for place in range(3)] == [
        (0, 0, 0),
        (128, 128, 128),
        (255, 255, 255),
    ]


async def test_ink_on_paper_becomes_light(decoder: PictureDecoder) -> None:
    photo = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red, green, blue = pixel(await decoder.decode(encoded(photo, "JPEG"), WANTED))
    assert red > 230 > 30 > max(green, blue)


@pytest.mark.parametrize("dressed", [with_films, with_scans_in_its_metadata])
async def test_what_lies_beside_a_photo_in_its_file_is_no_part_of_it(
    decoder: PictureDecoder, dressed: Callable[[bytes], bytes]
) -> None:
    photo = encoded(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True)
    decoded = await decoder.decode(dressed(photo), WANTED)
    assert (decoded.width, decoded.height) == (64, 64)


def pixel(decoded: DecodedPicture, at: tuple[int, int] = (2, 2)) -> tuple[int, ...]:
    colour = decoded.image().getpixel(at)
    assert isinstance(colour, tuple)
    return tuple(int(part) for part in colour)


# What is made to hurt.


async def test_a_scan_repeated_for_ever_is_refused_before_it_is_decoded(
    decoder: PictureDecoder,
) -> None:
    assert await reason(decoder, repeated_scans(64, 2 * MAX_SCANS)) == "slow"
    # Nothing had to be killed.
    pids = decoder.process_ids
    assert await reason(decoder, repeated_scans(4000, 1500)) == "slow"
    assert decoder.process_ids == pids


async def test_what_takes_too_much_computing_dies_and_is_replaced() -> None:
    async with bounded(processes=1, cpu_s=0.5) as decoder:
        await decoder.decode(SMALL, WANTED)
        (before,) = decoder.process_ids
        costly = repeated_scans(9000, MAX_SCANS - 12)
        assert await reason(decoder, costly, Wanted(max_pixels=10**8)) == "slow"
        assert not psutil.pid_exists(before)
        decoded = await decoder.decode(SMALL, WANTED)
        assert decoded.image().getpixel((0, 0)) == (255, 0, 0)
        assert decoder.process_ids != {before}


@pytest.mark.slow
async def test_the_bound_on_computing_is_each_pictures_own() -> None:
    """Not of all that a process decodes in its life."""
    async with bounded(processes=1, cpu_s=1) as decoder:
        await decoder.decode(SMALL, WANTED)
        (child,) = decoder.process_ids
        photo, taken = repeated_scans(2000, 5), 0.0
        while taken < 2:
            await decoder.decode(photo, Wanted(10**7, fit_side=64))
            times = psutil.Process(child).cpu_times()
            taken = times.user + times.system
        assert decoder.process_ids == {child}


async def test_the_clock_alone_ends_it_where_no_computing_is_counted() -> None:
    async with bounded(processes=1) as decoder:
        await decoder.decode(SMALL, WANTED)
        (child,) = decoder.process_ids
        os.kill(child, signal.SIGSTOP)
        decoder._wall_s = 0.2
        assert await reason(decoder, SMALL) == "slow"
        assert not psutil.pid_exists(child)
        decoder._wall_s = 60
        assert await decoder.decode(SMALL, WANTED)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds to RLIMIT_AS")
async def test_memory_is_bounded() -> None:
    photo = encoded(Image.new("RGB", (5712, 4284)), "PNG", compress_level=1)
    async with bounded(processes=1, memory=100 << 20) as decoder:
        assert await reason(decoder, photo) == "pixels"
        assert await decoder.decode(SMALL, WANTED)


async def test_a_process_that_dies_between_two_pictures_is_replaced() -> None:
    async with bounded(processes=1) as decoder:
        await decoder.decode(SMALL, WANTED)
        (child,) = decoder.process_ids
        psutil.Process(child).kill()
        await next(iter(decoder._children)).ended()
        assert await decoder.decode(SMALL, WANTED)


async def test_few_decode_at_once_and_beyond_a_bound_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoder_module, "MAX_WAITING_PICTURES", 6)
    async with bounded(processes=2) as decoder:
        answers = await asyncio.gather(
            *(decoder.decode(SMALL, WANTED) for _ in range(9)), return_exceptions=True
        )
        assert len(decoder.process_ids) == 2
        assert [type(answer) for answer in answers] == [DecodedPicture] * 6 + [DecoderBusy] * 3
        assert await decoder.decode(SMALL, WANTED)


async def test_whoever_leaves_takes_the_work_along() -> None:
    async with bounded(processes=1) as decoder:
        await decoder.decode(SMALL, WANTED)
        (child,) = decoder.process_ids
        os.kill(child, signal.SIGSTOP)
        work = asyncio.create_task(decoder.decode(SMALL, WANTED))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert not psutil.pid_exists(child)
        assert await decoder.decode(SMALL, WANTED)


async def test_the_processes_end_with_the_decoder_and_no_more_are_started() -> None:
    decoder = PictureDecoder()
    await decoder.decode(SMALL, WANTED)
    (child,) = decoder.process_ids
    await decoder.close()
    assert not psutil.pid_exists(child)
    with pytest.raises(DecoderBusy):
        await decoder.decode(SMALL, WANTED)


STARTS_ONE = f"""
import asyncio
from diffusion.decoding.decoder import PictureDecoder
from diffusion.decoding.decode import Wanted

async def main():
    decoder = PictureDecoder()
    await decoder.decode({SMALL!r}, Wanted(100))
    print("child", *decoder.process_ids)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_processes_end_with_one_that_is_killed() -> None:
    async with RunningProcess("-c", STARTS_ONE) as process:
        child = psutil.Process(int((await process.printed(r"child (\d+)"))[1]))
        process.send(signal.SIGKILL)
        await process.wait()
        await asyncio.to_thread(child.wait, 60)
        assert not child.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
async def test_a_decoding_process_knows_no_secrets(
    decoder: PictureDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    await decoder.decode(SMALL, WANTED)
    (child,) = decoder.process_ids
    process = psutil.Process(child)
    assert "DISCORD_TOKEN" not in process.environ()
    assert process.nice() >= decode.NICENESS
