"""A database, pictures and buttons of version 0.1.0 go on working: they are promises.

`tests/fixtures/version_0_1_0` was written by that version: its database as SQL, its pictures, and
the custom_ids under the messages that it posted.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.policy import rate_limit
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Answer, Message
from storage import jobs, members
from storage.database import Database, migrate
from storage.members import Preferences
from storage.models import JobKind, JobState
from tests.support.bot.deployment import PATIENT
from tests.support.bot.job_messages import finished, written

FIXTURE = Path(__file__).parents[2] / "fixtures" / "version_0_1_0"
WRITTEN = json.loads((FIXTURE / "messages.json").read_text())

PROPOSED = ("a fox in oil --n 1 --steps 2", "a red boat --n 1 --steps 2")


def custom_ids(pattern: str) -> list[str]:
    """One of the old buttons for each spelling that differs in more than the job's id."""
    found: dict[str, str] = {}
    for message in WRITTEN["messages"].values():
        for custom_id in message["custom_ids"]:
            if re.fullmatch(pattern, custom_id):
                found.setdefault(re.sub(r"[0-9a-f]{32}", "", custom_id), custom_id)
    assert found, f"no old button looks like {pattern}"
    return list(found.values())


@pytest.fixture
def limits() -> Limits:
    return replace(PATIENT, buckets={})


@pytest.fixture
async def database(settings: Settings, ada: Member) -> AsyncIterator[Database]:
    """The old database, in the hands of the members and channels of this playground."""
    there = await ada.say("darkroom", "Where am I?")
    address = f"{settings.discord_url}/api/v10/channels/{there.channel_id}"
    async with aiohttp.request(
        "GET", address, headers={"Authorization": "Bot playground"}
    ) as response:
        channel = await response.json()
    here = {
        WRITTEN["ids"]["member"]: there.raw["author"]["id"],
        WRITTEN["ids"]["server"]: channel["guild_id"],
        WRITTEN["ids"]["channel"]: channel["id"],
    }
    script = (FIXTURE / "darkroom.sql").read_text()
    for old, new in here.items():
        script = script.replace(old, new)
    settings.data_folder.mkdir(parents=True)
    with sqlite3.connect(settings.data_folder / "darkroom.db") as connection:
        connection.executescript(script)
        # A draft waits for a day only.
        connection.execute("UPDATE drafts SET created_at = ?", (f"{datetime.now(UTC):%F %T.%f}",))
        # What is asked here is how old buttons work, not how many jobs a member may have.
        connection.execute("UPDATE servers SET jobs_per_member = 10")
    connection.close()
    shutil.copytree(FIXTURE / "pictures", settings.picture_folder)
    shutil.copy(FIXTURE / "models.json", settings.data_folder)
    await migrate(settings.database)
    database = Database(settings.database)
    yield database
    await database.close()


async def posted(bot: DarkroomBot, ada: Member, item: discord.ui.Item[discord.ui.View]) -> Message:
    """A message of the bot with an old button or menu under it."""
    (place,) = (c for c in bot.get_all_channels() if c.name == "darkroom")
    assert isinstance(place, discord.TextChannel)
    embed = discord.Embed(title="Prompts")
    for number, prompt in enumerate(PROPOSED, start=1):
        embed.add_field(name=str(number), value=f"```\n{prompt}\n```")
    view = discord.ui.View(timeout=None)
    view.add_item(item)
    view.stop()
    sent = await place.send(view=view, embed=embed)
    return await ada.wait_for(lambda m: m.id == str(sent.id))


async def press(bot: DarkroomBot, ada: Member, custom_id: str) -> Answer:
    button: discord.ui.Button[discord.ui.View] = discord.ui.Button(label="?", custom_id=custom_id)
    return await ada.press(await posted(bot, ada, button), "?")


async def choose(bot: DarkroomBot, ada: Member, custom_id: str, value: str) -> Answer:
    options = [discord.SelectOption(label="?", value=value)]
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=custom_id, options=options
    )
    return await ada.choose(await posted(bot, ada, menu), value)


async def shown(ada: Member, answer: Answer) -> Message:
    """The answer, once it is one."""
    return await ada.wait_for(
        lambda m: (
            m.id == answer.message.id
            and not m.thinking
            and bool(m.content or m.embeds or written(m))
        )
    )


async def drawn(ada: Member, answer: Answer, database: Database) -> tuple[JobKind, str | None]:
    """What kind of job the answer shows, after it has ended well."""
    ended = await finished(ada, answer.message)
    assert ended.attachments
    custom_id = ended.buttons[0].custom_id
    assert custom_id is not None
    job = await jobs.get(database, custom_id.split(":")[1])
    assert job is not None
    assert job.state is JobState.DONE
    return job.kind, job.detail


