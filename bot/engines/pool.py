"""Several engines as one: each call goes to the engine that has its model."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence

from bot.engines.connections import ConnectedEngine
from bot.engines.places import EnginePlaces
from bot.models.registry import ModelRegistry
from diffusion.protocol.client import NO_FILES, InferenceRefused
from diffusion.protocol.engine import Engine
from diffusion.protocol.events import Event, Failed
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest


class EnginePool:
    """All engines as one `Engine`.

    A job that waits in the queue takes one of the `places` instead: what is asked here is neither
    counted nor limited.
    """

    def __init__(self, engines: Sequence[ConnectedEngine], registry: ModelRegistry) -> None:
        self._registry = registry
        self.places = EnginePlaces(engines, registry)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models of all engines. Raises what the first raises, where none is known."""
        asked = map(self._registry.learn, self.places.names)
        told = await asyncio.gather(*asked, return_exceptions=True)
        errors = [one for one in told if one is not None]
        if errors and not self._registry.models:
            raise errors[0]
        return self._registry.models

    async def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """See `Engine`. Fails where no engine has the model."""
        try:
            engine = self._engine_for(request.model)
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
        return await self._engine_for(model).describe(picture, model, user)

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """See `Engine`."""
        return await self._engine_for(model).weigh(prompt, model, user)

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        """See `Engine`."""
        return await self._engine_for(model).count_tokens(prompt, model, user)

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        """See `Engine`."""
        return await self._engine_for(model).upscale(picture, model, user)

    def _engine_for(self, model: str | None) -> Engine:
        return self.places.best(model).engine
