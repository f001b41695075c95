"""The bot where a member brought it along: it is no member there, and only its answers reach it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from playground import Playground, running_playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage.database import Database
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    answered,
    card,
    finished,
    first_words,
    job_id_of,
    labels,
    picture_of,
    question,
    told,
)

QUICK = "a fox --steps 2"
SUCCESS = 3
PLACES = ("elsewhere", "@Ben")


@pytest.fixture
async def ada(ada: Member) -> Member:
    """Ada has added the bot to her own account."""
    await ada.install_app()
    return ada


def grids(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.attachments]


@pytest.mark.parametrize("place", PLACES)
async def test_a_prompt_becomes_a_grid_that_all_see_and_all_can_use(
    bot: DarkroomBot, ada: Member, ben: Member, place: str
) -> None:
    waiting = await ada.slash(place, "imagine", prompt=QUICK)
    assert not waiting.ephemeral
    grid = await finished(ada, waiting)
    assert first_words(ada, waiting).endswith("(Waiting to start)")
    assert grid.content.endswith("(fast)")
    assert (await picture_of(ada, grid)).size == (512, 512)
    seen = await ben.wait_for(lambda m: m.id == grid.id and m.button("U1"))
    alone = await finished(ben, (await ben.press(seen, "U2")).message)
    assert alone.channel_id == grid.channel_id
    assert "Image #2 by" in alone.content
    # The mark of a used button comes with an edit of its own.
    await ada.wait_for(lambda m: m.id == grid.id and m.button("U2").style == SUCCESS)


async def test_a_job_can_be_cancelled_there_and_drawn_again(bot: DarkroomBot, ada: Member) -> None:
    waiting = await ada.slash("elsewhere", "imagine", prompt="a fox --q 4")
    await ada.press(waiting, "Cancel")
    stopped = await finished(ada, waiting)
    assert stopped.content.endswith("(Stopped)")
    again = (await ada.press(stopped, "🔄")).message
    assert again.channel_id == waiting.channel_id
    await ada.press(again, "Cancel")
    await finished(ada, again)


async def test_what_is_made_in_stealth_is_seen_by_its_member_alone(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    waiting = await ada.slash("@Ben", "imagine", prompt=f"{QUICK} --stealth")
    assert waiting.ephemeral
    assert (await finished(ada, waiting)).ephemeral
    assert not await ben.messages("@Ada")


async def test_where_applications_must_be_quiet_it_works_all_the_same(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    waiting = await ada.slash("no-apps", "imagine", prompt=QUICK)
    assert waiting.ephemeral
    grid = await finished(ada, waiting)
    await finished(ada, (await ada.press(grid, "V1")).message)
    assert len(grids(await ada.messages("no-apps"))) == 2
    # Ben owns that server and may hear everything, but these were not for him.
    assert not await ben.messages("no-apps")


async def test_what_has_no_room_among_five_follow_ups_comes_as_a_direct_message(
    bot: DarkroomBot, ada: Member
) -> None:
    prompt = "a {a, b, c, d, e, f, g} fox --steps 1 --n 1"
    asked = await question(ada, prompt, "elsewhere")
    await ada.press(asked, "Yes, start them")
    await answered(ada, asked, "7 jobs started")
    done: set[str] = set()
    for _ in range(7):
        grid = await ada.wait_for(lambda m: m.button("🔄") and m.id not in done)
        done.add(grid.id)
    assert len(grids(await ada.messages("elsewhere"))) == 5
    assert len(grids(await ada.messages("dm"))) == 2


async def test_in_its_own_server_a_member_brings_it_to_where_it_may_not_post(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    assert "I don't have the permission" in await told(
        ben, await ben.slash("no-entry", "imagine", prompt=QUICK)
    )
    grid = await finished(ada, await ada.slash("no-entry", "imagine", prompt=QUICK))
    assert grid.attachments
    assert grids(await ben.messages("no-entry"))


@pytest.mark.parametrize("place", ["dm", *PLACES])
async def test_every_command_answers_there(bot: DarkroomBot, ada: Member, place: str) -> None:
    names = await ada.command_names(place)
    assert {"imagine", "describe", "shorten", "settings", "Delete"} <= names
    assert not any(name.startswith("server") for name in names)
    grid = await finished(ada, await ada.slash(place, "imagine", prompt=QUICK))
    for command, options, words in (
        ("info", {}, "Lifetime"),
        ("queue", {}, "you have nothing queued"),
        ("help", {}, "Type </imagine:"),
        ("history", {}, "a fox"),
        ("seed", {}, job_id_of(grid)),
        ("settings", {}, "Suffix"),
        ("relax", {}, "Saved"),
        ("prefer remix", {}, "Saved"),
        ("prefer option list", {}, "none yet"),
    ):
        answer = await ada.slash(place, command, **options)
        assert words in await told(ada, answer), command
    again = await ada.slash(place, "show", id=job_id_of(grid))
    await ada.wait_for(lambda m: m.id == again.id and m.attachments)
    seed = (await ada.menu(grid, "Seed and parameters")).message
    assert job_id_of(grid) in await told(ada, seed)
    modal = (await ada.press(grid, "V1")).modal
    drawn = (await ada.submit(modal, {"prompt": "a red fox --steps 2"})).message
    assert "a red fox" in (await finished(ada, drawn)).content


@pytest.mark.parametrize("place", PLACES)
async def test_a_message_is_taken_away_while_its_token_lives(
    bot: DarkroomBot, ada: Member, place: str
) -> None:
    grid = await finished(ada, await ada.slash(place, "imagine", prompt=QUICK))
    gone = (await ada.menu(grid, "Delete")).message
    assert "/show" in await told(ada, gone)
    await ada.wait_until_deleted(grid)


async def test_a_job_that_outlives_a_restart_goes_on_in_its_place(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine", "elsewhere")
        waiting = await ada.slash("elsewhere", "imagine", prompt="a fox --q 4")
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        assert (await finished(ada, waiting)).attachments


@pytest.fixture
async def brief() -> AsyncIterator[Playground]:
    """Where the token of an answer dies as soon as it has answered."""
    limits = replace(PATIENT, interaction_lifetime=0)
    async with running_playground(limits=limits) as playground:
        yield playground


@pytest.mark.parametrize("place", PLACES)
async def test_when_the_token_is_dead_the_picture_comes_as_a_direct_message(
    brief: Playground, settings: Settings, database: Database, place: str
) -> None:
    deployment = Deployment(settings.model_copy(update={"discord_url": brief.url}), database)
    async with Member(brief.url, "Ada") as ada, deployment.open():
        await ada.install_app()
        await ada.wait_for_command("imagine", place)
        waiting = await ada.slash(place, "imagine", prompt=QUICK)
        grid = await ada.wait_for(lambda m: m.button("U1"))
        assert grid.channel_id == (await ada.messages("dm"))[0].channel_id
        assert "could not edit the original message" in grid.content
        # There it is a message like any other; what was left behind cannot be taken away.
        assert (await finished(ada, (await ada.press(grid, "U1")).message)).attachments
        await ada.wait_for(lambda m: m.id == grid.id and m.button("U1").style == SUCCESS)
        refusal = (await ada.menu(waiting, "Delete")).message
        assert "I can't delete this message" in card(refusal)
        assert labels(ada.latest(waiting)) == ["Cancel"]


async def test_what_is_sent_already_is_not_sent_twice(
    brief: Playground, settings: Settings, database: Database
) -> None:
    deployment = Deployment(settings.model_copy(update={"discord_url": brief.url}), database)
    async with Member(brief.url, "Ada") as ada, deployment.open():
        await ada.install_app()
        await ada.wait_for_command("imagine", "elsewhere")
        await ada.slash("elsewhere", "prefer auto_dm")
        drawn = []
        for place in ("elsewhere", "dm", "elsewhere", "dm"):
            waiting = await ada.slash(place, "imagine", prompt=QUICK)
            drawn.append(job_id_of(waiting))
            await ada.wait_for(lambda m: job_id_of(m) == drawn[-1] and m.attachments)
        assert [job_id_of(m) for m in grids(await ada.messages("dm"))] == drawn