async def test_what_waited_is_drawn_after_the_new_version_has_started(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    await ada.wait_for(lambda m: "a boat" in m.content and bool(m.attachments) and m.button("V1"))
    waited = await jobs.get(database, WRITTEN["ids"]["waiting"])
    assert waited is not None
    assert waited.state is JobState.DONE
    failed = await jobs.get(database, WRITTEN["ids"]["failed"])
    assert failed is not None
    assert failed.reason == "The disk is full."


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("job:.*:reroll", JobKind.REROLL),
        # Pictures 1 of grids were shown already.
        ("job:.*:upscale:2", JobKind.UPSCALE),
        ("job:.*:vary:[12]", JobKind.VARY),
        ("job:.*:vary_(subtle|strong)", JobKind.VARY),
        # Enlarged again in the subtle way, a picture is the same: that is linked.
        ("job:.*:(upscale_subtle|upscale_creative|redo_creative)", JobKind.ENLARGE),
        ("job:.*:redo_subtle", JobKind.ENLARGE),
        ("job:.*:zoom:(15|20)", JobKind.ZOOM),
        ("job:.*:pan_(left|right|up|down)", JobKind.PAN),
        ("propose:draw:[12]", JobKind.IMAGINE),
    ],
)
async def test_an_old_button_draws(
    bot: DarkroomBot, ada: Member, database: Database, pattern: str, kind: JobKind
) -> None:
    for custom_id in custom_ids(pattern):
        made, _ = await drawn(ada, await press(bot, ada, custom_id), database)
        assert made is kind, custom_id


async def test_an_old_draft_is_drawn_when_its_member_says_yes(
    bot: DarkroomBot, ada: Member
) -> None:
    (yes,) = custom_ids("draft:.*:yes")
    await press(bot, ada, yes)
    for colour in ("red", "green"):
        await ada.wait_for(
            lambda m, colour=colour: (  # type: ignore[misc]
                f"a {colour} fox" in m.content and bool(m.attachments) and bool(m.button("V1"))
            )
        )


async def test_old_buttons_that_ask_open_their_modal_or_menu(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    (custom,) = custom_ids("job:.*:zoom_custom")
    opened = (await press(bot, ada, custom)).modal
    answer = await ada.submit(opened, {"factor": "1.4"})
    assert await drawn(ada, answer, database) == (JobKind.ZOOM, "1.4")
    (region,) = custom_ids("job:.*:region")
    menu = await shown(ada, await press(bot, ada, region))
    assert len(menu.selects[0].options) == 9
    (raster,) = custom_ids("job:.*:raster:4")
    finer = await press(bot, ada, raster)
    assert await ada.wait_for(
        lambda m: m.id == finer.message.id and len(m.selects[0].options) == 16
    )
    (cells,) = custom_ids("job:.*:cells:3")
    asked = (await choose(bot, ada, cells, "4")).modal
    made, _ = await drawn(ada, await ada.submit(asked, {}), database)
    assert made is JobKind.REGION


async def test_old_buttons_of_what_has_ended_answer_with_words(
    bot: DarkroomBot, ada: Member
) -> None:
    (cancel,) = custom_ids("job:.*:cancel")
    (like,) = custom_ids("job:.*:like")
    (no,) = custom_ids("draft:.*:no")
    for custom_id in (cancel, like, no):
        answer = await shown(ada, await press(bot, ada, custom_id))
        assert "logged" not in str(answer.embeds), custom_id
        assert "went wrong" not in str(answer.embeds), custom_id


async def test_old_panels_and_pages_go_on(
    bot: DarkroomBot, ada: Member, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All of it is pressed one after another, faster than a member may.
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 10_000)
    member = int((await ada.say("darkroom", "Who am I?")).raw["author"]["id"])
    before = await members.get_preferences(database, member)
    assert before.suffix == "--weird 10"
    assert await members.get_options(database, member) == {"mine": "in oil"}
    for custom_id in custom_ids("me:(raw|remix|variability|stealth|turbo|fast|relax)"):
        await shown(ada, await press(bot, ada, custom_id))
    await shown(ada, await choose(bot, ada, "me:temperament", "faithful"))
    await shown(ada, await choose(bot, ada, "me:stylize", "250"))
    after = await members.get_preferences(database, member)
    assert (after.mode, after.remix, after.stylize) == ("relax", not before.remix, 250)
    for custom_id in custom_ids("help:.*"):
        assert (await shown(ada, await press(bot, ada, custom_id))).embeds
    for custom_id in custom_ids("history:.*"):
        assert "a fox" in written(await shown(ada, await press(bot, ada, custom_id)))
    (reset,) = custom_ids("me:reset")
    await ada.press(await shown(ada, await press(bot, ada, reset)), "Yes, reset")
    assert await members.get_preferences(database, member) == Preferences()
    chosen = WRITTEN["messages"]["imagine"]["custom_ids"][0].split(":")[1]
    assert "a fox" in (await shown(ada, await choose(bot, ada, "again", chosen))).content
