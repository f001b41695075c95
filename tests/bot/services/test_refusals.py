"""Prompts and actions that are refused with a reason, before anything is queued."""

import pytest
from sqlalchemy import text

from bot.client import DarkroomBot
from bot.config import Settings
from playground import Playground
from playground.testing.member import Member
from storage import jobs
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.discord_markdown import read
from tests.support.bot.job_messages import LONG, card, finished, job_id_of, labels, told, whoever


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("--ar 3:2", "The prompt has no words."),
        ("a fox --ar 0:1", "1:3 to 3:1"),
        ("a fox --ar 1:50", "1:3 to 3:1"),
        ("a fox --stylise 3", "Did you mean `--stylize`?"),
        ("a fox --s 1 --s 2", "more than once"),
        ("a fox --style cubist", "`raw`, `sketch`"),
    ],
)
async def test_a_prompt_that_cannot_be_drawn_is_refused_to_its_member_alone(
    bot: DarkroomBot, ada: Member, database: Database, prompt: str, words: str
) -> None:
    refusal = await ada.slash("darkroom", "imagine", prompt=prompt)
    assert words in await told(ada, refusal)
    assert not await jobs.open_jobs(database, whoever(refusal))


async def test_a_prompt_pings_nobody_and_is_shown_as_typed(bot: DarkroomBot, ada: Member) -> None:
    prompt = "@everyone **<@1>** ثعلب 🦊 --q .25"
    waiting = await ada.slash("darkroom", "imagine", prompt=prompt)
    assert "@everyone" in waiting.content
    grid = await finished(ada, waiting)
    for version in (*ada.versions(waiting), *ada.versions(grid)):
        assert not version.mentions_everyone
        # The end notifies the member who asked, and nobody else.
        assert version.mentions == ({"Ada"} if version.id == grid.id else set())


async def test_six_thousand_characters_are_drawn_or_refused_as_too_many_for_the_model(
    bot: DarkroomBot, ada: Member
) -> None:
    long_words = "f" * 5000 + " fox --q .25"
    prompts = ("fox " * 1498 + "--q .25", long_words)
    for prompt in prompts:
        answer = await ada.slash("darkroom", "imagine", prompt=prompt)
        ended = await ada.wait_for(
            lambda m, id=answer.interaction_id: (
                m.interaction_id == id and ("U1" in labels(m) or (m.ephemeral and m.embeds))
            )
        )
        assert "U1" in labels(ended) or "the model reads" in card(ended)


async def test_a_pasted_text_is_shown_as_what_is_drawn(bot: DarkroomBot, ada: Member) -> None:
    pasted = "a fox Negative prompt: grass Steps: 2, Sampler: Euler a, CFG scale: 3, Seed: 5"
    waiting = await ada.slash("darkroom", "imagine", prompt=f"/imagine prompt: {pasted}")
    becomes = "a fox --no grass --steps 2 --sampler euler_ancestral --cfg 3 --seed 5 --raw"
    assert becomes in read(waiting.content).seen
    assert job_id_of(await finished(ada, waiting))
    refusal = await ada.slash("darkroom", "imagine", prompt=f"{pasted}, Clip skip: 2")
    assert f"send this: {becomes}" in read(await told(ada, refusal)).seen
    refusal = await ada.slash("darkroom", "imagine", prompt="a fox (ears:-1.2)")
    assert "--no" in await told(ada, refusal)


async def test_where_no_picture_could_be_shown_nothing_is_queued(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    refusal = await ada.slash("no-entry", "imagine", prompt="a fox")
    assert refusal.ephemeral
    assert "Send Messages" in card(refusal)
    assert not await jobs.open_jobs(database, whoever(refusal))


async def test_a_member_may_have_so_many_jobs_at_a_time(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member
) -> None:
    saved = await owner.slash("darkroom", "server settings", jobs_per_member=1)
    assert "Jobs per member: at most 1 queued or running" in await told(owner, saved)
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    refusal = await ada.slash("darkroom", "imagine", prompt=LONG)
    assert "You already have 1 of 1 jobs queued or running" in await told(ada, refusal)
    # Nobody else is held up by it.
    other = await ben.slash("darkroom", "imagine", prompt="a fox --q .25")
    assert "U1" in labels(await finished(ben, other))
    await finished(ada, running)
    assert not (await ada.slash("darkroom", "imagine", prompt="a fox --q .25")).ephemeral


async def test_repeats_are_queued_all_or_none(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    refusal = await ada.slash("darkroom", "imagine", prompt="a fox --r 3")
    words = await told(ada, refusal)
    assert "You already have 1 of 3 jobs queued or running" in words
    assert "and this would add 3" in words
    assert len(await jobs.open_jobs(database, whoever(refusal))) == 1
    await ada.press(running, "Cancel")


async def test_more_repeats_than_one_prompt_may_become_are_refused(
    bot: DarkroomBot, owner: Member, database: Database
) -> None:
    await owner.slash("darkroom", "server settings", permutations=4)
    refusal = await owner.slash("darkroom", "imagine", prompt="a fox --r 5")
    assert "more than 4 jobs" in await told(owner, refusal)
    assert not await jobs.open_jobs(database, whoever(refusal))


async def test_a_running_job_can_be_cancelled_by_its_member_only(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    running = await ada.wait_for(lambda m: m.id == waiting.id and "%)" in m.content)
    refusal = (await ben.press(running, "Cancel")).message
    assert "Only the member who started a job" in await told(ben, refusal)
    await ada.press(running, "Cancel")
    stopped = await finished(ada, running)
    assert stopped.content.endswith("(Stopped)")
    assert labels(stopped) == ["🔄"]
    job = await jobs.get(database, job_id_of(running))
    assert job is not None
    assert job.state == "cancelled"


async def test_a_queued_job_can_be_cancelled_too(
    settings: Settings, database: Database, ada: Member
) -> None:
    deployment = Deployment(settings.model_copy(update={"jobs_at_once": 1}), database)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        running = await ada.slash("darkroom", "imagine", prompt=LONG)
        await ada.wait_for(lambda m: m.id == running.id and "%)" in m.content)
        queued = await ada.slash("darkroom", "imagine", prompt=LONG)
        await ada.press(queued, "Cancel")
        assert (await finished(ada, queued)).content.endswith("(Stopped)")
        assert (await jobs.totals(database, whoever(queued))).cancelled == 1
        assert "U1" in labels(await finished(ada, running))


async def test_a_moderator_can_cancel_what_others_asked_for(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    running = await owner.wait_for(lambda m: m.id == waiting.id and "%)" in m.content)
    await owner.press(running, "Cancel")
    assert (await finished(ada, waiting)).content.endswith("(Stopped)")


async def test_a_button_of_a_job_that_nobody_knows_is_refused(
    deployment: Deployment, playground: Playground, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        grid = await finished(ada, waiting)
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM pictures"))
        assert "no pictures" in await told(ada, (await ada.press(grid, "U1")).message)
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM jobs"))
        assert "not in the database" in await told(ada, (await ada.press(grid, "🔄")).message)
