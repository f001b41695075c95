"""A server's worth of real parts: playground, inference, database and bot."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from bot.ui import responses
from playground import Playground, running_playground
from playground.state.limits import Limits
from playground.testing.member import Member
from storage.database import Database
from tests.support.bot.deployment import PATIENT, STEPS, Deployment, running_inference
from tests.support.migrated import migrated_file as migrated_file
from tests.support.models.tiny_model import build_tiny_model
from tests.support.postgres import postgres_server as postgres_server
from tests.support.postgres import postgres_url as postgres_url


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_tiny_model(tmp_path_factory.mktemp("model") / "tiny")
    card = folder / "darkroom.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "steps": STEPS}))
    return folder


@pytest.fixture(scope="session")
def inference_url(tiny_model: Path) -> Iterator[str]:
    """One inference process for all tests that do not harm it."""
    with asyncio.Runner() as runner:
        inference = running_inference(tiny_model)
        url, _ = runner.run(inference.__aenter__())
        yield url
        runner.run(inference.__aexit__(None, None, None))


@pytest.fixture
def limits() -> Limits:
    """The limits of the `playground` fixture; a test or a module may have its own."""
    return PATIENT


@pytest.fixture(autouse=True)
def _unhurried(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", limits.interaction_deadline / 2)


@pytest.fixture
async def playground(limits: Limits) -> AsyncIterator[Playground]:
    async with running_playground(limits=limits) as playground:
        yield playground
        assert not playground.violations


@pytest.fixture
async def ada(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "Ada", timeout=120) as ada:
        yield ada


@pytest.fixture
async def ben(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "Ben", timeout=120) as ben:
        yield ben


@pytest.fixture
async def owner(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "you", timeout=120) as owner:
        yield owner


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, inference_url: str) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=inference_url,
        DARKROOM_DATA=tmp_path / "data",
        # Off by default; the tests of user installs need them, and no other minds.
        DARKROOM_USER_INSTALLS=True,
        # A process for each bot, which tests of other things do not need.
        DARKROOM_FILTER="off",
    )


@pytest.fixture
async def database(settings: Settings, migrated_file: Path) -> AsyncIterator[Database]:
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(migrated_file, settings.data_folder)
    database = Database(settings.database)
    yield database
    await database.close()


@pytest.fixture
def deployment(settings: Settings, database: Database) -> Deployment:
    return Deployment(settings, database)


@pytest.fixture
async def bot(deployment: Deployment, ada: Member) -> AsyncIterator[DarkroomBot]:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        yield bot
