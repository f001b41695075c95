"""The menu of a message and reactions to it, through the real client."""

import discord
import pytest

from bot.client import DarkroomBot
from playground import Playground
from playground.app.faults import SEND_MESSAGE
from playground.testing.member import Member
from storage import jobs
from storage.database import Database
from storage.models import JobState
from tests.support.bot.job_messages import (
    LONG,
    card,
    drawn,
    finished,
    job_id_of,
    letter,
    picture_of,
    told,
)


async def test_the_menu_of_a_message_sends_tells_and_deletes(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox --seed 7")
    done = (await ben.menu(grid, "Send to me")).message
    assert "Check your direct messages" in await told(ben, done)
    sent = await letter(ben, grid)
    assert "Seed: `7`" in card(sent)
    assert (await picture_of(ben, sent)).size == (await picture_of(ben, grid)).size
    seed = (await ben.menu(grid, "Seed and parameters")).message
    assert seed.ephemeral
    assert "Seed: `7`" in card(seed)
    refusal = (await ben.menu(grid, "Delete")).message
    assert "Only the member who started a job" in await told(ben, refusal)
    gone = (await ada.menu(grid, "Delete")).message
    assert "/show" in await told(ada, gone)
    await ada.wait_until_deleted(grid)
    again = await ada.slash("darkroom", "show", id=job_id_of(grid)[:8])
    again = await ada.wait_for(lambda m: m.id == again.id and m.attachments)
    # What shows a job once more is known by its buttons.
    assert "Seed: `7`" in card((await ben.menu(again, "Seed and parameters")).message)


async def test_the_menu_cancels_and_refuses_what_is_no_job(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    refusal = (await ben.menu(waiting, "Cancel job")).message
    assert "Only the member who started a job" in await told(ben, refusal)
    assert "is being cancelled" in await told(ada, (await ada.menu(waiting, "Cancel job")).message)
    stopped = await finished(ada, waiting)
    assert stopped.content.endswith("(Stopped)")
    refusal = (await ada.menu(waiting, "Send to me")).message
    assert "no pictures" in await told(ada, refusal)
    said = await ada.say("darkroom", "hello")
    for command in ("Cancel job", "Send to me", "Seed and parameters", "Delete"):
        refusal = (await ada.menu(said, command)).message
        assert "does not belong to a job" in await told(ada, refusal)
    # A message that is deleted while its job runs takes the job with it.
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ada.menu(running, "Delete")
    await ada.wait_until_deleted(running)
    job = await jobs.get(database, job_id_of(running))
    assert job is not None
    assert job.state is JobState.CANCELLED


async def test_reactions_send_cancel_and_take_away(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    grid = await drawn(ada, "a fox --seed 7")
    await ben.react(grid, "✉️")
    assert "Seed: `7`" in card(await letter(ben, grid))
    await ben.react(grid, "❌")
    await ben.react(grid, "🦊")
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ben.react(waiting, "❌")
    await ada.react(waiting, "❌")
    assert (await finished(ada, waiting)).content.endswith("(Stopped)")
    # Ben's ❌ came long before and took nothing away.
    assert ada.latest(grid).attachments
    await ada.react(grid, "❌")
    await ada.wait_until_deleted(grid)
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.state is JobState.DONE


async def test_a_star_shows_a_picture_once_among_the_highlights(
    bot: DarkroomBot, playground: Playground, owner: Member, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox")
    await ben.react(grid, "⭐")
    gallery = (await owner.say("gallery", "here")).channel_id
    await owner.slash("darkroom", "server settings", highlights="gallery")
    await owner.react(grid, "⭐")
    shown = await ada.wait_for(lambda m: m.channel_id == gallery and m.attachments)
    assert job_id_of(shown) == job_id_of(grid)
    await ada.react(grid, "⭐")
    # By the time that this has come, the second star would have shown it again.
    await ada.react(grid, "✉️")
    await letter(ada, grid)
    there = [m for m in await ada.messages("gallery") if m.attachments]
    assert len(there) == 1


async def test_a_star_without_a_highlights_channel_is_answered_once(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member
) -> None:
    grids = [await drawn(ada, "a fox"), await drawn(ada, "a cat")]

    for grid in grids:
        await ben.react(grid, "⭐")
    answer = await ben.wait_for(lambda m: bool(m.embeds) and "channel for highlights" in card(m))
    assert "/server settings" in card(answer)
    # By the time that this has come, the second star would have been answered.
    await ben.react(grids[0], "✉️")
    await letter(ben, grids[0])
    said = [m for m in await ben.messages("dm") if m.embeds and "highlights" in card(m)]
    assert [m.id for m in said] == [answer.id]
    # Whatever else is refused is told too: nothing is ignored without a word.
    await ben.react(grids[0], "❌")
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ada.react(waiting, "⭐")
    await ada.wait_for(lambda m: bool(m.embeds) and "Not finished yet" in card(m))
    await ben.wait_for(lambda m: bool(m.embeds) and "Not your job" in card(m))
    await ada.press(waiting, "Cancel")


async def test_a_highlight_that_discord_did_not_take_can_be_starred_again(
    bot: DarkroomBot, playground: Playground, owner: Member, ada: Member, database: Database
) -> None:
    grid = await drawn(ada, "a fox")
    gallery = (await owner.say("gallery", "here")).channel_id
    await owner.slash("darkroom", "server settings", highlights="gallery")
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    playground.faults.fail(SEND_MESSAGE, status=503)
    with pytest.raises(discord.HTTPException):
        await bot.services.history.highlight(job)
    await bot.services.history.highlight(job)
    await ada.wait_for(lambda m: m.channel_id == gallery and m.attachments)


async def test_finished_pictures_also_come_as_direct_messages(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    await ada.slash("darkroom", "prefer auto_dm")
    grid = await drawn(ada, "a fox")
    sent = await ada.wait_for(lambda m: m.channel_id != grid.channel_id and m.attachments)
    assert job_id_of(sent) == job_id_of(grid)
    # Where it is asked for in a direct message already, it comes once.
    own = await drawn(ada, "a cat", "dm")
    there = [m for m in await ada.messages("dm") if m.attachments]
    assert [job_id_of(m) for m in there] == [job_id_of(grid), job_id_of(own)]
