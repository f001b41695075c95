"""A prompt that stands for several is confirmed first: over the real client, after restarts too."""

import pytest
from sqlalchemy import delete

from bot.client import DarkroomBot
from playground import Playground
from playground.app.faults import SEND_MESSAGE
from playground.testing.member import Member
from storage import jobs
from storage.database import Database
from storage.models import DraftRow
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import CONFIRMED_PROMPT, answered, card, question, told, whoever

WRITTEN = [
    f"a {colour} fox --steps 2 --ar {shape} --n 1"
    for colour in ("red", "blue")
    for shape in ("1:1", "2:1")
]


async def test_nothing_is_queued_before_a_yes_which_works_after_a_restart(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        await bot.wait_until_ready()
        asked = await question(ada, CONFIRMED_PROMPT)
        assert asked.ephemeral
        shown = card(asked)
        assert "Start 4 jobs?" in shown
        assert all(prompt in shown for prompt in WRITTEN)
        assert not await jobs.open_jobs(database, whoever(asked))
    async with deployment.open():
        await ada.wait_for_command("imagine")
        await ada.press(asked, "Yes, start them")
        await answered(ada, asked, "4 jobs started")
        drawn = set()
        for _ in WRITTEN:
            done = await ada.wait_for(
                lambda m: m.attachments and m.button("🔄") and m.content not in drawn
            )
            drawn.add(done.content)
        assert all(any(prompt in content for content in drawn) for prompt in WRITTEN)


@pytest.mark.parametrize(("at_a_time", "few", "many"), [(3, 3, 4), (1, None, 2), (9, 3, 4)])
async def test_repeating_a_few_times_is_done_and_more_often_is_asked_about(
    bot: DarkroomBot,
    owner: Member,
    database: Database,
    at_a_time: int,
    few: int | None,
    many: int,
) -> None:
    """Whoever may have fewer jobs at a time is asked sooner, as what they ask for is more."""
    await owner.slash("darkroom", "server settings", jobs_per_member=at_a_time)
    asked = await question(owner, f"a fox --steps 1 --n 1 --r {many}")
    assert f"Start {many} jobs?" in card(asked)
    assert f"One prompt, drawn {many} times" in card(asked)
    assert not await jobs.open_jobs(database, whoever(asked))
    await owner.press(asked, "Yes, start them")
    await answered(owner, asked, f"{many} jobs started")
    if few is not None:
        for job in await jobs.open_jobs(database, whoever(asked)):
            await jobs.cancel(database, job.id)
        waiting = await owner.slash("darkroom", "imagine", prompt=f"a cat --steps 1 --r {few}")
        assert waiting.content.startswith("**a cat")


async def test_jobs_are_posted_in_their_order_even_if_discord_refuses_one_for_a_moment(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    colours = ["red", "green", "blue", "pink", "white", "grey"]
    prompt = f"a {{{', '.join(colours)}}} fox --steps 1 --n 1"
    asked = await question(ada, prompt)
    playground.faults.fail(SEND_MESSAGE, status=503)
    await ada.press(asked, "Yes, start them")
    await answered(ada, asked, "6 jobs started")
    seen: dict[str, int] = {}
    for colour in colours:
        shown = await ada.wait_for(lambda m, colour=colour: f"a {colour} fox" in m.content)
        seen[colour] = shown.id
    assert sorted(seen, key=seen.__getitem__) == colours


async def test_that_confirmed_jobs_may_be_more_than_usual_is_said(
    bot: DarkroomBot, owner: Member
) -> None:
    await owner.slash("darkroom", "server settings", jobs_per_member=2)
    asked = await question(owner, "a fox --steps 1 --n 1 --r 4")
    assert "Otherwise you may have 2 at a time here" in card(asked)
    shown = await told(owner, await owner.slash("darkroom", "info"))
    assert "Jobs in use: 0 of 2; up to 10 if you confirm several at once" in shown
    few = await question(owner, "a {red, blue} fox --steps 1 --n 1")
    assert "Otherwise" not in card(few)


async def test_a_no_starts_nothing(bot: DarkroomBot, ada: Member, database: Database) -> None:
    asked = await question(ada, CONFIRMED_PROMPT)
    await ada.press(asked, "No")
    await answered(ada, asked, "Not started")
    assert not await jobs.open_jobs(database, whoever(asked))


async def test_what_was_answered_elsewhere_starts_nothing(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    asked = await question(ada, CONFIRMED_PROMPT)
    async with database.transaction() as session:
        await session.execute(delete(DraftRow))
    answer = (await ada.press(asked, "Yes, start them")).message
    assert "already answered" in await told(ada, answer)
    assert not await jobs.open_jobs(database, whoever(asked))


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a fox --ar {3:2, 9:1}", "1:3 to 3:1"),
        ("a {red fox", "Unmatched brace"),
        ("a {b, c} fox --r 6", "more than 10 jobs"),
        ("{a,b} {c,d} {e,f} {g,h}", "more than 10 jobs"),
    ],
)
async def test_what_is_wrong_in_one_of_several_is_refused_before_the_question(
    bot: DarkroomBot, ada: Member, prompt: str, words: str
) -> None:
    refusal = await ada.slash("darkroom", "imagine", prompt=prompt)
    assert words in await told(ada, refusal)
