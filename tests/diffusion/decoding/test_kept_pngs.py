"""PNGs that only lose their metadata are checked, and not encoded again."""

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.decoding.decode import Undecodable, Wanted, decode, plain_png, png_chunk
from tests.support.pictures import noisy_picture, opened

WANTED = Wanted(10**6, fit_side=200, opaque=True, png=True, keeps_png=True)


def png(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def photo() -> Image.Image:
    return opened(noisy_picture(64))


def pixels_of(file: bytes) -> list[bytes]:
    """The chunks of compressed pixels."""
    found, at = [], 8
    while at < len(file):
        length = int.from_bytes(file[at : at + 4], "big")
        if file[at + 4 : at + 8] == b"IDAT":
            found.append(file[at + 8 : at + 8 + length])
        at += 12 + length
    return found


def test_the_compressed_pixels_stay_and_all_else_goes() -> None:
    text = PngInfo()
    text.add_text("workflow", "/home/somebody/secret.json")
    file = png(photo(), pnginfo=text, dpi=(72, 72), compress_level=9) + b"behind the end"
    decoded = decode(file, WANTED)
    assert pixels_of(decoded.content) == pixels_of(file)
    assert opened(decoded.content).info == {}
    assert b"secret" not in decoded.content
    assert decoded.content.endswith(b"IEND\xae\x42\x60\x82")
    assert (decoded.mode, decoded.width, decoded.height) == ("RGB", 64, 64)


def _sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return png(photo(), exif=exif)


def _with_text(name: str, *, zipped: bool = False, international: bool = False) -> bytes:
    text = PngInfo()
    if international:
        text.add_itxt(name, "x")
    else:
        text.add_text(name, "x", zip=zipped)
    return png(photo(), pnginfo=text)


def test_only_what_cannot_be_turned_is_surely_upright() -> None:
    upright = plain_png(png(photo()))
    for file in (png(photo()), _with_text("parameters"), _with_text("workflow")):
        assert plain_png(file, upright=True) == plain_png(file) == upright
    for file in (
        _sideways(),
        _with_text("Raw profile type exif"),
        _with_text("Raw profile type exif", zipped=True),
        _with_text("XML:com.adobe.xmp", international=True),
    ):
        assert plain_png(file, upright=True) is None
        assert plain_png(file) == upright


def test_of_two_headers_none_is_kept() -> None:
    """Readers differ in which of them they mind."""
    file = png(photo())
    other = png(Image.new("RGB", (400, 100)))
    for twice in (
        file[:33] + other[8:33] + file[33:],
        file[:8] + png_chunk(b"prIv", b"x") + file[8:],
        file[:8] + png_chunk(b"IHDR", file[16:29] + b"x") + file[33:],
    ):
        assert plain_png(twice) is None


def _with_wrong_checksum() -> bytes:
    file = png(photo())
    at = file.index(b"IDAT") - 4
    end = at + 8 + int.from_bytes(file[at : at + 4], "big")
    return file[:end] + bytes(4) + file[end + 4 :]


@pytest.mark.parametrize(
    "file",
    [
        png(photo().convert("RGBA")),
        png(photo().convert("P")),
        png(photo().convert("L")),
        png(Image.new("I;16", (8, 8), 40_000)),
        png(photo(), transparency=(1, 2, 3)),
        png(photo(), save_all=True, append_images=[Image.new("RGB", (64, 64))]),
        png(Image.new("RGB", (400, 100))),
        _sideways(),
        _with_wrong_checksum(),
    ],
    ids=[
        "alpha",
        "palette",
        "grey",
        "16 bits",
        "see-through",
        "film",
        "large",
        "turned",
        "checksum",
    ],
)
def test_every_other_is_encoded_again(file: bytes) -> None:
    decoded = decode(file, WANTED)
    assert pixels_of(decoded.content) != pixels_of(file)
    shown = opened(decoded.content)
    assert (shown.mode, shown.info) == ("RGB", {})
    assert (
        shown.tobytes()
        == opened(
            decode(file, Wanted(10**6, fit_side=200, opaque=True, png=True)).content
        ).tobytes()
    )


def test_what_cannot_be_decoded_is_refused() -> None:
    good = png(photo())
    at = good.index(b"IDAT") - 4
    end = at + 12 + int.from_bytes(good[at : at + 4], "big")
    content = b"IDAT" + zlib.compress(b"too few pixels")
    chunk = (len(content) - 4).to_bytes(4, "big") + content
    broken = good[:at] + chunk + zlib.crc32(content).to_bytes(4, "big") + good[end:]
    assert plain_png(broken) == broken
    with pytest.raises(Undecodable):
        decode(broken, WANTED)


@pytest.mark.parametrize("kept", [10, 40, 200, -1, -13])
def test_what_is_cut_off_is_not_whole(kept: int) -> None:
    assert plain_png(png(photo())[:kept]) is None
