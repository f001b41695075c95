"""Grids and files as a message shows them."""

import pytest
from PIL import ExifTags

from bot.images.grid import (
    FILE_FORMATS,
    MAX_WEBP_SIDE_PX,
    PictureTooLarge,
    compose_grid,
    compose_preview,
    compose_thumbnail,
    copy_label,
    fit,
)
from diffusion.protocol.source_type import AI_SOURCE_TYPE, SOFTWARE, XMP
from tests.support.pictures import noisy_picture, opened, picture

BY_AI = {"Software": SOFTWARE, "XML:com.adobe.xmp": XMP}
"""The texts of a PNG that say that AI made it."""

COLOURS = ("red", "lime", "blue", "white")


def test_a_grid_reads_like_a_page() -> None:
    grid = opened(compose_grid([picture(colour) for colour in COLOURS]))
    assert grid.size == (1024, 512)
    places = [(256, 128), (768, 128), (256, 384), (768, 384)]
    assert [grid.getpixel(place) for place in places] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
    ]


def test_large_pictures_are_not_enlarged() -> None:
    grid = opened(compose_grid([picture(colour, (600, 600)) for colour in COLOURS]))
    assert grid.size == (1200, 1200)


def test_pictures_of_other_sizes_are_fitted_into_the_first_ones() -> None:
    sizes = [(600, 600), (300, 300), (600, 300), (1200, 1200)]
    grid = opened(compose_grid([picture(c, s) for c, s in zip(COLOURS, sizes, strict=True)]))
    assert grid.size == (1200, 1200)
    assert [
        grid.getpixel(place) for place in ((1190, 10), (300, 900), (300, 610), (1190, 1190))
    ] == [
        (0, 255, 0),
        (0, 0, 255),
        (0, 0, 0),
        (255, 255, 255),
    ]


def test_one_picture_is_no_grid() -> None:
    assert opened(compose_grid([picture("red", (512, 512))])).size == (512, 512)


def test_a_preview_shows_the_same_place_by_place() -> None:
    preview = opened(compose_preview([picture(colour) for colour in COLOURS]))
    assert preview.format == "JPEG"
    assert preview.size == (1024, 512)


@pytest.mark.parametrize(("count", "size"), [(1, (240, 120)), (4, (240, 120)), (2, (240, 60))])
def test_a_thumbnail_shows_all_pictures_small(count: int, size: tuple[int, int]) -> None:
    pictures = [picture(colour, (600, 300)) for colour in COLOURS[:count]]
    thumbnail = opened(compose_thumbnail(pictures))
    assert thumbnail.format == "JPEG"
    assert thumbnail.size == size
    red, green, blue = thumbnail.getpixel((10, 10))
    assert red > 240 > 15 > max(green, blue)


def test_a_small_picture_by_itself_is_enlarged() -> None:
    assert opened(compose_grid([picture("red", (128, 160))])).size == (512, 640)


def test_how_a_picture_was_made_stands_in_whatever_it_becomes() -> None:
    text = "a red fox 🦊\nSteps: 4, Sampler: DPM++ 2M, CFG scale: 3, Seed: 7, Size: 64x64"
    made = picture("red", label=text)
    assert opened(compose_grid([made] * 4)).text == {"parameters": text, **BY_AI}
    assert opened(copy_label(picture("lime"), made)).text == {"parameters": text, **BY_AI}
    jpeg = fit(copy_label(noisy_picture(256), made), 20_000).encoded
    comment = opened(jpeg).getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    enlarged = text.replace("64x64", "256x256") + ", Postprocess upscale by: 4"
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == enlarged
    assert opened(compose_grid([picture("red")])).text == BY_AI
    assert opened(compose_grid([made] * 4, recipe=False)).text == BY_AI


def test_a_very_long_recipe_does_not_keep_a_picture_from_fitting() -> None:
    text = "🦊" * 40_000 + "\nSteps: 4, Seed: 7, Size: 256x256"
    jpeg = fit(copy_label(noisy_picture(256), picture("red", label=text)), 80_000).encoded
    comment = opened(jpeg).getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    assert comment.endswith("…\nSteps: 4, Seed: 7, Size: 256x256".encode("utf-16-be"))


def test_the_same_pictures_make_the_same_bytes() -> None:
    pictures = [picture(colour) for colour in COLOURS]
    assert compose_grid(pictures) == compose_grid(pictures)


def test_what_fits_is_left_as_it_is() -> None:
    png = picture("red")
    assert fit(png, len(png)).encoded == png


def test_what_does_not_fit_is_written_smaller() -> None:
    png = noisy_picture(256)
    file = fit(png, 20_000)
    assert len(file.encoded) <= 20_000
    assert (file.suffix, opened(file.encoded).format) == ("jpg", "JPEG")


def test_what_can_not_be_made_to_fit_is_refused() -> None:
    with pytest.raises(PictureTooLarge):
        fit(noisy_picture(256), 100)


def test_jpegs_say_that_ai_made_them_and_a_members_own_picture_does_not() -> None:
    small = fit(compose_grid([noisy_picture(256)]), 20_000).encoded
    preview = compose_preview([picture("red")])
    for jpeg in map(opened, (small, preview)):
        assert AI_SOURCE_TYPE.encode() in jpeg.info["xmp"]
        assert jpeg.getexif()[ExifTags.Base.Software] == SOFTWARE
    theirs = opened(fit(noisy_picture(256), 20_000).encoded)
    assert "xmp" not in theirs.info
    assert not theirs.getexif()


@pytest.mark.parametrize("chosen", FILE_FORMATS)
def test_a_picture_is_written_in_the_chosen_format_with_what_it_says(chosen: str) -> None:
    text = "a red fox\nSteps: 4, Seed: 7, Size: 256x256"
    png = copy_label(noisy_picture(256), picture("red", label=text))
    for most in (10_000_000, 20_000):
        file = fit(png, most, chosen)
        assert len(file.encoded) <= most
        shown = opened(file.encoded)
        # A PNG cannot be made smaller without losing something, so it becomes a JPEG.
        expected = "JPEG" if (chosen, most) == ("png", 20_000) else chosen.upper()
        assert shown.format == expected
        assert file.suffix == {"JPEG": "jpg"}.get(expected, expected.lower())
        assert shown.mode == "RGB"
        if expected == "PNG":
            assert shown.info["parameters"].startswith("a red fox")
            continue
        comment = shown.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
        assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be").startswith("a red fox")
        assert AI_SOURCE_TYPE.encode() in file.encoded


def test_a_picture_that_is_too_long_for_a_webp_becomes_a_jpeg() -> None:
    file = fit(picture("red", (MAX_WEBP_SIDE_PX + 1, 64)), 10_000_000, "webp")
    assert (file.suffix, opened(file.encoded).size) == ("jpg", (MAX_WEBP_SIDE_PX + 1, 64))
