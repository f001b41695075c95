"""The engine for servers that speak OpenAI's Images API."""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from bot.engines.openai.answers import pictures_in
from bot.engines.openai.calls import Call, call_for, files_of, without
from bot.engines.openai.connection import Connection, read_bounded
from bot.engines.openai.errors import OtherSizes, UnknownParameters
from bot.engines.openai.known_models import STREAM, KnownModel, draws, known_model
from bot.engines.openai.pictures import PictureReader, kept_outside, labelled, transparent_mask
from diffusion.protocol.client import NO_FILES, InferenceUnavailable
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.events import Event, Failed, Finished, Progress
from diffusion.protocol.infotext import infotext
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.stream_parser import InferenceRefused, parsed

log = logging.getLogger(__name__)

MAX_PICTURES_AT_ONCE = 4
"""Pictures of one request that are asked for at the same time."""

MAX_CHANGES = 12
"""How often a call is changed after a refusal: there are fewer parameters that can be dropped."""

MAX_KEPT_REQUESTS = 8
"""Interrupted requests whose finished pictures are kept: they may have cost money."""


@dataclass(slots=True)
class _Learned:
    """What a server has told about a model by refusing calls."""

    dropped: frozenset[str] = frozenset()
    sizes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pictures:
    """The pictures of one request while they are made, and the latest previews."""

    count: int
    finished: dict[int, bytes] = field(default_factory=dict)
    previews: dict[int, bytes] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)

    def progress(self, previews: int) -> Progress:
        """How far all of them are together; a finished picture is its own preview."""
        each = previews + 1
        done = sum(each if n in self.finished else self.steps.get(n, 0) for n in range(self.count))
        shown = {**self.previews, **self.finished}
        complete = tuple(shown[n] for n in range(self.count)) if len(shown) == self.count else ()
        return Progress(done, each * self.count, complete)


