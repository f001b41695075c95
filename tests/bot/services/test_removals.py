"""What a moderator deleted is not shown again, after restarts too."""

import asyncio
import signal
from pathlib import Path

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.errors import NoHighlights
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, removals
from storage.database import Database
from storage.models import JobState
from storage.pictures import of_job
from storage.removals import Copy
from storage.rules.quotas import Quota
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    card,
    caught_at_work,
    drawn,
    finished,
    grids,
    job_id_of,
    letter,
    told,
)
from tests.support.processes import RunningProcess


async def direct(member: Member, job_id: str) -> Message:
    """The result as a direct message, which is sent last."""
    return await member.wait_for(lambda m: bool(m.attachments) and job_id in m.attachments[0].url)


async def shown(member: Member, channel: str, job_id: str) -> Message:
    answer = await member.slash(channel, "show", id=job_id)
    return await member.wait_for(
        lambda m: m.interaction_id == answer.interaction_id and bool(m.attachments)
    )


async def until_known(database: Database, copy: Message) -> None:
    """Wait until the bot has noted this copy, a moment after posting it."""
    place = Copy(int(copy.channel_id), int(copy.id))
    while place not in await removals.copies(database, job_id_of(copy)):  # noqa: ASYNC110 - the bot's own time
        await asyncio.sleep(0.02)


def files(settings: Settings, job_id: str) -> list[Path]:
    return list(settings.picture_folder.glob(f"{job_id}*"))


async def test_a_running_job_whose_message_was_deleted_is_shown_to_its_member_alone(
    bot: DarkroomBot, playground: Playground, ada: Member, ben: Member
) -> None:
    await ada.slash("darkroom", "prefer auto_dm")
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    await playground.faults.delete(waiting)
    assert (await direct(ada, job_id_of(waiting))).channel_id != waiting.channel_id
    assert not await grids(ben)
    again = await shown(ada, "darkroom", job_id_of(waiting))
    assert again.ephemeral
    assert (await shown(ada, "gallery", job_id_of(waiting))).ephemeral
    assert not await grids(ben)


