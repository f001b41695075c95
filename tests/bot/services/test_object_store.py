"""The whole way with pictures in a real object store: drawn, shown, upscaled, lost and erased."""

import asyncio
import logging
import signal
import uuid
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from bot.cli.prune import Prune, prune
from bot.client import DarkroomBot
from bot.config import Settings
from bot.picture_store import open_pictures
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, pictures
from storage.database import Database
from storage.models import JobState
from storage.pictures import PictureStore
from storage.pictures.bucket import Patience
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    QUICK_PROMPT,
    card,
    drawn,
    finished,
    grids,
    job_id_of,
    labels,
    single,
)
from tests.support.object_store import (
    BUCKET,
    FaultyConnections,
    Request,
    faulty_connections,
    use,
)
from tests.support.object_store import s3_server as s3_server
from tests.support.processes import RunningProcess

pytestmark = pytest.mark.objects

ZOOM = "Zoom Out 2×"
"""A button whose job starts from a picture that is read and kept."""


@pytest.fixture
async def connections(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FaultyConnections]:
    """Those of the bot to the object store."""
    async with faulty_connections(s3_server) as connections:
        use(monkeypatch, connections.url)
        yield connections


@pytest.fixture
def settings(settings: Settings, connections: FaultyConnections) -> Settings:
    return settings.model_copy(update={"pictures": f"s3://{BUCKET}/{uuid.uuid4().hex}"})


@pytest.fixture
def stored(settings: Settings, connections: FaultyConnections) -> PictureStore:
    return open_pictures(settings)


async def all_names(stored: PictureStore) -> set[str]:
    folders = [stored.files.all(), stored.files.all("kept")]
    return {file.name for folder in folders async for files in folder for file in files}


async def all_right(database: Database, stored: PictureStore, message: Message) -> list[str]:
    """The names of a job's pictures, each of which is what its row says."""
    found = await pictures.of_job(database, job_id_of(message))
    assert found
    for picture in found:
        assert sha256(await stored.read(picture)).hexdigest() == picture.sha256
    return [picture.file for picture in found]


