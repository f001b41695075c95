"""Looking things up, through the real client: what was made, how it was made, what goes on."""

import json
import re
from dataclasses import replace

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.images.grid import MAX_THUMBNAIL_SIDE_PX
from bot.services import job_history
from bot.ui import responses
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage import members
from storage.database import Database
from storage.pictures import picture_id
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    QUICK,
    card,
    drawn,
    finished,
    job_id_of,
    labels,
    picture_of,
    told,
    value_of,
    whoever,
    written,
)


async def test_a_job_is_shown_again_to_its_member_with_where_it_came_from(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox")
    single = await finished(ada, (await ada.press(grid, "U2")).message)
    for name in (
        job_id_of(single),
        job_id_of(single)[:8],
        single.attachments[0].filename,
        f"https://discord.com/channels/@me/{single.channel_id}/{single.id}",
    ):
        again = await ada.slash("gallery", "show", id=name)
        again = await ada.wait_for(lambda m, again=again: m.id == again.id and m.attachments)
        assert not again.ephemeral
        assert again.buttons
        assert (await picture_of(ada, again)).size == (await picture_of(ada, single)).size
        line = card(again)
        assert line.index(job_id_of(grid)[:8]) < line.index(job_id_of(single)[:8])
    # Its buttons are the job's.
    assert job_id_of(again) == job_id_of(single)
    far = f"https://discord.com/channels/@me/1/{2**64 - 1}"
    for member, name in (
        (ben, job_id_of(grid)),
        (ada, "f" * 32),
        (ada, "a fox"),
        (ada, ""),
        (ada, far),
    ):
        refusal = await member.slash("darkroom", "show", id=name or " ")
        assert "You have no job with the id" in await told(member, refusal)
    suggested = await ada.autocomplete("darkroom", "show", "id", "fox")
    assert {one.value for one in suggested} == {job_id_of(grid), job_id_of(single)}


async def test_the_seed_tells_all_that_a_job_was_made_with(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox --seed 1234567")
    told_of = await ada.slash("darkroom", "seed")
    assert told_of.ephemeral
    words = card(told_of)
    assert "Seed: `1234567`" in words
    assert f"Job id: `{job_id_of(grid)}`" in words
    assert "4: `" in words
    request = json.loads(await ada.download(told_of.attachments[0]))
    assert request["noises"][0]["seed"] == 1234567
    assert "You have not started a job" in await told(ben, await ben.slash("darkroom", "seed"))


async def test_history_is_searched_and_leafed_through_favourites_first(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    grids = [await drawn(ada, f"a fox {number}") for number in range(6)]
    ada_id = whoever(grids[0])
    await members.toggle_favourite(database, ada_id, "ada", picture_id(job_id_of(grids[1]), 0))
    page = await ada.slash("darkroom", "history", search="FOX")
    assert page.ephemeral
    favourite = written(page).splitlines()[2:4]
    assert favourite[0].startswith("❤️ a fox 1 ")
    assert favourite[1].startswith("-# Grid · ")
    assert favourite[1].endswith(f"`{job_id_of(grids[1])[:8]}`")
    assert "Page 1 of 2 · 6 jobs" in written(page)
    assert labels(page) == ["▶️"]
    page = (await ada.press(page, "▶️")).message
    assert job_id_of(grids[0])[:8] in written(page)
    assert labels(page) == ["◀️"]
    again = (await ada.choose(page, job_id_of(grids[0]), select="again")).message
    again = await ada.wait_for(lambda m: m.id == again.id and m.attachments)
    assert job_id_of(again) == job_id_of(grids[0])
    nothing = written(await ada.slash("darkroom", "history", search="100%"))
    assert "None of your prompts contains “100%”" in nothing
    assert "no finished pictures yet" in written(await ben.slash("darkroom", "history"))


async def test_history_shows_small_pictures_and_is_filtered_by_kind(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    fox, owl = await drawn(ada, "a fox"), await drawn(ada, "an owl")
    single = await finished(ada, (await ada.press(fox, "U2")).message)
    varied = await finished(ada, (await ada.press(owl, "V1")).message)
    await members.toggle_favourite(database, whoever(fox), "ada", picture_id(job_id_of(single), 0))
    every = [single, varied, owl, fox]
    page = await ada.slash("darkroom", "history")
    assert ids_in(page) == [job_id_of(message)[:8] for message in every]
    assert [file.filename for file in page.attachments] == [
        f"{job_id_of(message)}.jpg" for message in every
    ]
    shown = [replace(page, attachments=(file,)) for file in page.attachments]
    thumbnails = [await picture_of(ada, one) for one in shown]
    assert all(max(thumbnail.size) <= MAX_THUMBNAIL_SIDE_PX for thumbnail in thumbnails)
    for kind, expected in (
        ("favourites", [single]),
        ("grids", [owl, fox]),
        ("variations", [varied]),
        ("upscales", [single]),
        ("all", every),
    ):
        page = (await ada.choose(page, kind, select="history-kind:")).message
        assert value_of(page, "history-kind:") == kind
        assert ids_in(page) == [job_id_of(message)[:8] for message in expected]
        assert len(page.attachments) == len(expected)
    page = (await ada.choose(page, "extensions", select="history-kind:")).message
    assert "You have no finished pictures of this kind" in written(page)
    assert not page.attachments
    page = await ada.slash("darkroom", "history", search="owl", kind="grids")
    assert ids_in(page) == [job_id_of(owl)[:8]]
    page = (await ada.choose(page, "upscales", select="history-kind:owl")).message
    assert "No prompt of this kind contains “owl”" in written(page)


async def test_the_pages_of_a_kind_are_turned(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_history, "JOBS_PER_PAGE", 1)
    older, newer = await drawn(ada, "a fox: 1"), await drawn(ada, "a fox: 2")
    await finished(ada, (await ada.press(older, "U2")).message)
    page = await ada.slash("darkroom", "history", search="a fox:", kind="grids")
    assert "Page 1 of 2 · 2 jobs" in written(page)
    assert ids_in(page) == [job_id_of(newer)[:8]]
    page = (await ada.press(page, "▶️")).message
    assert value_of(page, "history-kind:a fox:") == "grids"
    assert ids_in(page) == [job_id_of(older)[:8]]
    assert [file.filename for file in page.attachments] == [f"{job_id_of(older)}.jpg"]
    assert labels(page) == ["◀️"]


async def test_a_job_whose_pictures_are_gone_is_listed_without_one(
    bot: DarkroomBot, settings: Settings, ada: Member
) -> None:
    kept, lost = await drawn(ada, "a fox"), await drawn(ada, "an owl")
    for file in settings.picture_folder.glob(f"{job_id_of(lost)}*"):
        file.unlink()
    page = await ada.slash("darkroom", "history")
    assert ids_in(page) == [job_id_of(lost)[:8], job_id_of(kept)[:8]]
    assert [file.filename for file in page.attachments] == [f"{job_id_of(kept)}.jpg"]


def ids_in(page: Message) -> list[str]:
    """The beginnings of the ids of the jobs of a page, in their order."""
    return re.findall(r"`([0-9a-f]{8})`$", written(page), re.MULTILINE)


async def test_prompts_of_before_and_styles_are_suggested(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    await drawn(ada, "a Red fox")

    async def suggested(member: Member, typed: str) -> list[str]:
        found = await member.autocomplete("darkroom", "imagine", "prompt", typed)
        return [one.value for one in found]

    assert (await suggested(ada, "red"))[0] == f"a Red fox {QUICK}"
    # Parameters are completed where one is begun.
    assert await suggested(ben, "red") == []
    assert "red --style sketch" in await suggested(ben, "red --style")
    assert await suggested(ben, "a cat --style sk") == ["a cat --style sketch"]
    # Who has drawn nothing yet is offered what the model draws well.
    assert await suggested(ben, "") == ["a red fox"]
    assert await suggested(ben, "x" * 200) == []


async def test_the_queue_tells_ones_place_and_hides_what_is_not_for_others(
    settings: Settings, database: Database, ada: Member, ben: Member
) -> None:
    deployment = Deployment(settings.model_copy(update={"jobs_at_once": 1}), database)
    async with deployment.open():
        await ada.wait_for_command("queue")
        assert "Your jobs: you have nothing queued" in card(await ada.slash("darkroom", "queue"))
        await drawn(ada, "a fox")
        running = await ada.slash("darkroom", "imagine", prompt=LONG)
        await ada.wait_for(lambda m: m.id == running.id and "%)" in m.content)
        secret = await ben.slash("dm", "imagine", prompt="a secret --q 4")
        queued = await ada.slash("darkroom", "imagine", prompt=LONG)
        seen = card(await ada.slash("darkroom", "queue"))
        assert "a secret" not in seen
        assert "a job that is not shown here" in seen
        assert "position 2, starts in about" in seen
        assert "a secret" in card(await ben.slash("dm", "queue"))
        refusal = await ada.slash("darkroom", "show", id=job_id_of(queued))
        assert "no pictures" in await told(ada, refusal)
        # In the same channel others are told the words; elsewhere the place in the line alone.
        there = card(await ben.slash("darkroom", "queue"))
        assert there.count("Ada") + there.count("ada") == 2
        for place in ("dm", "gallery"):
            elsewhere = card(await ben.slash(place, "queue"))
            assert "ada" not in elsewhere.lower()
            assert elsewhere.count("a job that is not shown here") == 2
        foreign = card(await ada.slash("dm", "queue"))
        assert "a secret" not in foreign
        assert "ben" not in foreign.lower()
        for member, message in ((ada, queued), (ben, secret), (ada, running)):
            await member.press(message, "Cancel")


async def test_info_tells_mode_visibility_and_jobs(bot: DarkroomBot, ada: Member) -> None:
    await ada.slash("darkroom", "relax")
    await drawn(ada, "a fox")
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await ada.wait_for(lambda m: m.id == waiting.id and "%)" in m.content)
    shown = await told(ada, await ada.slash("darkroom", "info"))
    for words in ("Job mode: Relax", "Visibility mode: Public", "Running jobs: `", "4 pictures in"):
        assert words in shown
    await ada.press(waiting, "Cancel")


async def test_help_says_what_there_is(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    shown = await ada.slash("dm", "help")
    assert shown.ephemeral
    assert labels(shown) == ["Start here", "Commands", "Parameters", "Models"]
    ids = bot.command_ids
    start = card(shown)
    for words in (f"</imagine:{ids['imagine']}>", "U1", "V1", "🔄", "`--stylize`", "0 to 1000"):
        assert words in start
    shown = (await ada.press(shown, "Commands")).message
    for command in ("imagine", "prefer option set", "history"):
        assert f"</{command}:{ids[command.split()[0]]}>" in card(shown)
    shown = (await ada.press(shown, "Parameters")).message
    for flag in ("--ar", "--chaos", "--no", "--stylize"):
        assert f"`{flag}`" in card(shown)
    assert "a whole number from 0 to 1000" in card(shown)
    shown = (await ada.press(shown, "Models")).message
    assert "--v 1: " in card(shown)
    assert "`sketch`" in card(shown)
    one = card(await ada.slash("dm", "help", parameter="--s"))
    assert "Values: a whole number from 0 to 1000" in one
    assert "no parameter `--nonsense`" in card(await ada.slash("dm", "help", parameter="nonsense"))
    suggested = await ada.autocomplete("dm", "help", "parameter", "--st")
    assert {"stylize", "stop", "style"} <= {one.value for one in suggested}


async def test_help_shows_the_servers_settings_to_those_who_may_change_them(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    async def commands_of(member: Member, place: str) -> str:
        return card((await member.press(await member.slash(place, "help"), "Commands")).message)

    assert "/server settings" in await commands_of(owner, "darkroom")
    assert "/server reset" in await commands_of(owner, "darkroom")
    assert "/server" not in await commands_of(owner, "dm")
    assert "/server" not in await commands_of(ada, "darkroom")


async def test_help_is_text_while_the_ids_of_commands_are_unknown(
    bot: DarkroomBot, ada: Member
) -> None:
    bot.command_ids = {}
    shown = await ada.slash("darkroom", "help")
    assert "Type `/imagine` and say" in card(shown)
    assert "`/prefer option set`" in card((await ada.press(shown, "Commands")).message)


async def test_slow_answers_show_the_same(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await drawn(ada, "a fox")
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    page = await ada.slash("darkroom", "history")
    page = await ada.wait_for(lambda m: m.id == page.id and not m.thinking)
    assert page.ephemeral
    assert ids_in(page) == [job_id_of(grid)[:8]]
    assert len(page.attachments) == 1
    await ada.choose(page, "variations", select="history-kind:")
    page = await ada.wait_for(lambda m: m.id == page.id and "of this kind" in written(m))
    assert not page.attachments
    panel = await ada.slash("darkroom", "settings")
    panel = await ada.wait_for(lambda m: m.id == panel.id and not m.thinking)
    await ada.press(panel, "Stealth")
    await ada.wait_for(lambda m: m.id == panel.id and bool(m.button("✓ Stealth")))
