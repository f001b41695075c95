"""One request at a server: a call for each of its pictures, and what comes of them together."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping

from bot.engines.openai.answers import EncodedPicture, pictures_in
from bot.engines.openai.calls import Call, call_for, files_of
from bot.engines.openai.connection import Connection
from bot.engines.openai.errors import OtherSizes, UnknownParameters
from bot.engines.openai.known_models import STREAM
from bot.engines.openai.learned import LearnedModels
from bot.engines.openai.pictures import PictureReader, kept_outside, labelled, transparent_mask
from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.events import Progress
from diffusion.protocol.infotext import infotext
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.stream_parser import InferenceRefused

MAX_PICTURES_AT_ONCE = 4
"""Pictures of one request that are asked for at the same time."""

MAX_CHANGES = 12
"""How often a call is changed after a refusal: there are fewer parameters that can be dropped."""


class Generation:
    """The pictures of one request while they are made.

    `files` are those that the request starts from. `finished` are PNGs by their places, with those
    that an interrupted try left; it is filled as pictures come. `checked` is whether all of them
    were decoded.
    """

    def __init__(
        self,
        connection: Connection,
        reader: PictureReader,
        models: LearnedModels,
        request: ImageRequest,
        previews: int,
        files: Mapping[str, bytes],
        finished: dict[int, bytes],
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._models = models
        self._request = request
        self._previews = previews
        self._image, self._mask = files_of(request, files)
        self.finished = finished
        self.checked = True
        self._shown: dict[int, bytes] = {}
        self._steps: dict[int, int] = {}
        self._news = asyncio.Event()

    async def run(self) -> AsyncGenerator[Progress, None]:
        """Have all pictures made that are missing; the first refusal ends all.

        Raises InferenceUnavailable and InferenceRefused.
        """
        work = asyncio.create_task(self._make())
        work.add_done_callback(lambda _: self._news.set())
        try:
            while not work.done():
                await self._news.wait()
                self._news.clear()
                if not work.done():
                    yield self._progress()
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def _progress(self) -> Progress:
        """How far all pictures are together; a finished picture is its own preview."""
        places = range(len(self._request.noises))
        each = self._previews + 1
        done = sum(each if n in self.finished else self._steps.get(n, 0) for n in places)
        shown = {**self._shown, **self.finished}
        complete = tuple(shown[n] for n in places) if len(shown) == len(places) else ()
        return Progress(done, each * len(places), complete)

    async def _make(self) -> None:
        mask = await transparent_mask(self._mask) if self._mask else None
        free = asyncio.Semaphore(MAX_PICTURES_AT_ONCE)

        async def make(index: int) -> None:
            async with free:
                self.finished[index] = await self._finish(await self._picture(index, mask), index)
            # The last one is shown by the job's end, and needs no preview.
            if len(self.finished) < len(self._request.noises):
                self._news.set()

        missing = [n for n in range(len(self._request.noises)) if n not in self.finished]
        tasks = [asyncio.create_task(make(index)) for index in missing]
        away: InferenceUnavailable | None = None
        try:
            for done in asyncio.as_completed(tasks):
                try:
                    await done
                except InferenceUnavailable as error:
                    # The others are under way, and may have been paid for.
                    away = away or error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if away:
            raise away

    async def _finish(self, picture: bytes, index: int) -> bytes:
        """The picture with what its mask keeps, and with the text that says how it was made."""
        if self._image and self._mask:
            picture = await kept_outside(picture, self._image, self._mask)
        model = self._models.model(self._request.model).info
        return await labelled(picture, infotext(self._request, index, model))

    async def _picture(self, index: int, mask: bytes | None) -> bytes:
        """One picture, as a PNG. What the server refuses to be told is left out from then on."""
        name = self._request.model
        for _ in range(MAX_CHANGES):
            model = self._models.model(name)
            call = call_for(self._request, index, model, self._previews, self._image, mask)
            try:
                made = await self._answer(call, index)
            except UnknownParameters as unknown:
                self._models.drop(name, unknown.names)
            except OtherSizes as other:
                sizes = tuple(size for size in other.sizes if size != call.optional["size"])
                if not self._models.learn_sizes(name, sizes) and call.optional["size"] in sizes:
                    raise InferenceRefused(f"The engine draws only {other}.") from other
            else:
                if made is not None:
                    return made
                if "stream" not in call.optional:
                    raise InferenceRefused("The engine ended its answer without a picture.")
                # It may be one that streams in a way of its own, and answers well in one piece.
                self._models.drop(name, STREAM)
        raise InferenceRefused("The engine refuses every form of this request.")

    async def _answer(self, call: Call, index: int) -> bytes | None:
        """The picture in the answer to a call; None if there is none in it."""
        sent = frozenset(call.optional)
        async with self._connection.ask("POST", call.path, call.body(), sent) as response:
            async for picture in pictures_in(response, sent):
                if not picture.is_preview:
                    return await self._read(picture)
                # A preview that cannot be read is no reason to fail.
                with contextlib.suppress(InferenceRefused, InferenceUnavailable):
                    self._shown[index] = await self._reader.read(picture)
                    self._steps[index] = min(self._previews, picture.place + 1)
                    self._news.set()
        return None

    async def _read(self, picture: EncodedPicture) -> bytes:
        """A finished picture; one that nobody looks at before it is stored may be undecoded."""
        if len(self._request.noises) > 1 or self._mask:
            return await self._reader.read(picture)
        png, self.checked = await self._reader.read_plain(picture)
        return png