class OpenAIEngine:
    """One server that speaks OpenAI's dialect: `async with OpenAIEngine(url) as engine`.

    `url` is its root, with or without `/v1`. `models` are ids of models that draw, whatever their
    names look like. `proxy` is the address of an HTTP proxy.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        models: Collection[str] = (),
        proxy: str | None = None,
    ) -> None:
        self._connection = Connection(url, key, proxy)
        self._reader = PictureReader(self._connection)
        self._wanted = frozenset(models)
        self._known: dict[str, KnownModel] = {}
        self._learned: dict[str, _Learned] = {}
        self._kept: dict[str, dict[int, bytes]] = {}

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._connection.__aexit__(kind, error, trace)
        await self._reader.close()

    def dropped_parameters(self, model: str) -> frozenset[str]:
        """The parameters that the server said it does not know for this model."""
        learned = self._learned.get(model)
        return learned.dropped if learned else frozenset()

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's models that draw. Raises InferenceUnavailable and InferenceRefused."""
        async with self._connection.ask("GET", "/v1/models") as response:
            answer = parsed(await read_bounded(response))
        entries = answer.get("data")
        if not isinstance(entries, list):
            raise InferenceRefused("The engine sent no list of models.")
        owners = {
            entry["id"]: str(entry.get("owned_by"))
            for entry in entries
            if isinstance(entry, dict) and isinstance(entry.get("id"), str)
            if entry["id"] in self._wanted or draws(entry["id"], entry)
        }
        owners |= {model: "" for model in self._wanted if model not in owners}
        if not owners:
            raise InferenceRefused("The engine has no model that draws.")
        try:
            self._known = {model: known_model(model, owner) for model, owner in owners.items()}
        except InvalidField as error:
            raise InferenceRefused(f"The engine's models: {error.message}") from error
        return tuple(self._model(model).info for model in self._known)

    async def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """Progress as it comes, then one Finished or Failed. Raises InferenceUnavailable.

        Each picture is a call of its own. Those that are finished when the server goes away are
        kept for when the same request comes again. `user` is not told to the server.
        """
        key = hashlib.sha256(json.dumps(request.to_json()).encode()).hexdigest()
        pictures = _Pictures(len(request.noises), self._kept.pop(key, {}))
        news: asyncio.Queue[None] = asyncio.Queue(1)
        work = asyncio.create_task(self._make(request, previews, files, pictures, news))
        work.add_done_callback(lambda _: _tell(news))
        try:
            while not work.done():
                await news.get()
                if not work.done():
                    yield pictures.progress(previews)
            await work
            yield Finished(tuple(pictures.finished[n] for n in range(pictures.count)))
        except InferenceRefused as refused:
            yield Failed(str(refused))
        except InferenceUnavailable:
            self._keep(key, pictures.finished)
            raise
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        raise InferenceRefused("This engine cannot describe pictures.")

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        raise InferenceRefused("This engine cannot weigh words.")

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        raise InferenceRefused("This engine cannot count tokens.")

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        raise InferenceRefused("This engine cannot enlarge pictures.")

    async def _make(
        self,
        request: ImageRequest,
        previews: int,
        files: Mapping[str, bytes],
        pictures: _Pictures,
        news: asyncio.Queue[None],
    ) -> None:
        """Have all pictures made that are not finished; the first failure ends all."""
        image, mask = files_of(request, files)
        places = asyncio.Semaphore(MAX_PICTURES_AT_ONCE)
        encoded_mask = await transparent_mask(mask) if mask else None

        async def make(index: int) -> None:
            async with places:
                made = await self._picture(
                    request, index, previews, image, encoded_mask, pictures, news
                )
            if image and mask:
                made = await kept_outside(made, image, mask)
            label = infotext(request, index, self._model(request.model).info)
            pictures.finished[index] = await labelled(made, label)
            _tell(news)

        missing = [n for n in range(pictures.count) if n not in pictures.finished]
        tasks = [asyncio.create_task(make(index)) for index in missing]
        try:
            for done in asyncio.as_completed(tasks):
                await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _picture(
        self,
        request: ImageRequest,
        index: int,
        previews: int,
        image: bytes | None,
        mask: bytes | None,
        pictures: _Pictures,
        news: asyncio.Queue[None],
    ) -> bytes:
        """One picture, as a PNG. What the server refuses to be told is left out from then on."""
        for _ in range(MAX_CHANGES):
            call = call_for(request, index, self._model(request.model), previews, image, mask)
            try:
                made = await self._answer(call, index, pictures, news)
            except UnknownParameters as unknown:
                self._drop(request.model, unknown.names)
            except OtherSizes as other:
                sizes = tuple(size for size in other.sizes if size != call.optional["size"])
                if sizes == self._learned_of(request.model).sizes:
                    raise InferenceRefused(f"The engine draws only {other}.") from other
                self._learned_of(request.model).sizes = sizes
            else:
                if made is not None:
                    return made
                if "stream" not in call.optional:
                    raise InferenceRefused("The engine ended its answer without a picture.")
                # It may be one that streams in a way of its own, and answers well in one piece.
                self._drop(request.model, STREAM)
        raise InferenceRefused("The engine refuses every form of this request.")

    async def _answer(
        self, call: Call, index: int, pictures: _Pictures, news: asyncio.Queue[None]
    ) -> bytes | None:
        """The picture in the answer to a call; None if there is none in it."""
        sent = frozenset(call.optional)
        async with self._connection.ask("POST", call.path, call.body(), sent) as response:
            async for picture in pictures_in(response, sent):
                if not picture.is_preview:
                    return await self._reader.read(picture)
                # A preview that cannot be read is no reason to fail.
                with contextlib.suppress(InferenceRefused, InferenceUnavailable):
                    pictures.previews[index] = await self._reader.read(picture)
                    pictures.steps[index] = picture.place + 1
                    _tell(news)
        return None

    def _model(self, model_id: str) -> KnownModel:
        """What is known of a model, and what its server has told by refusing."""
        known = self._known.get(model_id) or known_model(model_id, "")
        learned = self._learned.get(model_id, _Learned())
        info = without(known.info, learned.dropped)
        if learned.sizes:
            info = replace(info, sizes=learned.sizes)
        dropped = learned.dropped | (STREAM if "stream" in learned.dropped else frozenset())
        return replace(known, info=info, parameters=known.parameters - dropped)

    def _learned_of(self, model_id: str) -> _Learned:
        return self._learned.setdefault(model_id, _Learned())

    def _drop(self, model_id: str, names: frozenset[str]) -> None:
        learned = self._learned_of(model_id)
        if names - learned.dropped:
            log.warning("%s does not know %s.", model_id, ", ".join(sorted(names)))
        learned.dropped |= names

    def _keep(self, key: str, finished: dict[int, bytes]) -> None:
        """Keep the finished pictures of an interrupted request, and forget the oldest ones."""
        if finished:
            self._kept[key] = finished
        while len(self._kept) > MAX_KEPT_REQUESTS:
            del self._kept[next(iter(self._kept))]


def _tell(news: asyncio.Queue[None]) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        news.put_nowait(None)
