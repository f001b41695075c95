"""Prompts with few enough characters but too many tokens for their model."""

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.requests import MAX_PROMPT_CHARS
from playground.testing.member import Member
from storage import jobs
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import finished, job_id_of, told, whoever


@pytest.fixture
async def lengths(settings: Settings) -> tuple[str, str]:
    """The longest prompt that the model reads, and one that is too long for it."""
    assert settings.inference_url is not None
    async with InferenceClient(settings.inference_url) as inference:
        one, most = await inference.count_tokens("zq")
    fitting = " ".join(["zq"] * (most // one))
    assert len(fitting) < MAX_PROMPT_CHARS - 100, "the model reads all that can be typed"
    return fitting, f"{fitting} zq zq"


async def test_what_the_model_would_not_read_is_refused_before_it_is_queued(
    bot: DarkroomBot, ada: Member, database: Database, lengths: tuple[str, str]
) -> None:
    fitting, too_long = lengths
    for prompt in (
        too_long,
        f"a fox --no {too_long}",
        f"a fox:: {too_long}::2",
        f"{{a, b}} {too_long}",
    ):
        refusal = await ada.slash("darkroom", "imagine", prompt=prompt)
        assert "tokens" in await told(ada, refusal)
        assert not await jobs.open_jobs(database, whoever(refusal))
    grid = await finished(
        ada, await ada.slash("darkroom", "imagine", prompt=f"{fitting} --steps 1")
    )
    assert grid.attachments


async def test_while_nobody_can_count_a_long_prompt_is_queued(
    deployment: Deployment,
    settings: Settings,
    ada: Member,
    database: Database,
    lengths: tuple[str, str],
) -> None:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        # So that the models are remembered.
        assert await bot.services.history.versions()
    await ada.wait_for_bot(online=False)
    away = Deployment(settings.model_copy(update={"inference_url": "http://127.0.0.1:9"}), database)
    async with away.open():
        await ada.wait_for_bot()
        waiting = await ada.slash("darkroom", "imagine", prompt=lengths[1])
        assert await jobs.get(database, job_id_of(waiting))
