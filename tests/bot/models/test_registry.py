"""The models of several engines: put together, and remembered of one that is away."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from bot.models.registry import ModelRegistry
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.models import ModelInfo
from tests.support.engine.inference_server import site

AWAY = "http://127.0.0.1:9"
SHARED = ModelInfo("shared", steps=20)
FIRST, SECOND = ModelInfo("first"), ModelInfo("second")


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def engine(opened: AsyncExitStack, *models: ModelInfo) -> InferenceClient:
    """The client of a server that lists these models; of none, it is away."""

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"data": [model.to_json() for model in models]})

    app = web.Application()
    app.router.add_get("/v1/models", listed)
    url = await opened.enter_async_context(site(app)) if models else AWAY
    return await opened.enter_async_context(InferenceClient(url))


def ids(registry: ModelRegistry) -> list[str]:
    return [model.id for model in registry.models]


async def test_an_engine_that_is_away_keeps_its_models_and_their_numbers(
    opened: AsyncExitStack, tmp_path: Path
) -> None:
    file = tmp_path / "models.json"
    first, second = await engine(opened, FIRST, SHARED), await engine(opened, SHARED, SECOND)
    both = ModelRegistry({"a": first, "b": second}, file, None, {})
    assert not both.is_fresh
    assert await both.refresh()
    assert both.is_fresh
    assert both.is_complete
    assert ids(both) == ["first", "shared", "second"]
    assert both.models_of("b") == {"shared", "second"}

    away = await engine(opened)
    one = ModelRegistry({"a": away, "b": second}, file, None, {})
    assert await one.refresh()
    assert ids(one) == ["first", "shared", "second"]
    assert one.is_fresh
    assert not one.is_complete
    # That the other has answered is written down, and what the first had is not lost by it.
    none = ModelRegistry({"a": away, "b": away}, file, None, {})
    assert not await none.refresh()
    assert ids(none) == ["first", "shared", "second"]
    assert not none.is_fresh


async def test_of_a_shared_model_counts_what_an_engine_says_that_is_there(
    opened: AsyncExitStack, tmp_path: Path
) -> None:
    file = tmp_path / "models.json"
    old = await engine(opened, ModelInfo("shared", steps=10))
    await ModelRegistry({"a": old, "b": old}, file, None, {}).refresh()
    new = await engine(opened, SHARED)
    registry = ModelRegistry({"a": await engine(opened), "b": new}, file, None, {})
    assert [model.steps for model in registry.models] == [10]
    await registry.refresh()
    assert [model.steps for model in registry.models] == [20]


@pytest.mark.parametrize("written", [None, "127.0.0.1:1234", 5])
async def test_the_only_engine_has_whatever_was_remembered(
    opened: AsyncExitStack, tmp_path: Path, written: object
) -> None:
    """Older versions wrote no engine, and our own inference has another port each time."""
    file = tmp_path / "models.json"
    entry = FIRST.to_json() if written is None else {**FIRST.to_json(), "engine": written}
    file.write_text(json.dumps([entry]))
    away = await engine(opened)
    assert ids(ModelRegistry({"127.0.0.1:9": away}, file, None, {})) == ["first"]
    two = ModelRegistry({"a": away, "b": away}, file, None, {})
    assert ids(two) == (["first"] if written is None else [])
