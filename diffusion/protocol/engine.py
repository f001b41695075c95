"""What a client asks of an engine, whatever server stands behind it."""

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from diffusion.protocol.client import NO_FILES
from diffusion.protocol.events import Event
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest


class Engine(Protocol):
    """One server that draws. `diffusion.protocol.client.InferenceClient` is the one for our own.

    All methods raise InferenceUnavailable where the server cannot be reached now, and, apart from
    `generate`, InferenceRefused where it will never do what is asked.
    """

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models that the server has. What they cannot do is said in their fields."""
        ...

    def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """Queued and Progress as they come, then one Finished or Failed.

        `previews` is the number of previews of each picture. `files` has the files that the
        request's start names, by their SHA-256. Closing the iterator cancels the request.
        """
        ...

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        """Prompts that could have made a picture, the likeliest first."""
        ...

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """The words of a prompt in their order, each with how much it counts, from 0 to 1."""
        ...

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        """How many tokens a prompt has, and how many the model reads."""
        ...

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        """A picture enlarged by the model's factor, as a PNG file."""
        ...
