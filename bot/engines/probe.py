"""An engine of which only the address is known: our own server, or another with OpenAI's API."""

import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self

from diffusion.protocol.client import NO_FILES, InferenceClient, InferenceRefused
from diffusion.protocol.engine import Engine
from diffusion.protocol.events import Event, Failed
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest


class ProbedEngine:
    """Asks a server at its first use whether it is ours; if not, `other` speaks with it."""

    def __init__(self, own: InferenceClient, other: AbstractAsyncContextManager[Engine]) -> None:
        self._own = own
        self._other = other
        self._opened = AsyncExitStack()
        self._engine: Engine | None = None

    async def __aenter__(self) -> Self:
        await self._opened.enter_async_context(self._own)
        self._other_engine = await self._opened.enter_async_context(self._other)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    @property
    def found(self) -> Engine | None:
        """The client that fits; None before the server was asked."""
        return self._engine

    async def models(self) -> tuple[ModelInfo, ...]:
        """See `Engine`."""
        return await (await self._known()).models()

    async def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """See `Engine`."""
        try:
            engine = await self._known()
        except InferenceRefused as refused:
            yield Failed(str(refused))
            return
        events = engine.generate(request, previews=previews, user=user, files=files)
        async with contextlib.aclosing(events):
            async for event in events:
                yield event

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        """See `Engine`."""
        return await (await self._known()).describe(picture, model, user)

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """See `Engine`."""
        return await (await self._known()).weigh(prompt, model, user)

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        """See `Engine`."""
        return await (await self._known()).count_tokens(prompt, model, user)

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        """See `Engine`."""
        return await (await self._known()).upscale(picture, model, user)

    async def _known(self) -> Engine:
        """The client that fits. Raises InferenceUnavailable, InferenceRefused."""
        if self._engine is None:
            is_ours = await self._own.is_ours()
            self._engine = self._own if is_ours else self._other_engine
        return self._engine
