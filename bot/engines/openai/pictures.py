"""Pictures of other servers: fetched, decoded in processes that can be killed, and made PNGs."""

import asyncio
import struct

from PIL import Image, ImageFilter
from yarl import URL

from bot.engines.openai.answers import EncodedPicture
from bot.engines.openai.connection import Connection, read_bounded
from bot.errors import InvalidLink
from bot.i18n.texts import say_unmarked
from bot.images.fetch import PictureFetcher
from bot.images.png import encode_png, open_rgb, with_texts
from bot.images.sanitize import MAX_PIXELS
from bot.proxies import DIRECT, Proxies
from diffusion.decoding.decode import PNG_SIZE, Undecodable, Wanted, plain_png
from diffusion.decoding.decoder import DecoderBusy, PictureDecoder
from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.stream_parser import InferenceRefused

MAX_SIDE_PX = 4096
"""Pixels of a picture's longer side; larger ones are made smaller."""

PREVIEW_SIDE_PX = 512

SEAM_PX = 8
"""Pixels over which what is drawn anew passes into what is kept."""


_UNREADABLE = {
    "type": "The engine sent a file that is no picture.",
    "pixels": "The engine sent a picture with too many pixels.",
    "slow": "The engine sent a picture that takes too long to read.",
}


class PictureReader:
    """Turns what a server sends into PNGs that the bot can use."""

    def __init__(self, connection: Connection, proxies: Proxies = DIRECT) -> None:
        self._connection = connection
        self._decoder = PictureDecoder()
        self._fetcher = PictureFetcher(proxies=proxies)

    async def close(self) -> None:
        await self._decoder.close()
        await self._fetcher.close()

    async def read(self, picture: EncodedPicture) -> bytes:
        """The picture as a PNG. Raises InferenceRefused, InferenceUnavailable."""
        return await self._decoded(picture, await self._file(picture))

    async def read_plain(self, picture: EncodedPicture) -> tuple[bytes, bool]:
        """The same, and whether it was decoded.

        A PNG that would only lose its metadata is not: who stores it checks its pixels.
        """
        file = await self._file(picture)
        plain = await asyncio.to_thread(_plain, file)
        if plain is not None:
            return plain, False
        return await self._decoded(picture, file), True

    async def _file(self, picture: EncodedPicture) -> bytes:
        return await self._fetched(picture.link) if picture.link else picture.file

    async def _decoded(self, picture: EncodedPicture, file: bytes) -> bytes:
        side = PREVIEW_SIDE_PX if picture.is_preview else MAX_SIDE_PX
        wanted = Wanted(max_pixels=MAX_PIXELS, fit_side=side, opaque=True, png=True, keeps_png=True)
        try:
            return (await self._decoder.decode(file, wanted)).content
        except Undecodable as error:
            raise InferenceRefused(_UNREADABLE[error.reason]) from error
        except DecoderBusy as error:
            raise InferenceUnavailable("Too many pictures wait to be decoded.") from error

    async def _fetched(self, link: str) -> bytes:
        """The file behind a link in an answer.

        The server's own links are followed to wherever it is. All others are treated like those
        that members type: https and public addresses only.
        """
        try:
            url = self._connection.root.join(URL(link))
        except ValueError as error:
            raise InferenceRefused("The engine sent a link that cannot be read.") from error
        if self._connection.owns(url):
            async with self._connection.ask("GET", url) as response:
                return await read_bounded(response)
        try:
            return await self._fetcher.download(str(url))
        except InvalidLink as error:
            said = say_unmarked(error.problem)
            raise InferenceRefused(f"The engine's picture cannot be fetched. {said}") from error


async def transparent_mask(mask: bytes) -> bytes:
    """A mask as OpenAI has it: transparent where it is drawn anew, where ours is white."""
    return await asyncio.to_thread(_transparent_mask, mask)


async def kept_outside(picture: bytes, image: bytes, mask: bytes) -> bytes:
    """The picture with what the mask keeps of the image it started from."""
    return await asyncio.to_thread(_kept_outside, picture, image, mask)


async def labelled(picture: bytes, label: str) -> bytes:
    """The PNG with the text that says how it was made."""
    return await asyncio.to_thread(with_texts, picture, label)


def _plain(file: bytes) -> bytes | None:
    """A PNG without its metadata, if nothing else would be changed in it."""
    plain = plain_png(file, upright=True)
    if plain is None:
        return None
    # Pillow would raise for a size that no picture has.
    width, height = struct.unpack(">II", plain[PNG_SIZE])
    is_small = 0 < width * height <= MAX_PIXELS and max(width, height) <= MAX_SIDE_PX
    return plain if is_small else None


def _transparent_mask(mask: bytes) -> bytes:
    redrawn = open_rgb(mask).convert("L")
    black = Image.new("RGBA", redrawn.size, (0, 0, 0, 255))
    black.putalpha(redrawn.point(lambda level: 255 - level))
    return encode_png(black)


def _kept_outside(picture: bytes, image: bytes, mask: bytes) -> bytes:
    kept = open_rgb(image)
    drawn = open_rgb(picture).resize(kept.size, Image.Resampling.LANCZOS)
    share = open_rgb(mask).convert("L").resize(kept.size)
    # Softened only inwards, so that every pixel that is kept stays as it was.
    soft = share.filter(ImageFilter.MinFilter(2 * (SEAM_PX // 2) + 1))
    soft = soft.filter(ImageFilter.BoxBlur(SEAM_PX // 2))
    return encode_png(Image.composite(drawn, kept, soft))
