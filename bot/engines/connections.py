"""Opens the connections to all engines that are configured, each in its own language."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from bot.engines.comfyui import ComfyUIEngine, InvalidWorkflow
from bot.engines.configuration import (
    Configuration,
    EngineAddress,
    InvalidConfiguration,
)
from bot.engines.openai import OpenAIEngine
from bot.engines.probe import ProbedEngine
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.engine import Engine


class EngineConstructor(Protocol):
    """Makes the client of one kind of engine; entering it opens its connections."""

    def __call__(
        self, address: EngineAddress, configuration: Configuration
    ) -> AbstractAsyncContextManager[Engine]: ...


def _darkroom(
    address: EngineAddress, configuration: Configuration
) -> AbstractAsyncContextManager[Engine]:
    return InferenceClient(address.url, address.key, proxy=configuration.proxies.of(address.url))


def _openai(
    address: EngineAddress, configuration: Configuration
) -> AbstractAsyncContextManager[Engine]:
    return OpenAIEngine(
        address.url,
        address.key,
        models=configuration.models,
        proxy=configuration.proxies.of(address.url),
        proxies=configuration.proxies,
    )


def _comfyui(
    address: EngineAddress, configuration: Configuration
) -> AbstractAsyncContextManager[Engine]:
    try:
        return ComfyUIEngine(
            address.url,
            address.key,
            proxy=configuration.proxies.of(address.url),
            workflows=configuration.workflows,
        )
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
    client = constructor(address, configuration)
    if kind == "openai":
        # Ours has OpenAI's API too, and its own client can do more.
        own = InferenceClient(address.url, address.key, proxy=configuration.proxies.of(address.url))
        return ProbedEngine(own, client)
    return client
