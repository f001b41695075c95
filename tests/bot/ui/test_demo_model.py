"""The embedded model, as members meet it: what it does not hear, and what it proposes instead."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import diffusion
from bot.client import DarkroomBot
from bot.policy.actors import Requester
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs
from storage.database import Database
from storage.models import JobRow
from tests.support.bot.deployment import running_inference
from tests.support.bot.job_messages import card, finished, job_id_of, labels, request_of
from tests.support.pictures import opened

MINI = Path(diffusion.__file__).parent / "mini"
QUICK = "--steps 2 --n 2"


@pytest.fixture(scope="module")
def inference_url() -> Iterator[str]:
    with asyncio.Runner() as runner:
        inference = running_inference(MINI)
        url, _ = runner.run(inference.__aenter__())
        yield url
        runner.run(inference.__aexit__(None, None, None))


async def refused(member: Member, prompt: str) -> Message:
    answer = await member.slash("darkroom", "imagine", prompt=prompt)
    return await member.wait_for(
        lambda m: m.ephemeral and bool(m.embeds) and m.interaction_id == answer.interaction_id
    )


async def test_what_was_left_out_is_said_once_and_the_line_makes_the_pictures_again(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    prompt = f"a red fox in the rain {QUICK}"
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
    assert grid.content.startswith(f"**{prompt}")
    assert grid.content.endswith(
        "\n-# The demo model draws emoji and stickers; it left out *in the rain*."
    )
    assert (await request_of(database, grid)).prompt == "a red fox"

    single = await finished(ada, (await ada.press(grid, "U1")).message)
    assert "left out" not in single.content

    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.prompt.startswith("a red fox in the rain")
    told = card(await ada.slash("darkroom", "seed", id=job.id))
    line = next(line for line in told.splitlines() if line.endswith("--exact"))
    again = await finished(ada, await ada.slash("darkroom", "imagine", prompt=line))
    assert await request_of(database, again) == await request_of(database, grid)
    # The signatures of the files differ, their pixels do not.
    shown = [opened(await ada.download(one.attachments[0])) for one in (again, grid)]
    assert shown[0].tobytes() == shown[1].tobytes()


@pytest.mark.parametrize("prompt", ["ein roter Fuchs", "a cozy cabin by the lake --ar 3:2"])
async def test_a_prompt_without_a_known_word_proposes_three_and_draws_nothing(
    bot: DarkroomBot, ada: Member, database: Database, prompt: str
) -> None:
    refusal = await refused(ada, prompt)
    assert prompt in refusal.content
    examples = ["a sunflower", "a parrot", "a lion on a yellow background"]
    assert labels(refusal) == ["Edit prompt", *examples]
    async with database.reading() as session:
        assert (await session.scalars(select(JobRow))).all() == []

    # The typed text is kept, and a proposal is drawn as it stands on its button.
    modal = (await ada.press(refusal, "Edit prompt")).modal
    assert modal is not None
    assert modal.fields[0].value == prompt
    drawn = await finished(ada, (await ada.press(refusal, "a parrot")).message)
    assert drawn.content.startswith("**a parrot**")
    assert "left out" not in drawn.content


async def test_who_has_typed_nothing_yet_is_offered_what_the_model_draws_well(
    bot: DarkroomBot, ada: Member
) -> None:
    help_page = card(await ada.slash("darkroom", "help"))
    assert "`a sunflower`, `a parrot`" in help_page
    assert "make run`" in help_page
    nobody = Requester(7, "somebody", None, 1, attachment_limit=10)
    offered = await bot.services.completion.suggest(nobody, "")
    assert offered[:2] == ("a sunflower", "a parrot")
