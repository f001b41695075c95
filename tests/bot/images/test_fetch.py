"""Pictures from links: what comes of good ones, and every way in which a link is refused."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from bot.errors import InvalidLink, InvalidUpload, PicturesBusy
from bot.images import fetch
from bot.images.fetch import (
    MAX_CONCURRENT_MEMBERS,
    MAX_FETCHES_PER_MEMBER,
    MAX_WAITING_FETCHES,
    PictureFetcher,
)
from bot.images.sanitize import FITTED_SIDE_PX, MAX_PIXELS, UnusablePicture, UploadedFile, blend
from tests.support.bot.dns import Names
from tests.support.hostile_pictures import png_that_claims, repeated_scans
from tests.support.pictures import encoded, opened


class Site:
    """A web server with a CDN under `/cdn`, and all else beside it."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.asked = asyncio.Event()
        self.let = asyncio.Event()
        self._held = 0
        self.most_held = 0

    async def hold(self) -> None:
        """Answer when told to, and count how many wait for it."""
        self._held += 1
        self.most_held = max(self.most_held, self._held)
        self.asked.set()
        await self.let.wait()
        self._held -= 1

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.hits.append(request.path)
        match name:
            case "to":
                raise web.HTTPFound(request.query["url"])
            case "round":
                raise web.HTTPMovedPermanently("/cdn/round")
            case "nowhere":
                return web.Response(status=302)
            case "page":
                return web.Response(text="<html>", content_type="text/html")
            case "lie":
                return web.Response(body=b"<html>", content_type="image/png")
            case "broken":
                return web.Response(body=encoded()[:40], content_type="image/png")
            case "wide":
                return web.Response(body=png_that_claims(30_000, 30_000), content_type="image/png")
            case "large":
                body = encoded() + b"x" * fetch.MAX_BYTES
                return web.Response(body=body, content_type="image/png")
            case "zipped":
                headers = {"Content-Encoding": "gzip", "Content-Type": "image/png"}
                return web.Response(body=gzip.compress(encoded()), headers=headers)
            case "called":
                return web.Response(body=encoded(), content_type=request.query["kind"])
            case "endless":
                response = web.StreamResponse(headers={"Content-Type": "image/png"})
                await response.prepare(request)
                await response.write(b"<html>" * 10)
                await asyncio.sleep(60)
            case "scans":
                return web.Response(body=repeated_scans(64, 1500), content_type="image/jpeg")
            case "held":
                await self.hold()
                return web.Response(body=encoded(), content_type="image/png")
            case "slow":
                await asyncio.sleep(60)
            case "missing":
                raise web.HTTPNotFound
        return web.Response(body=encoded(name.upper()), content_type=f"image/{name}")


@pytest.fixture
async def fetcher() -> AsyncIterator[PictureFetcher]:
    async with PictureFetcher() as fetcher:
        yield fetcher


@pytest.fixture
async def site() -> AsyncIterator[tuple[Site, str]]:
    site, app = Site(), web.Application()
    app.router.add_get("/cdn/{name}", site.serve)
    app.router.add_get("/secret/{name}", site.serve)
    async with TestServer(app, host="127.0.0.1") as server:
        yield site, str(server.make_url("")).rstrip("/")


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "gif"])
async def test_a_picture_comes_as_a_png_of_its_pixels(site: tuple[Site, str], form: str) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        picture = opened(await fetcher.fetch(f"{site[1]}/cdn/{form}"))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (8, 4))


async def test_a_redirect_within_the_cdn_is_followed(site: tuple[Site, str]) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        assert await fetcher.fetch(f"{site[1]}/cdn/to?url=/cdn/png")


@pytest.mark.parametrize(
    "kind", ["image/jpg", "application/octet-stream", "binary/octet-stream", "text/plain"]
)
async def test_the_bytes_say_what_a_picture_is_and_not_its_label(
    site: tuple[Site, str], kind: str
) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        picture = opened(await fetcher.fetch(f"{site[1]}/cdn/called?kind={kind}"))
    assert picture.size == (8, 4)


