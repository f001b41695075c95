"""A server keeps pictures for some days, then their recipe: buttons draw the same bytes again."""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.protocol.requests import ImageRequest
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs
from storage.database import Database
from storage.models import JobKind, JobRow
from storage.pictures import Picture, of_job
from storage.rules import access, quotas
from tests.support.bot.deployment import PATIENT
from tests.support.bot.job_messages import card, drawn, finished, job_id_of, single, told, written


@pytest.fixture
def limits() -> Limits:
    """Each step edits messages; Discord's limits for that are another matter."""
    return replace(PATIENT, buckets={})


async def aged(database: Database, settings: Settings, message: Message, days: float) -> None:
    """Let a job have ended so many days ago, with its files."""
    then = datetime.now(UTC) - timedelta(days=days)
    job_id = job_id_of(message)
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(finished_at=then))
    for picture in await of_job(database, job_id):
        os.utime(settings.picture_folder / picture.file, (then.timestamp(), then.timestamp()))


def is_there(settings: Settings, picture: Picture) -> bool:
    return (settings.picture_folder / picture.file).exists()


def digest(settings: Settings, picture: Picture) -> str:
    return hashlib.sha256((settings.picture_folder / picture.file).read_bytes()).hexdigest()


async def test_old_files_go_and_rows_and_messages_stay(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member
) -> None:
    shown = await owner.slash("darkroom", "server settings", keep_days=7)
    assert "for 7 days" in str(shown.embeds)
    old, young = await drawn(owner, "a fox --n 2"), await drawn(owner, "a cat --n 1")
    elsewhere = await drawn(owner, "a boat --n 1", channel="dm")
    for message, days in ((old, 7.1), (young, 6.9), (elsewhere, 99.0)):
        await aged(database, settings, message, days)
    assert await bot.services.retention.sweep() == 2
    assert await bot.services.retention.sweep() == 0
    pictures = await of_job(database, job_id_of(old))
    assert [picture.expired_at is not None for picture in pictures] == [True, True]
    assert not any(is_there(settings, picture) for picture in pictures)
    for kept in (young, elsewhere):
        pictures = await of_job(database, job_id_of(kept))
        assert all(is_there(settings, picture) for picture in pictures)
    assert owner.latest(old).attachments
    page = await owner.slash("darkroom", "history")
    listed = await owner.wait_for(lambda m: m.id == page.id and "a fox" in written(m))
    assert written(listed).count("Not kept any more") == 1
    again = await owner.slash("darkroom", "show", id=job_id_of(old))
    again = await owner.wait_for(lambda m: m.id == again.id and m.embeds)
    assert "keeps pictures for a limited time" in card(again)
    # For ever, again.
    shown = await owner.slash("darkroom", "server settings", keep_days=0)
    assert "for ever" in str(shown.embeds)


@pytest.mark.parametrize(
    ("button", "blends_seeds", "needs_picture"),
    [
        ("Vary (Strong)", False, True),
        ("Zoom Out 2×", True, True),
        ("⬅️", True, True),
        ("Upscale (Creative)", True, True),
        # These need the recipe alone.
        ("Vary (Strong)", True, False),
        ("Upscale (Subtle)", True, False),
    ],
)
async def test_buttons_draw_an_expired_picture_again_first(
    bot: DarkroomBot,
    settings: Settings,
    database: Database,
    owner: Member,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    blends_seeds: bool,
    needs_picture: bool,
) -> None:
    await owner.slash("darkroom", "server settings", keep_days=7)
    shown = await single(owner, "a fox --steps 2 --n 2")
    (picture,) = await of_job(database, job_id_of(shown))
    before = digest(settings, picture)
    grid = await jobs.parent_of(database, await _job(database, shown))
    assert grid is not None
    for one in await of_job(database, grid.id):
        (settings.picture_folder / one.file).unlink()
    await aged(database, settings, shown, 8)
    await bot.services.retention.sweep()
    assert not is_there(settings, picture)
    if not blends_seeds:  # as models of other families are
        registry = bot.services.registry
        model = await registry.default()
        other = replace(model, seed_blends=False)
        monkeypatch.setattr(registry, "of_id", lambda _: other)
    done = await finished(owner, (await owner.press(shown, button)).message)
    assert done.attachments, done.content
    made = await _job(database, done)
    assert made.parent_id == job_id_of(shown)
    (again,) = await of_job(database, job_id_of(shown))
    assert is_there(settings, again) is needs_picture
    if needs_picture:
        assert digest(settings, again) == before == again.sha256
        assert again.expired_at is None
        # It is as old as its file now: the next sweep leaves it.
        assert await bot.services.retention.sweep() == 0


