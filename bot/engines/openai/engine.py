"""The engine for servers that speak OpenAI's Images API."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Protocol, Self

from bot.engines.openai.connection import Connection, read_bounded
from bot.engines.openai.generation import Generation
from bot.engines.openai.known_models import draws
from bot.engines.openai.learned import LearnedModels
from bot.engines.openai.pictures import PictureReader
from bot.proxies import DIRECT, Proxies
from diffusion.protocol.client import NO_FILES, InferenceUnavailable
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.events import Event, Failed, Finished
from diffusion.protocol.models import MAX_MODEL_ID_CHARS, MAX_MODELS, ModelInfo
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.session import without_key
from diffusion.protocol.stream_parser import InferenceRefused, parsed

MAX_KEPT_REQUESTS = 8
"""Interrupted requests whose finished pictures are kept: they may have cost money."""


class ModelSettings(Protocol):
    """What an admin has written about a model."""

    def apply(self, model: ModelInfo) -> ModelInfo:
        """The model as its engine tells of it, with what is configured in its place."""
        ...


NOTHING_CONFIGURED: Mapping[str, ModelSettings] = {}


class OpenAIEngine:
    """One server that speaks OpenAI's dialect: `async with OpenAIEngine(url) as engine`.

    `url` is its root, with or without `/v1`. `models` is what is configured of models, by their
    ids; those draw, whatever their names look like. `proxy` is the address of an HTTP proxy.
    `proxies` are those for pictures that it has put elsewhere.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        models: Mapping[str, ModelSettings] = NOTHING_CONFIGURED,
        proxy: str | None = None,
        proxies: Proxies = DIRECT,
    ) -> None:
        self._connection = Connection(url, key, proxy)
        self._reader = PictureReader(self._connection, proxies)
        self._configured = models
        self._models = LearnedModels()
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

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's models that draw. Raises InferenceUnavailable and InferenceRefused."""
        async with self._connection.ask("GET", "/v1/models") as response:
            answer = parsed(await read_bounded(response))
        entries = answer.get("data")
        if not isinstance(entries, list):
            raise InferenceRefused("The engine sent no list of models.")
        owners = await asyncio.to_thread(self._drawing, entries)
        if len(owners) > MAX_MODELS:
            raise InferenceRefused(f"The engine lists more than {MAX_MODELS} models that draw.")
        if not owners:
            raise InferenceRefused("The engine has no model that draws.")
        try:
            ids = self._models.list_models(owners)
        except InvalidField as error:
            raise InferenceRefused(f"The engine's models: {error.message}") from error
        return tuple(self._described(model_id) for model_id in ids)

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
        kept = self._kept.pop(key, {})
        generation = Generation(
            self._connection, self._reader, self._models, request, previews, files, kept
        )
        try:
            async with contextlib.aclosing(generation.run()) as events:
                async for progress in events:
                    yield progress
        except InferenceRefused as refused:
            yield Failed(without_key(str(refused), self._connection.headers))
        except InferenceUnavailable:
            self._keep(key, generation.finished)
            raise
        else:
            made = tuple(file for _, file in sorted(generation.finished.items()))
            yield Finished(made, checked=generation.checked)

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        """Raises InferenceRefused: the dialect has no such question, nor those below."""
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

    def _drawing(self, entries: list[object]) -> dict[str, str]:
        """The owners of the listed models that draw, by their ids."""
        return {
            name: str(entry.get("owned_by"))
            for entry in entries
            if isinstance(entry, dict) and isinstance(name := entry.get("id"), str)
            if 0 < len(name) <= MAX_MODEL_ID_CHARS and name.isprintable()
            if name in self._configured or draws(name, entry)
        }

    def _described(self, model_id: str) -> ModelInfo:
        info = self._models.model(model_id).info
        configured = self._configured.get(model_id)
        return configured.apply(info) if configured else info

    def _keep(self, key: str, finished: dict[int, bytes]) -> None:
        """Keep the finished pictures of an interrupted request, and forget the oldest ones."""
        if finished:
            self._kept[key] = finished
        while len(self._kept) > MAX_KEPT_REQUESTS:
            del self._kept[next(iter(self._kept))]