async def test_what_does_not_begin_as_a_picture_is_not_read_on(site: tuple[Site, str]) -> None:
    with pytest.raises(InvalidLink, match="isn't a PNG"):
        await PictureFetcher(f"{site[1]}/cdn").fetch(f"{site[1]}/cdn/endless")


def upload(site: tuple[Site, str], name: str, bytes_size: int = 100) -> UploadedFile:
    return UploadedFile(f"{site[1]}/cdn/{name}", "my fox.png", bytes_size)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lie", "isn't a PNG"),
        ("broken", "isn't a PNG"),
        ("wide", "50 million pixels"),
        ("scans", "too long to read"),
        ("missing", "Discord no longer provides it"),
    ],
)
async def test_a_file_that_came_along_is_refused_as_a_file(
    site: tuple[Site, str], name: str, words: str
) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        with pytest.raises(InvalidUpload, match=f"`my fox.png` can't be used.*{words}"):
            await fetcher.fetch_all([upload(site, name)], 7)


async def test_a_file_that_is_too_large_is_not_even_fetched(site: tuple[Site, str]) -> None:
    with pytest.raises(InvalidUpload, match="20 MB"):
        await PictureFetcher(f"{site[1]}/cdn").fetch_all(
            [upload(site, "png", fetch.MAX_BYTES + 1)], 7
        )
    assert not site[0].hits


async def test_one_members_pictures_come_one_at_a_time_and_hold_nobody_else_up(
    site: tuple[Site, str],
) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        held = f"{site[1]}/cdn/held"
        theirs = [asyncio.create_task(fetcher.fetch_all([held, held], 7)) for _ in range(3)]
        await site[0].asked.wait()
        # The second member's picture is here while the first one's still holds everything.
        assert await fetcher.fetch(f"{site[1]}/cdn/png", 8)
        site[0].let.set()
        await asyncio.gather(*theirs)
    assert site[0].most_held == 1


async def test_beyond_a_bound_nobody_is_let_in(site: tuple[Site, str]) -> None:
    async with PictureFetcher(f"{site[1]}/cdn") as fetcher:
        held = f"{site[1]}/cdn/held"
        theirs = [
            asyncio.create_task(fetcher.fetch(held, 7)) for _ in range(MAX_FETCHES_PER_MEMBER)
        ]
        await site[0].asked.wait()
        with pytest.raises(PicturesBusy):
            await fetcher.fetch(held, 7)
        others = [
            asyncio.create_task(fetcher.fetch(held, member))
            for member in range(100, 100 + MAX_WAITING_FETCHES - MAX_FETCHES_PER_MEMBER)
        ]
        await asyncio.sleep(0)
        with pytest.raises(PicturesBusy):
            await fetcher.fetch(held, 8)
        site[0].let.set()
        await asyncio.gather(*theirs, *others)
        assert await fetcher.fetch(held, 7)
    assert site[0].most_held <= MAX_CONCURRENT_MEMBERS


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/cdn/round", "redirects too often"),
        ("/cdn/nowhere", "redirects too often"),
        ("/cdn/page", "isn't a PNG"),
        ("/cdn/lie", "isn't a PNG"),
        ("/cdn/broken", "isn't a PNG"),
        ("/cdn/zipped", "isn't a PNG"),
        ("/cdn/wide", "50 million pixels"),
        ("/cdn/large", "20 MB"),
        ("/cdn/missing", "no picture was found there"),
        ("/secret/png", "https"),
        ("/cdn/to?url=/secret/png", "https"),
        ("/cdn/../secret/png", "https"),
        ("/cdn/to?url=https://127.0.0.1/x.png", "does not lead to a public address"),
        ("/cdn/to?url=https://pictures.example/x.png", "does not lead to a public address"),
        ("/cdn/to?url=file:///etc/passwd", "https"),
        ("/cdn/to?url=ftp://pictures.example/x.png", "https"),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words(
    site: tuple[Site, str], path: str, words: str
) -> None:
    async with PictureFetcher(f"{site[1]}/cdn", Names("127.0.0.1")) as fetcher:
        with pytest.raises(InvalidLink, match=words):
            await fetcher.fetch(site[1] + path)
    assert not any(hit.startswith("/secret") for hit in site[0].hits)