async def test_what_has_to_be_drawn_again_counts_for_the_quota(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member
) -> None:
    """An upscale costs nothing as long as its picture is kept, and as much as a picture after."""
    grid = await drawn(owner, "a fox --steps 1 --n 2")
    other = await drawn(owner, "a cat --steps 1 --n 2")
    answer = (await owner.press(grid, "U2")).message
    shown = await owner.wait_for(lambda m: m.id == answer.id and bool(m.button("❤️")))
    server_id = (await _job(database, grid)).server_id
    assert server_id is not None
    member_id = (await _job(database, grid)).member_id

    async def used() -> int:
        usage = await quotas.get_usage(database, server_id, member_id)
        return usage.of(quotas.Period.MONTH).pictures

    assert await used() == 4
    await owner.slash("darkroom", "server settings", keep_days=7)
    for one in (grid, other, shown):
        await aged(database, settings, one, 8)
    await bot.services.retention.sweep()
    await finished(owner, (await owner.press(grid, "U1")).message)
    assert await used() == 5
    # Four variations, of one picture.
    monthly = quotas.Quota(quotas.Allowance(8, quotas.Period.MONTH))
    await quotas.change_quota(database, server_id, server_id, lambda _: monthly)
    refused = (await owner.press(shown, "Zoom Out 2×")).message
    assert "this would add 4" in await told(owner, refused)
    await quotas.change_quota(
        database,
        server_id,
        server_id,
        lambda _: quotas.Quota(quotas.Allowance(5, quotas.Period.MONTH)),
    )
    refused = (await owner.press(other, "U1")).message
    assert "You have used 5 of 5 pictures" in await told(owner, refused)


async def test_an_expired_picture_grows_no_more_than_its_member_may(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member
) -> None:
    shown = await single(owner, "a fox --steps 1 --n 2")
    job = await _job(database, shown)
    assert job.server_id is not None
    request = ImageRequest.from_json(job.request)
    pixels = request.width * request.height
    bounds = {job.server_id: {"pixels": pixels}}
    await access.change_rules(database, job.server_id, lambda now: replace(now, bounds=bounds))
    await aged(database, settings, shown, 8)
    await owner.slash("darkroom", "server settings", keep_days=7)
    await bot.services.retention.sweep()
    refused = (await owner.press(shown, "⬅️")).message
    assert "pixels" in await told(owner, refused)
    assert await jobs.open_jobs(database, job.member_id) == ()


async def test_a_region_of_an_expired_picture_is_chosen_on_an_empty_one(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member
) -> None:
    await owner.slash("darkroom", "server settings", keep_days=7)
    shown = await single(owner, "a fox --steps 2 --n 2")
    (picture,) = await of_job(database, job_id_of(shown))
    before = digest(settings, picture)
    await aged(database, settings, shown, 8)
    await bot.services.retention.sweep()
    question = (await owner.press(shown, "Vary (Region)")).message
    question = await owner.wait_for(lambda m: m.id == question.id and bool(m.selects))
    modal = (await owner.choose(question, "0", "1")).modal
    answer = await owner.submit(modal, {"Prompt": "a boat --steps 2"})
    done = await finished(owner, answer.message)
    assert done.attachments, done.content
    assert digest(settings, picture) == before


async def test_what_cannot_be_drawn_again_fails_with_words_and_can_be_tried_again(
    bot: DarkroomBot, settings: Settings, database: Database, owner: Member
) -> None:
    await owner.slash("darkroom", "server settings", keep_days=7)
    first = await single(owner, "a fox --steps 2 --n 2")
    panned = await finished(owner, (await owner.press(first, "⬅️")).message)
    upscaled = await finished(owner, (await owner.press(panned, "U1")).message)
    for shown in (panned, upscaled):
        await aged(database, settings, shown, 8)
    await bot.services.retention.sweep()
    # What it is drawn from is lost, too.
    kept = {file: file.read_bytes() for file in (settings.picture_folder / "kept").iterdir()}
    for file in kept:
        file.unlink()
    failed = await finished(owner, (await owner.press(upscaled, "Zoom Out 2×")).message)
    assert "no longer on the disk" in card(failed)
    for file, content in kept.items():
        file.write_bytes(content)
    done = await finished(owner, (await owner.press(failed, "🔄")).message)
    assert done.attachments, done.content
    assert (await _job(database, done)).kind is JobKind.ZOOM


async def _job(database: Database, message: Message) -> jobs.Job:
    job = await jobs.get(database, job_id_of(message))
    assert job is not None
    return job
