"""Jobs survive kills, lost connections, faults and refusals, and are done only once."""

import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.client import DarkroomBot
from bot.config import Settings
from bot.engines import places
from bot.services.queue_worker import wait_for_event
from playground import Playground, running_playground
from playground.app.faults import CALLBACK, EDIT_MESSAGE, SEND_MESSAGE
from playground.rest import routes
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, members, pictures
from storage.database import Database
from storage.jobs import FailureCause
from storage.models import JobRow, JobState
from storage.pictures import NewPicture, PictureFolder, PictureStore
from tests.support.bot.deployment import PATIENT, Deployment, running_inference
from tests.support.bot.job_messages import (
    LONG,
    card,
    caught_at_work,
    finished,
    grids,
    job_id_of,
    labels,
    question,
    told,
    whoever,
)
from tests.support.pictures import encoded, picture
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import until

WAITS = "(Waiting: the image model is offline or busy"


async def test_a_killed_bot_finishes_its_job_in_the_same_message_once(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        # A busy machine answers “thinking…” first, which has no button with the job's id.
        waiting = await caught_at_work(ada, waiting)
        process.send(signal.SIGKILL)
        await process.wait()
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.state is JobState.RUNNING

    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()):
        grid = await finished(ada, waiting)
        assert "U1" in labels(grid)
        # A button of before the restart works.
        await ada.wait_for_bot()
        assert (await finished(ada, (await ada.press(grid, "U1")).message)).attachments
        assert [m.id for m in await grids(ada)] == [grid.id]
        job = await jobs.get(database, job.id)
        assert job is not None
        assert (job.state, job.attempts) == (JobState.DONE, 2)