async def test_what_takes_too_long_is_given_up(
    site: tuple[Site, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "FETCH_TIMEOUT_S", 0.2)
    with pytest.raises(InvalidLink, match="too long"):
        await PictureFetcher(f"{site[1]}/cdn").fetch(f"{site[1]}/cdn/slow")


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1/x.png",
        "https://[::1]/x.png",
        "https://[::ffff:10.0.0.1]/x.png",
        "https://169.254.169.254/latest",
        "https://１２７.0.0.1/x.png",
    ],
)
async def test_an_address_in_a_link_must_be_public(link: str) -> None:
    with pytest.raises(InvalidLink, match="does not lead to a public address"):
        await PictureFetcher(resolver=Names("127.0.0.1")).fetch(link)


@pytest.mark.parametrize(
    "link",
    [
        "http://pictures.example/x.png",
        "https://pictures.example:8443/x.png",
        "https://me:secret@pictures.example/x.png",
        "https:///x.png",
    ],
)
async def test_only_plain_https_is_followed(link: str) -> None:
    names = Names("127.0.0.1")
    with pytest.raises(InvalidLink):
        await PictureFetcher(resolver=names).fetch(link)
    assert not names.asked


@pytest.mark.parametrize("addresses", [["10.1.2.3"], ["8.8.8.8", "10.1.2.3"], ["::1"]])
async def test_a_name_is_refused_where_the_connection_would_be_made(addresses: list[str]) -> None:
    names = Names(*addresses)
    with pytest.raises(InvalidLink, match="does not lead to a public address"):
        await PictureFetcher(resolver=names).fetch("https://pictures.example/x.png")
    assert names.asked == ["pictures.example"]


async def test_nothing_but_pixels_is_kept(fetcher: PictureFetcher) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    exif[0x0112] = 6  # turned by a quarter
    picture = opened(await fetcher.rewrite(encoded("JPEG", (40, 20), exif=exif)))
    assert picture.size == (20, 40)
    assert not picture.getexif()
    assert not picture.info


async def test_what_is_transparent_becomes_white_and_what_is_vast_smaller(
    fetcher: PictureFetcher,
) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (4000, 10), (0, 0, 0, 0)).save(buffer, "PNG")
    picture = opened(await fetcher.rewrite(buffer.getvalue()))
    assert picture.size == (FITTED_SIDE_PX, 5)
    assert picture.getpixel((0, 0)) == (255, 255, 255)


async def test_a_header_alone_is_enough_to_refuse_a_bomb(fetcher: PictureFetcher) -> None:
    for side in (int(MAX_PIXELS**0.5) + 1, 100_000):
        with pytest.raises(UnusablePicture, match="pixels"):
            await fetcher.rewrite(png_that_claims(side, side))


async def test_several_pictures_are_laid_over_in_equal_shares(fetcher: PictureFetcher) -> None:
    red, green, blue = [
        await fetcher.rewrite(_plain(colour, size))
        for colour, size in (("red", (6, 6)), ("lime", (12, 6)), ("blue", (3, 9)))
    ]
    mixed = opened(blend([red, green, blue]))
    assert mixed.size == (6, 6)
    colours = mixed.getpixel((3, 3))
    assert isinstance(colours, tuple)
    assert all(abs(colour - 85) <= 1 for colour in colours)
    assert blend([red]) == red


def _plain(colour: str, size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()
