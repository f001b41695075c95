"""A finished job notifies its member once, with one message, wherever the bot was killed."""

import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.delivery import end_publisher
from playground import Playground
from playground.app.faults import CALLBACK, DELETE_MESSAGE, FOLLOW_UP, SEND_MESSAGE
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage.database import Database
from storage.models import JobState, RemovedBy
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    LONG,
    answered,
    card,
    caught_at_work,
    finished,
    job_id_of,
    job_of,
    labels,
    question,
    told,
    whoever,
)
from tests.support.processes import RunningProcess

QUICK = "a fox --q .25"
FORGETFUL = replace(PATIENT, nonce_lifetime=0)
"""Discord a few minutes later, when it no longer knows the nonce of a message."""


async def of_job(member: Member, channel: str, waiting: Message) -> list[Message]:
    """The messages that show the job of this one now."""
    job_id = job_id_of(waiting)
    shown = await member.messages(channel)
    return [m for m in shown if m.buttons and job_id_of(m) == job_id]


async def test_the_end_is_one_new_message_that_mentions_its_member_alone(
    bot: DarkroomBot, playground: Playground, ada: Member, ben: Member, database: Database
) -> None:
    ben_id = whoever(await ben.slash("darkroom", "info"))
    prompt = f"a fox for <@{ben_id}> and @everyone --q .25"
    waiting = await ada.slash("darkroom", "imagine", prompt=prompt)
    grid = await finished(ada, waiting)
    assert grid.id != waiting.id
    assert [m.id for m in await of_job(ada, "darkroom", waiting)] == [grid.id]
    for version in (*ada.versions(waiting), *ada.versions(grid)):
        assert not version.mentions_everyone
        assert version.mentions == (frozenset({"Ada"}) if version.id == grid.id else frozenset())
    job = await job_of(database, grid)
    assert job.message_id == int(grid.id)
    # One message is posted, and none edited for the end.
    assert [r.route for r in playground.requests].count(SEND_MESSAGE) == 1


async def test_its_buttons_and_links_lead_to_the_new_message(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK))
    single = await finished(ada, (await ada.press(grid, "U1")).message)
    assert f"/{grid.channel_id}/{grid.id}" in single.content
    # A picture by itself is there at once, in the answer: it is not posted again.
    assert single.interaction_id is not None
    assert not single.mentions
    again = (await ada.press(grid, "U1")).message
    assert f"/{single.channel_id}/{single.id}" in again.content
    varied = await finished(ada, (await ada.press(grid, "V1")).message)
    assert f"/{grid.channel_id}/{grid.id}" in varied.content
    assert varied.mentions == {"Ada"}
    history = await ada.slash("darkroom", "history")
    listed = await ada.wait_for(lambda m: m.id == history.id and not m.thinking)
    assert f"/{varied.id}" in str(listed.raw["components"])
    found = await ada.slash("darkroom", "seed", id=f"https://discord.com/channels/1/2/{grid.id}")
    assert job_id_of(grid) in await told(ada, found)


async def test_a_server_may_have_it_quiet(
    bot: DarkroomBot, ada: Member, owner: Member, database: Database
) -> None:
    answer = await owner.slash("darkroom", "server settings", finished="quiet")
    assert "change their message, quietly" in await told(owner, answer)
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    grid = await finished(ada, waiting)
    assert grid.id == waiting.id
    assert not grid.mentions
    # A conversation with the bot belongs to no server.
    alone = await ada.slash("dm", "imagine", prompt=QUICK)
    assert (await finished(ada, alone)).id != alone.id
    answer = await owner.slash("darkroom", "server settings", finished="notify")
    assert "notify their member" in await told(owner, answer)
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    assert (await finished(ada, waiting)).id != waiting.id


async def test_a_failure_notifies_and_what_was_cancelled_does_not(
    bot: DarkroomBot, ada: Member, settings: Settings, tmp_path: Path
) -> None:
    settings.picture_folder.write_text("not a folder")
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    failed = await finished(ada, waiting)
    assert failed.id != waiting.id
    assert failed.mentions == {"Ada"}
    assert "cannot be used" in card(failed)
    settings.picture_folder.unlink()
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ada.press(running, "Cancel")
    stopped = await finished(ada, running)
    assert stopped.id == running.id
    assert not stopped.mentions


