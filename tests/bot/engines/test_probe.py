"""An address alone: our own server is spoken to by its own client, another by the other one."""

from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web

from bot.config import Settings
from bot.engines import connections
from bot.engines.configuration import Configuration, EngineAddress, read_configuration
from bot.engines.connections import CONSTRUCTORS, open_engines
from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.engine import Engine
from diffusion.protocol.models import ModelInfo
from tests.support.engine.inference_server import site


class OtherClient(InferenceClient):
    """Stands where the client of another kind will stand, and says so."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("seen by the other client"),)


def other(address: EngineAddress, _: Configuration) -> AbstractAsyncContextManager[Engine]:
    return OtherClient(address.url, address.key)


@pytest.fixture(autouse=True)
def _another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONSTRUCTORS", {**CONSTRUCTORS, "openai": other})


@pytest.mark.parametrize("prefix", ["", "openai+", "darkroom+"])
@pytest.mark.parametrize("owner", ["darkroom", "openai", None])
async def test_the_models_tell_whose_server_it_is(prefix: str, owner: str | None) -> None:
    async def listed(_: web.Request) -> web.Response:
        entry = {**ModelInfo("image-1").to_json(), "owned_by": owner}
        return web.json_response({"data": [entry]})

    app = web.Application()
    app.router.add_get("/v1/models", listed)
    async with site(app) as url:
        configuration = read_configuration(Settings(_env_file=None, inference_url=prefix + url))
        async with open_engines(configuration) as opened:
            (model,) = await opened.engines[0].engine.models()
    is_ours = owner == "darkroom" or prefix == "darkroom+"
    assert model.id == ("image-1" if is_ours else "seen by the other client")


async def test_one_that_is_away_is_asked_again() -> None:
    configuration = read_configuration(Settings(_env_file=None, inference_url="http://127.0.0.1:9"))
    async with open_engines(configuration) as opened:
        for _ in range(2):
            with pytest.raises(InferenceUnavailable):
                await opened.engines[0].engine.models()