async def test_what_was_deleted_while_the_bot_was_away_is_not_posted_again(
    deployment: Deployment, playground: Playground, ada: Member, ben: Member, database: Database
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        await ada.slash("darkroom", "prefer auto_dm")
        done = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        await caught_at_work(ada, waiting)
        process.send(signal.SIGKILL)
        await process.wait()
    await playground.faults.delete(waiting)
    await playground.faults.delete(done)
    async with deployment.open():
        await direct(ada, job_id_of(waiting))
        await ada.wait_for_command("show")
        assert (await shown(ada, "darkroom", job_id_of(done))).ephemeral
        assert not await grids(ben)
        job = await jobs.get(database, job_id_of(waiting))
        assert job is not None
        assert job.state is JobState.DONE


async def test_a_copy_that_was_deleted_does_not_come_back_either(
    bot: DarkroomBot,
    database: Database,
    playground: Playground,
    owner: Member,
    ada: Member,
    ben: Member,
) -> None:
    grid = await drawn(ada, "a fox")
    copy = await shown(ada, "darkroom", job_id_of(grid))
    assert not copy.ephemeral
    # A member may show again what they deleted themselves.
    await ada.menu(copy, "Delete")
    await ada.wait_until_deleted(copy)
    copy = await shown(ada, "darkroom", job_id_of(grid))
    assert not copy.ephemeral
    await until_known(database, copy)
    await playground.faults.delete(copy)
    assert (await shown(ada, "darkroom", job_id_of(grid))).ephemeral
    assert not (await shown(ada, "gallery", job_id_of(grid))).ephemeral
    # A star does not bring back what was deleted before, either.
    gallery = (await owner.say("gallery", "here")).channel_id
    await owner.slash("darkroom", "server settings", highlights="gallery")
    other = await drawn(ada, "a cat")
    job = await jobs.get(bot.services.history._database, job_id_of(other))
    assert job is not None
    await playground.faults.delete(other)
    with pytest.raises(NoHighlights, match="was deleted"):
        await bot.services.history.highlight(job)
    there = [m for m in await ben.messages("gallery") if m.attachments]
    assert [job_id_of(m) for m in there] == [job_id_of(grid)]
    assert there[0].channel_id == gallery


async def test_when_discord_does_not_say_whether_it_is_there_the_answer_is_private(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    grid = await drawn(ada, "a fox")
    playground.faults.fail("GET /channels/{channel_id}/messages/{message_id}", status=503)
    assert (await shown(ada, "darkroom", job_id_of(grid))).ephemeral
    assert not (await shown(ada, "darkroom", job_id_of(grid))).ephemeral


async def test_a_moderator_takes_message_copies_rows_and_files_away(
    bot: DarkroomBot,
    settings: Settings,
    database: Database,
    owner: Member,
    ada: Member,
    ben: Member,
) -> None:
    grid = await drawn(ada, "a fox")
    job_id = job_id_of(grid)
    single = await finished(ben, (await ben.press(grid, "U1")).message)
    copy = await shown(ada, "gallery", job_id)
    await ben.menu(grid, "Send to me")
    sent = await letter(ben, grid)
    refusal = (await ben.menu(grid, "Delete")).message
    assert "Only the member who started a job" in await told(ben, refusal)
    assert files(settings, job_id)
    answer = (await owner.menu(grid, "Delete")).message
    assert "will not be posted here again" in await told(owner, answer)
    await ada.wait_until_deleted(grid)
    await ada.wait_until_deleted(copy)
    assert files(settings, job_id) == []
    assert await of_job(database, job_id) == ()
    # A follow-up job that was made before stays.
    assert files(settings, job_id_of(single))
    for button in ("U1", "V1"):
        refusal = (await ben.press(sent, button)).message
        assert "A moderator removed this picture" in await told(ben, refusal)
    answer = await ada.slash("darkroom", "show", id=job_id)
    assert "A moderator removed it" in await told(ada, answer)


async def test_an_upscale_that_waits_for_what_is_taken_away_fails_in_words(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member, ada: Member
) -> None:
    grid = await drawn(ada, "a fox")
    single = await finished(ada, (await ada.press(grid, "U1")).message)
    # An upscale whose file is gone would be generated again.
    await owner.menu(grid, "Delete")
    await ada.wait_until_deleted(grid)
    await owner.menu(single, "Delete")
    await ada.wait_until_deleted(single)
    new = await jobs.get(database, job_id_of(single))
    assert new is not None
    (made,) = await bot.services.generation.queue([new], None, Quota())
    bot.services.generation.post([made])
    failed = await ada.wait_for(lambda m: "(Failed)" in m.content and m.embeds)
    assert "A moderator removed the picture" in card(failed)
    assert files(settings, made.id) == []


async def test_a_moderator_stops_a_running_job_by_taking_it_away(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    await owner.menu(waiting, "Delete")
    await ada.wait_until_deleted(waiting)
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.state is JobState.CANCELLED
    assert files(settings, job.id) == []


async def test_a_moderator_of_another_server_takes_only_the_copy_there_away(
    bot: DarkroomBot, settings: Settings, ada: Member, ben: Member
) -> None:
    await ada.install_app()
    await ada.wait_for_command("show", "elsewhere")
    grid = await drawn(ada, "a fox")
    copy = await shown(ada, "elsewhere", job_id_of(grid))
    assert not copy.ephemeral
    await ben.install_app()
    await ben.wait_for_command("show", "elsewhere")
    # The bot is no member there, so it cannot; and the rest is not for Ben to take.
    refusal = (await ben.menu(copy, "Delete")).message
    assert "I can't delete this message" in await told(ben, refusal)
    assert files(settings, job_id_of(grid))
    assert not (await shown(ada, "darkroom", job_id_of(grid))).ephemeral


async def test_a_file_that_cannot_be_deleted_is_told_and_not_shown_to_others(
    bot: DarkroomBot, settings: Settings, owner: Member, ada: Member
) -> None:
    grid = await drawn(ada, "a fox")
    (file, *_) = files(settings, job_id_of(grid))
    file.unlink()
    file.mkdir()
    refusal = (await owner.menu(grid, "Delete")).message
    assert "cannot be used" in await told(owner, refusal)
    file.rmdir()
    await owner.menu(grid, "Delete")
    await ada.wait_until_deleted(grid)


async def test_in_a_conversation_a_member_takes_away_and_brings_back(
    bot: DarkroomBot, ada: Member
) -> None:
    grid = await drawn(ada, "a fox", "dm")
    await ada.menu(grid, "Delete")
    await ada.wait_until_deleted(grid)
    assert not (await shown(ada, "dm", job_id_of(grid))).ephemeral
