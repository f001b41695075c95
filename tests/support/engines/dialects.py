"""Stand-ins by name, and what tests of the bot over them share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.engine.sites import site
from tests.support.engines.lenient import LenientStandIn
from tests.support.engines.openai_api import OpenAIStandIn
from tests.support.engines.sglang import SglangStandIn
from tests.support.engines.vllm_omni import VllmOmniStandIn

StandIn = OpenAIStandIn | VllmOmniStandIn | SglangStandIn | LenientStandIn


@dataclass(frozen=True, slots=True)
class Dialect:
    """A running stand-in."""

    name: str
    url: str
    stand_in: StandIn


def stand_in_of(name: str) -> StandIn:
    match name:
        case "openai":
            return OpenAIStandIn()
        case "vllm-omni":
            return VllmOmniStandIn()
        case "sglang":
            return SglangStandIn()
        case _:
            return LenientStandIn()


@asynccontextmanager
async def speaking(stand_in: StandIn, name: str = "") -> AsyncIterator[Dialect]:
    async with site(stand_in.app()) as url:
        yield Dialect(name, url, stand_in)