async def test_what_is_cancelled_before_its_message_is_noted_says_so(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    held = playground.faults.hold_answers(CALLBACK)
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ada.press(waiting, "Cancel")
    job = await job_of(database, waiting)
    while job.shown_at is None:
        job = await job_of(database, waiting)
    assert job.state is JobState.CANCELLED
    held.release()
    assert (await finished(ada, waiting)).content.endswith("(Stopped)")


@pytest.mark.parametrize("limits", [PATIENT, FORGETFUL], ids=["nonce", "search"])
async def test_killed_after_posting_it_is_not_posted_again(
    deployment: Deployment, playground: Playground, ada: Member, database: Database, limits: Limits
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        held = playground.faults.hold_answers(SEND_MESSAGE)
        waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
        await held.waiting.wait()
        process.send(signal.SIGKILL)
        await process.wait()
        held.release()
    grid = await ada.wait_for(lambda m: "U1" in labels(m))
    job = await job_of(database, grid)
    assert (job.state, job.message_id, job.shown_at) == (JobState.DONE, int(waiting.id), None)
    async with deployment.open():
        await ada.wait_until_deleted(waiting)
        assert [m.id for m in await of_job(ada, "darkroom", grid)] == [grid.id]
        assert (await job_of(database, grid)).message_id == int(grid.id)


async def test_killed_before_the_progress_message_is_deleted_the_next_start_deletes_it(
    deployment: Deployment, playground: Playground, ada: Member, database: Database
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        held = playground.faults.hold(DELETE_MESSAGE)
        waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
        await held.waiting.wait()
        # Its button says that there is nothing to stop.
        left = ada.latest(waiting)
        assert "already ended" in await told(ada, (await ada.press(left, "Cancel")).message)
        process.send(signal.SIGKILL)
        await process.wait()
    async with deployment.open():
        held.release()
        await ada.wait_until_deleted(waiting)
        (grid,) = await of_job(ada, "darkroom", waiting)
        job = await job_of(database, grid)
        assert (job.message_id, job.removed_by) == (int(grid.id), None)


@pytest.mark.parametrize("limits", [PATIENT, FORGETFUL], ids=["nonce", "search"])
async def test_an_answer_that_got_lost_makes_no_second_message(
    bot: DarkroomBot, playground: Playground, ada: Member, limits: Limits
) -> None:
    playground.faults.lose_answers(SEND_MESSAGE)
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    grid = await finished(ada, waiting)
    assert [m.id for m in await of_job(ada, "darkroom", waiting)] == [grid.id]


async def test_where_nobody_can_tell_whether_it_was_posted_it_comes_quietly(
    bot: DarkroomBot, playground: Playground, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_publisher, "NONCE_LIFETIME_S", 0)
    playground.faults.keep_from_reading("darkroom")
    playground.faults.fail(SEND_MESSAGE, status=503)
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    quiet = await ada.wait_for(lambda m: "U1" in labels(m))
    assert quiet.id == waiting.id
    # Otherwise it needs no permission to read.
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK)
    grid = await ada.wait_for(lambda m: "U1" in labels(m) and m.id != quiet.id)
    assert grid.id != waiting.id
    assert grid.mentions == {"Ada"}


async def test_where_the_bot_may_not_post_any_more_the_message_changes(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    playground.faults.deny("darkroom")
    assert (await finished(ada, waiting)).id == waiting.id


@pytest.mark.parametrize("reads", [True, False])
async def test_what_a_moderator_deleted_meanwhile_does_not_come_back(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database, reads: bool
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    if not reads:
        playground.faults.keep_from_reading("darkroom")
    await playground.faults.delete(waiting)
    other = await ada.slash("darkroom", "imagine", prompt=LONG)
    await finished(ada, other)
    job = await job_of(database, waiting)
    while job.shown_at is None:
        job = await job_of(database, waiting)
    assert (job.state, job.removed_by) == (JobState.DONE, RemovedBy.MODERATOR)
    assert not await of_job(ada, "darkroom", waiting)


async def test_in_stealth_the_new_message_is_for_its_member_alone(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{QUICK} --stealth")
    grid = await finished(ada, waiting)
    assert grid.id != waiting.id
    assert grid.ephemeral
    assert grid.mentions == {"Ada"}
    assert not await ben.messages("darkroom")


async def test_a_guest_is_notified_but_several_jobs_leave_room_for_their_messages(
    bot: DarkroomBot, ada: Member
) -> None:
    await ada.install_app()
    await ada.wait_for_command("imagine", "elsewhere")
    waiting = await ada.slash("elsewhere", "imagine", prompt=QUICK)
    grid = await finished(ada, waiting)
    assert grid.id != waiting.id
    assert grid.mentions == {"Ada"}
    asked = await question(ada, f"a {{a, b, c}} {QUICK}", "elsewhere")
    await ada.press(asked, "Yes, start them")
    await answered(ada, asked, "3 jobs started")
    done: dict[str, Message] = {grid.id: grid}
    for _ in range(3):
        several = await ada.wait_for(lambda m: m.button("U1") and m.id not in done)
        assert not several.mentions
        assert several.channel_id == grid.channel_id
        done[several.id] = several


async def test_a_guests_end_is_shown_again_after_a_kill_but_notifies_once(
    deployment: Deployment, playground: Playground, ada: Member
) -> None:
    await ada.install_app()
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine", "elsewhere")
        held = playground.faults.hold_answers(FOLLOW_UP)
        waiting = await ada.slash("elsewhere", "imagine", prompt=QUICK)
        await held.waiting.wait()
        process.send(signal.SIGKILL)
        await process.wait()
        held.release()
    async with deployment.open():
        # Messages of a token can be neither searched nor posted with a nonce.
        quiet = await ada.wait_for(lambda m: m.id == waiting.id and m.button("U1"))
        shown = await of_job(ada, "elsewhere", waiting)
        assert [m.id for m in shown if m.mentions] != [quiet.id]
        assert len([m for m in shown if m.mentions]) == 1
        # A button of either starts the same.
        assert {labels(m)[0] for m in shown} == {"U1"}


@pytest.mark.parametrize(
    ("ago_s", "holds"), [(0, True), (59, True), (61, False), (-1, False), (-3600, False)]
)
def test_a_nonce_is_not_relied_on_after_a_clock_was_set_back(ago_s: float, holds: bool) -> None:
    now = datetime.now(UTC)
    assert end_publisher.nonce_holds(now - timedelta(seconds=ago_s), now) is holds
