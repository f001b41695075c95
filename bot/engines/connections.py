"""Opens the connections to all engines that are configured, each in its own language."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bot.engines.comfyui import ComfyUIEngine, InvalidWorkflow
from bot.engines.configuration import (
    Configuration,
    EngineAddress,
    InvalidConfiguration,
    ModelConfig,
)
from bot.engines.openai import OpenAIEngine
from bot.engines.probe import ProbedEngine
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.engine import Engine


class EngineConstructor(Protocol):
    """Makes the client of one kind of engine; entering it opens its connections.

    `url` may hold a user and a password. `models` is what is configured of models, by their ids.
    `proxy` is the address of a proxy to reach it through. `workflows` is the folder with the
    operator's own workflows, for kinds that have any.
    """

    def __call__(
        self,
        url: str,
        key: str | None,
        *,
        models: Mapping[str, ModelConfig],
        proxy: str | None,
        workflows: Path | None,
    ) -> AbstractAsyncContextManager[Engine]: ...


def _darkroom(
    url: str,
    key: str | None,
    *,
    models: Mapping[str, ModelConfig],
    proxy: str | None,
    workflows: Path | None,
) -> AbstractAsyncContextManager[Engine]:
    return InferenceClient(url, key)


def _openai(
    url: str,
    key: str | None,
    *,
    models: Mapping[str, ModelConfig],
    proxy: str | None,
    workflows: Path | None,
) -> AbstractAsyncContextManager[Engine]:
    return OpenAIEngine(url, key, models=models, proxy=proxy)


def _comfyui(
    url: str,
    key: str | None,
    *,
    models: Mapping[str, ModelConfig],
    proxy: str | None,
    workflows: Path | None,
) -> AbstractAsyncContextManager[Engine]:
    try:
        return ComfyUIEngine(url, key, models=models, proxy=proxy, workflows=workflows)
    except InvalidWorkflow as error:
        raise InvalidConfiguration(str(error)) from error


CONSTRUCTORS: Mapping[str, EngineConstructor] = MappingProxyType(
    {"darkroom": _darkroom, "openai": _openai, "comfyui": _comfyui}
)
"""The clients by the kinds of engines."""


@dataclass(frozen=True, slots=True)
class ConnectedEngine:
    """One engine that can be asked, and how many jobs it is sent at once."""

    name: str
    title: str | None
    engine: Engine
    jobs_at_once: int


@dataclass(frozen=True, slots=True)
class ConnectedEngines:
    """All engines, in the order in which they are configured; at least one."""

    configuration: Configuration
    engines: tuple[ConnectedEngine, ...]


@asynccontextmanager
async def open_engines(configuration: Configuration) -> AsyncIterator[ConnectedEngines]:
    """Open the connections; nothing is asked yet. Raises InvalidConfiguration."""
    async with AsyncExitStack() as opened:
        engines = [
            ConnectedEngine(
                address.name,
                address.title,
                await opened.enter_async_context(_client_of(address, configuration)),
                address.jobs_at_once,
            )
            for address in configuration.engines
        ]
        yield ConnectedEngines(configuration, tuple(engines))


def _client_of(
    address: EngineAddress, configuration: Configuration
) -> AbstractAsyncContextManager[Engine]:
    kind = address.kind or ("openai" if "openai" in CONSTRUCTORS else "darkroom")
    constructor = CONSTRUCTORS.get(kind)
    if constructor is None:
        raise InvalidConfiguration(
            f"The engine {address.name} is of the kind {kind}, which this version does not know."
        )
    client = constructor(
        address.url,
        address.key,
        models=configuration.models,
        proxy=None,
        workflows=configuration.workflows,
    )
    if kind == "openai":
        # Ours has OpenAI's API too, and its own client can do more.
        return ProbedEngine(InferenceClient(address.url, address.key), client)
    return client