async def test_what_was_done_but_not_shown_is_shown_at_the_next_start(
    deployment: Deployment, playground: Playground, ada: Member, database: Database
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q 1")
        held = playground.faults.hold(SEND_MESSAGE)
        # Another process writes the database, so there is nothing to be woken by.
        while (await job_state(database, waiting)) is not JobState.DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        process.send(signal.SIGKILL)
        await process.wait()
        held.release()
    async with deployment.open():
        grid = await finished(ada, waiting)
        assert "U1" in labels(grid)
        job = await jobs.get(database, job_id_of(waiting))
        assert job is not None
        assert job.attempts == 1


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.DONE])
async def test_a_picture_by_itself_gets_one_message_wherever_the_bot_was_killed(
    deployment: Deployment, ada: Member, database: Database, state: JobState
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
        parent = await jobs.get(database, job_id_of(grid))
        assert parent is not None
        shown = await finished(ada, (await ada.press(grid, "U2")).message)
        first = await jobs.get(database, job_id_of(shown))
        assert first is not None
    # As a kill leaves it: accepted, claimed or finished, before its message was noted.
    (again,) = await jobs.add(database, [replace(first, parent_index=0)], limit=None)
    if state is not JobState.QUEUED:
        assert await jobs.claim_unposted(database, again.id)
        assert await jobs.claim_unposted(database, again.id) is None
    if state is JobState.DONE:
        (stored,) = await pictures.of_job(database, first.id)
        copy = NewPicture(**{one.name: getattr(stored, one.name) for one in fields(NewPicture)})
        assert await jobs.finish(database, again.id, [copy])
    async with deployment.open():
        posted = await ada.wait_for(
            lambda m: m.id not in (grid.id, shown.id) and bool(m.attachments)
        )
        while (await jobs.get(database, again.id)) in await jobs.ended_unshown(database):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        job = await jobs.get(database, again.id)
        assert job is not None
        assert (job.state, job.message_id) == (JobState.DONE, int(posted.id))
        assert "new one" not in posted.content
        with_pictures = [m.id for m in await ada.messages("darkroom") if m.attachments]
        assert with_pictures == [grid.id, shown.id, posted.id]


async def about_jobs(member: Member) -> list[str]:
    """The ids of the channel's messages that have a job's button."""
    shown = await member.messages("darkroom")
    return [m.id for m in shown if any("job:" in (b.custom_id or "") for b in m.buttons)]


@pytest.mark.parametrize("parent", [False, True], ids=["imagine", "U1"])
async def test_an_answer_that_discord_took_when_the_bot_was_killed_is_the_jobs_message(
    deployment: Deployment, playground: Playground, ada: Member, database: Database, parent: bool
) -> None:
    grid, before = None, set[str]()
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        if parent:
            answer = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
            grid = await finished(ada, answer)
            before = set(await about_jobs(ada))
        held = playground.faults.hold_answers(CALLBACK)
        if grid is None:
            waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        else:
            waiting = (await ada.press(grid, "U1")).message
        await held.waiting.wait()
        process.send(signal.SIGKILL)
        await process.wait()
        held.release()
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.message_id is None
    async with deployment.open():
        shown = await finished(ada, waiting)
        assert shown.attachments
        await shown_in(database, job.id, shown)
        assert set(await about_jobs(ada)) - before == {shown.id}


async def shown_in(database: Database, job_id: str, message: Message) -> None:
    """Until the database has this message as the one that shows the job's end."""
    while (job := await jobs.get(database, job_id)) is None or job.shown_at is None:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert job.message_id == int(message.id)


async def test_an_answer_that_discord_took_and_did_not_acknowledge_is_the_jobs_message(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    playground.faults.lose_answers(CALLBACK)
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    shown = await finished(ada, waiting)
    assert await about_jobs(ada) == [shown.id]


async def test_a_first_message_that_discord_took_and_did_not_acknowledge_is_posted_once(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    asked = await question(ada, "a {red, blue} fox --q .25 --n 1")
    playground.faults.lose_answers(SEND_MESSAGE, times=2)
    yes = next(one.custom_id for one in asked.buttons if (one.custom_id or "").endswith(":yes"))
    await ada.press(asked, yes or "")
    while len(shown := await about_jobs(ada)) < 2 or not await all_shown(database, 2):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert len(shown) == 2


async def test_a_job_that_is_cancelled_before_its_message_is_noted_shows_that(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    held = playground.faults.hold_answers(CALLBACK)
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    pressed = asyncio.create_task(ada.press(waiting, "Cancel"))
    # The bot does not know yet that Discord took its first answer.
    shown = await ada.wait_for(lambda m: m.id == waiting.id and "Stopped" in m.content, within=30)
    held.release()
    await pressed
    assert await about_jobs(ada) == [shown.id]


async def test_a_job_that_is_cancelled_while_it_is_saved_leaves_no_file(
    bot: DarkroomBot,
    ada: Member,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saving, go_on, sync = threading.Event(), threading.Event(), os.fsync

    def slow_sync(file: int) -> None:
        saving.set()
        go_on.wait(60)
        sync(file)

    monkeypatch.setattr("os.fsync", slow_sync)
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25 --n 1")
    await asyncio.to_thread(saving.wait, 60)
    cancelling = asyncio.create_task(ada.press(waiting, f"job:{job_id_of(waiting)}:cancel"))
    while await job_state(database, waiting) is not JobState.CANCELLED:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    go_on.set()
    await cancelling
    await finished(ada, waiting)
    assert [file for file in settings.picture_folder.iterdir() if file.is_file()] == []


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_a_job_whose_bot_was_killed_before_its_files_were_deleted_leaves_none(
    deployment: Deployment, ada: Member, database: Database, settings: Settings, how: str
) -> None:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        await caught_at_work(ada, waiting)
        store = bot.services.gate._picture_store
    # As a bot that had saved the pictures, stored how the job ended, and was killed then.
    await jobs.requeue_unfinished(database)
    job = await jobs.claim_next(database)
    assert job is not None
    await store.save(job.id, 0, 1, encoded(), attempt=job.attempts)
    if how == "cancelled":
        assert await jobs.cancel(database, job.id)
    else:
        assert await jobs.fail(database, job.id, "no", FailureCause.NOT_KEPT, lease=job.lease)
    async with deployment.open():
        await until(lambda: all_shown(database, 1))
    assert [file for file in settings.picture_folder.iterdir() if file.is_file()] == []


async def all_shown(database: Database, count: int) -> bool:
    """Whether so many jobs have ended, and all are shown in one message each."""
    async with database.reading() as session:
        rows = (await session.scalars(select(JobRow))).all()
    return len(rows) == count and all(one.shown_at and not one.progress_id for one in rows)


async def job_state(database: Database, message: Message) -> JobState:
    job = await jobs.get(database, job_id_of(message))
    assert job is not None
    return job.state


async def test_who_finishes_a_job_too_late_leaves_the_pictures_of_who_was_in_time(
    bot: DarkroomBot,
    ada: Member,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saving, go_on, put = asyncio.Event(), asyncio.Event(), PictureFolder.put

    async def put_late(
        folder: PictureFolder, files: Mapping[str, bytes], check: Callable[[], object] | None = None
    ) -> None:
        if not saving.is_set():
            saving.set()
            await go_on.wait()
        await put(folder, files, check)

    monkeypatch.setattr(PictureFolder, "put", put_late)
    store = PictureStore(PictureFolder(settings.picture_folder))
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25 --n 1")
    await saving.wait()
    job_id = job_id_of(waiting)
    # As another bot, which drew something else: its processor rounds otherwise.
    async with database.transaction() as session:
        row = await session.get_one(JobRow, job_id)
        row.attempts, row.lease = row.attempts + 1, row.lease + 1
    saved = await store.save_all(job_id, [(7, picture("blue"))], attempt=row.attempts)
    assert await jobs.finish(database, job_id, saved, lease=row.lease)
    (in_time,) = await pictures.of_job(database, job_id)
    go_on.set()
    await finished(ada, waiting)
    assert await store.read(in_time) == picture("blue")
    assert [file.name for file in settings.picture_folder.iterdir()] == [in_time.file]


async def test_a_job_outlives_the_inference_process(
    tiny_model: Path, settings: Settings, database: Database, ada: Member
) -> None:
    async with running_inference(tiny_model) as (url, inference):
        deployment = Deployment(settings.model_copy(update={"inference_url": url}), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
            await caught_at_work(ada, waiting)
            inference.send(signal.SIGKILL)
            await ada.wait_for(lambda m: m.id == waiting.id and WAITS in m.content)
            # While it is away, jobs are still taken.
            second = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
            assert WAITS in second.content
            async with running_inference(tiny_model, port=int(url.rsplit(":", 1)[1])):
                for message in (waiting, second):
                    assert "U1" in labels(await finished(ada, message))
            assert len(await grids(ada)) == 2


async def test_jobs_wait_for_an_inference_that_was_seen_once(
    deployment: Deployment, settings: Settings, database: Database, ada: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        # Drawing shows that the models are known, and so remembered.
        await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25 --n 1"))
    await ada.wait_for_bot(online=False)
    away = Deployment(settings.model_copy(update={"inference_url": "http://127.0.0.1:9"}), database)
    async with away.open():
        await ada.wait_for_bot()
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        await ada.wait_for(lambda m: m.id == waiting.id and WAITS in m.content)
    async with deployment.open():
        assert "U1" in labels(await finished(ada, waiting))


async def test_what_is_pressed_while_the_gateway_is_down_is_heard_afterwards(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    running = await caught_at_work(ada, waiting)
    await playground.faults.drop(resumable=True)
    # The bot does not hear of this before it has resumed; a new session would never hear of it.
    await ada.press(running, "Cancel")
    assert (await finished(ada, waiting)).content.endswith("(Stopped)")
    assert await job_state(database, waiting) is JobState.CANCELLED


async def test_when_discord_says_too_many_the_edits_wait_and_come(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    playground.faults.rate_limit(EDIT_MESSAGE, times=3, retry_after=0.2)
    assert "U1" in labels(await finished(ada, waiting))
    statuses = [r.status for r in playground.requests if r.route == EDIT_MESSAGE]
    assert statuses.count(429) == 3


async def test_when_discord_fails_the_end_is_shown_later(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    # Statuses that discord.py itself does not try again.
    playground.faults.fail(SEND_MESSAGE, times=3, status=503)
    assert "U1" in labels(await finished(ada, waiting))
    statuses = [r.status for r in playground.requests if r.route == SEND_MESSAGE]
    assert statuses.count(503) == 3


@pytest.mark.parametrize("limits", [replace(PATIENT, interaction_deadline=2)], ids=["2 s"])
async def test_a_late_acknowledgement_loses_no_job(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    held = playground.faults.hold(CALLBACK)
    with pytest.raises(Exception, match="did not respond"):
        await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    held.release()
    # Discord takes the answer no longer, so the job gets a message of its own.
    assert await ada.wait_for(lambda m: "U1" in labels(m))


async def test_where_the_bot_may_post_no_longer_the_member_gets_it_alone(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    playground.faults.hide("darkroom")
    grid = await ada.wait_for(lambda m: "U1" in labels(m))
    assert grid.channel_id != waiting.channel_id
    assert "I could not edit the original message" in grid.content


async def test_a_message_that_is_too_old_to_be_edited_gets_a_new_one_in_its_channel(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client itself asks a few times more, after the pause that it is told.
    monkeypatch.setattr(routes, "OLD_EDIT_RETRY_AFTER_S", 0.01)
    limits = replace(PATIENT, old_message_age=0, old_message_edits=0)
    async with running_playground(limits=limits) as aged, Member(aged.url, "Ada") as ada:
        deployment = Deployment(settings.model_copy(update={"discord_url": aged.url}), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            async with Member(aged.url, "you") as owner:
                answer = await owner.slash("darkroom", "server settings", finished="quiet")
                assert "quietly" in await told(owner, answer)
            waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
            grid = await ada.wait_for(lambda m: "U1" in labels(m))
            assert grid.id != waiting.id
            assert grid.channel_id == waiting.channel_id
            assert "could not edit the original message" in grid.content


async def test_a_folder_that_cannot_be_written_fails_the_job_with_its_reason(
    bot: DarkroomBot, ada: Member, settings: Settings, database: Database
) -> None:
    settings.picture_folder.write_text("not a folder")
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    failed = await finished(ada, waiting)
    assert "The folder for pictures cannot be used" in card(failed)
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.state is JobState.FAILED
    assert job.reason is not None
    # Once the folder is mended, the circle draws it again.
    settings.picture_folder.unlink()
    assert "U1" in labels(await finished(ada, (await ada.press(failed, "🔄")).message))


async def test_an_upscale_that_failed_is_tried_again_as_it_was(
    bot: DarkroomBot, ada: Member, settings: Settings, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    kept = settings.picture_folder.rename(settings.data_folder / "kept")
    settings.picture_folder.write_text("not a folder")
    failed = await finished(ada, (await ada.press(grid, "U2")).message)
    assert "The folder for pictures cannot be used" in card(failed)
    settings.picture_folder.unlink()
    kept.rename(settings.picture_folder)
    single = await finished(ada, (await ada.press(failed, "🔄")).message)
    job = await jobs.get(database, job_id_of(single))
    assert job is not None
    assert (job.kind, job.parent_id, job.parent_index) == ("upscale", job_id_of(grid), 1)


@contextlib.asynccontextmanager
async def answering(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """The address of a server that answers every request like this."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url(""))


async def test_an_inference_that_answers_garbage_fails_the_job_in_words(
    settings: Settings, database: Database, deployment: Deployment, ada: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        # Drawing shows that the models are known, and so remembered.
        await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25 --n 1"))
    await ada.wait_for_bot(online=False)

    async def garbage(_: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    async with answering(garbage) as url:
        other = Deployment(settings.model_copy(update={"inference_url": url}), database)
        async with other.open():
            await ada.wait_for_bot()
            failed = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
            assert "cannot be understood" in card(failed)
            assert "```\na fox\n```" in card(failed)
            assert labels(failed) == ["🔄", "Edit prompt"]
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        modal = (await ada.press(failed, "Edit prompt")).modal
        assert modal is not None
        assert [field.value for field in modal.fields] == ["a fox"]
        answer = await ada.submit(modal, {"prompt": "a cat --q .25 --n 1"})
        assert "**a cat" in (await finished(ada, answer.message)).content


async def test_what_breaks_inference_before_its_first_step_is_given_up(
    settings: Settings,
    database: Database,
    inference_url: str,
    ada: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A job that crashes inference again and again fails with a reason, and others run."""
    monkeypatch.setattr(places, "INFERENCE_RETRY_INTERVAL_S", 0.05)
    drawn = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal drawn
        if request.method == "POST" and request.path == "/v1/images/generations":
            drawn += 1
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        async with ClientSession() as session, session.get(inference_url + request.path) as real:
            return web.json_response(await real.json(), status=real.status)

    async with answering(answer) as url:
        fragile = Deployment(settings.model_copy(update={"inference_url": url}), database)
        async with fragile.open():
            await ada.wait_for_command("imagine")
            failed = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
            assert "3 times" in card(failed)
            assert labels(failed) == ["🔄", "Edit prompt"]
    assert drawn == places.MAX_INTERRUPTIONS


async def test_a_lost_picture_is_drawn_again_for_u(
    bot: DarkroomBot, ada: Member, settings: Settings
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    for file in settings.picture_folder.iterdir():
        file.unlink()
    assert (await finished(ada, (await ada.press(grid, "U1")).message)).attachments


@pytest.mark.parametrize("ticks", range(6))
async def test_who_waits_for_news_can_be_stopped_in_the_very_moment_it_comes(ticks: int) -> None:
    news = asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(news, 60))
    await asyncio.sleep(0)
    news.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    stopped = waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled() is stopped


@contextlib.asynccontextmanager
async def locked(settings: Settings) -> AsyncIterator[None]:
    """Lock the database, so that nobody else can write to it."""
    file = settings.data_folder / "darkroom.db"
    lock = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    # In a thread, since the bot may have to go on for the lock to become free.
    await asyncio.to_thread(lock.execute, "BEGIN IMMEDIATE")
    yield
    lock.close()


@pytest.mark.parametrize("limits", [Limits()], ids=["of Discord"])
async def test_a_locked_database_makes_members_wait_and_loses_nothing(
    bot: DarkroomBot, ada: Member, owner: Member, settings: Settings
) -> None:
    async with locked(settings):
        answer = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        assert answer.thinking
        saving = await owner.slash("darkroom", "server settings", stylize=3)
        assert saving.thinking
        assert saving.ephemeral
    assert "U1" in labels(await finished(ada, answer))
    assert await owner.wait_for(lambda m: m.ephemeral and "Stylize: 3" in card(m))


@pytest.mark.parametrize("limits", [Limits()], ids=["of Discord"])
async def test_a_question_that_took_long_is_still_for_its_member_alone(
    bot: DarkroomBot, ada: Member, ben: Member, settings: Settings
) -> None:
    async with locked(settings):
        answer = await ada.slash("darkroom", "imagine", prompt="a fox --r 4")
        assert answer.thinking
        assert not answer.ephemeral
    assert "Start 4 jobs?" in await told(ada, answer)
    await ben.wait_until_deleted(answer)


async def test_what_the_stop_cuts_off_is_stored_and_no_mistake(
    deployment: Deployment, playground: Playground, ada: Member, caplog: pytest.LogCaptureFixture
) -> None:
    held = playground.faults.hold(CALLBACK)
    async with deployment.open():
        await ada.wait_for_command("prefer")
        caplog.clear()
        asking = asyncio.create_task(ada.slash("darkroom", "prefer suffix", value="--q .25"))
        await held.waiting.wait()
        (command,) = (t for t in asyncio.all_tasks() if t.get_name() == "CommandTree-invoker")
    await command
    held.release()
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    preferences = await members.get_preferences(deployment.database, whoever(await asking))
    assert preferences.suffix == "--q .25"