async def test_pictures_are_drawn_shown_and_used_from_the_store_also_after_a_restart(
    deployment: Deployment,
    settings: Settings,
    stored: PictureStore,
    database: Database,
    ada: Member,
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await drawn(ada, "a fox --steps 2")
        names = await all_right(database, stored, grid)
        assert len(names) == 4
        alone = await finished(ada, (await ada.press(grid, "U2")).message)
        names += await all_right(database, stored, alone)
    async with deployment.open() as bot:
        await bot.wait_until_ready()
        varied = await finished(ada, (await ada.press(grid, "V3")).message)
        wider = await finished(ada, (await ada.press(alone, ZOOM)).message)
        for one in (varied, wider):
            names += await all_right(database, stored, one)
    kept = {name for name in await all_names(stored) if name.startswith("kept/")}
    assert kept  # what the wider picture was drawn around
    assert await all_names(stored) == kept | set(names)
    # Nothing of them lies on the disk of the bot.
    assert not [file for file in settings.data_folder.rglob("*") if file.suffix == ".png"]


async def test_while_the_store_is_away_what_was_drawn_waits_and_is_drawn_once(
    bot: DarkroomBot,
    ada: Member,
    database: Database,
    stored: PictureStore,
    connections: FaultyConnections,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    connections.fault = lambda _: "503"
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
    # Until all four pictures were tried as often as one request is, and one of them once more.
    tries = 4 * (1 + Patience().retries)
    while [one.method for one in connections.requests].count("PUT") <= tries:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.state is JobState.RUNNING
    await ada.wait_for(
        lambda m: m.id == waiting.id and "stored pictures cannot be reached" in m.content
    )
    connections.fault = lambda _: "pass"
    grid = await finished(ada, waiting)
    await all_right(database, stored, grid)
    job = await jobs.get(database, job_id_of(waiting))
    assert job is not None
    assert job.state is JobState.DONE
    assert caplog.text.count("Job claimed: ") == 1
    assert "secret-key" not in caplog.text


async def test_a_store_that_refuses_fails_the_job_with_its_reason(
    bot: DarkroomBot, ada: Member, connections: FaultyConnections, stored: PictureStore
) -> None:
    connections.fault = lambda request: "403" if request.method == "PUT" else "pass"
    failed = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    assert "The object store for pictures denies access" in card(failed)
    connections.fault = lambda _: "pass"
    assert await all_names(stored) == set()
    assert "U1" in labels(await finished(ada, (await ada.press(failed, "🔄")).message))


async def test_a_button_says_that_the_store_is_away_and_nothing_counts_as_lost(
    bot: DarkroomBot, ada: Member, database: Database, connections: FaultyConnections
) -> None:
    alone = await single(ada)
    connections.fault = lambda _: "503"
    answer = (await ada.press(alone, ZOOM)).message
    assert "Pictures unavailable" in card(answer)
    connections.fault = lambda _: "pass"
    before = len(connections.requests)
    wider = await finished(ada, (await ada.press(alone, ZOOM)).message)
    assert len(await jobs.children(database, job_id_of(alone))) == 1
    # The picture was read and not drawn again: only the new ones were written.
    written = [one.path for one in connections.requests[before:] if one.method == "PUT"]
    assert written
    assert all(job_id_of(wider) in path or "/kept/" in path for path in written)


async def test_a_picture_that_is_missing_in_the_store_is_drawn_again(
    bot: DarkroomBot, ada: Member, database: Database, stored: PictureStore
) -> None:
    alone = await single(ada)
    found = await pictures.of_job(database, job_id_of(alone))
    await stored.remove(found)
    wider = await finished(ada, (await ada.press(alone, ZOOM)).message)
    await all_right(database, stored, wider)
    await all_right(database, stored, alone)


async def test_a_bot_that_is_killed_after_a_picture_was_saved_leaves_no_row_without_one(
    deployment: Deployment,
    ada: Member,
    database: Database,
    stored: PictureStore,
    connections: FaultyConnections,
) -> None:
    """The store has the picture, and the bot never hears of it."""

    def fault(request: Request) -> str:
        return "deaf" if request.path.endswith("_1.png") else "pass"

    connections.fault = fault
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        await connections.held.wait()
        process.send(signal.SIGKILL)
        await process.wait()
    connections.fault = lambda _: "pass"
    job_id = job_id_of(waiting)
    assert f"{job_id}_1.png" in await all_names(stored)
    assert await pictures.of_job(database, job_id) == ()
    async with deployment.open():
        grid = await finished(ada, waiting)
        names = await all_right(database, stored, grid)
        assert set(names) == await all_names(stored)
        assert len(await grids(ada)) == 1


async def test_what_a_member_deletes_leaves_the_store(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database, stored: PictureStore
) -> None:
    alone = await single(ada)
    await finished(ada, (await ada.press(alone, ZOOM)).message)
    bens = await drawn(ben, QUICK_PROMPT)
    asked = await ada.slash("darkroom", "privacy delete")
    await ada.press(asked, "Yes, delete everything")
    await ada.wait_for(lambda m: m.id == asked.id and "Everything about you is deleted" in card(m))
    assert await all_names(stored) == set(await all_right(database, stored, bens))


async def test_prune_finds_what_nothing_names_in_the_store(
    bot: DarkroomBot,
    ada: Member,
    settings: Settings,
    database: Database,
    stored: PictureStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = await drawn(ada, QUICK_PROMPT)
    names = await all_right(database, stored, grid)
    (first, *_) = await pictures.of_job(database, job_id_of(grid))
    orphan = (await stored.save("f" * 32, 0, 7, await stored.read(first))).file
    monkeypatch.setattr("bot.cli.prune.MIN_AGE_S", -60)
    await prune(settings, Prune(None, keep_favourites=False, is_confirmed=False))
    assert "1 files of pictures that nothing names" in capsys.readouterr().out
    assert await all_names(stored) == {*names, orphan}
    await prune(settings, Prune(None, keep_favourites=False, is_confirmed=True))
    assert await all_names(stored) == set(names)
