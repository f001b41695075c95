"""The filter for explicit pictures over the real client, with a classifier that dislikes red.

From 5 per cent on, each drawing of the tiny model is explicit; at the usual threshold none is.
"""

import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from bot.client import DarkroomBot
from bot.config import Settings
from bot.images.classifiers.process import ClassifierProcess
from bot.policy.verdicts import Verdict
from playground import Playground
from playground.testing.member import Member, Upload
from playground.testing.views import Message
from storage import history, jobs, pictures
from storage.database import Database
from storage.moderation.log import Entry
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    QUICK_PROMPT,
    card,
    difference,
    finished,
    job_id_of,
    job_of,
    labels,
    picture_of,
    told,
    whoever,
    written,
)
from tests.support.models.red_filter import build_red_filter
from tests.support.pictures import picture

NOT_HERE = (
    "The picture is not shown here\n"
    "The filter finds it explicit, and explicit pictures are shown in age-restricted channels "
    "alone."
)


@pytest.fixture(scope="module")
def red_filter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_red_filter(tmp_path_factory.mktemp("filter") / "red")


@pytest.fixture
def settings(settings: Settings, red_filter: Path) -> Settings:
    return settings.model_copy(update={"picture_filter": str(red_filter)})


async def chose(owner: Member, **options: str | int) -> str:
    return await told(owner, await owner.slash("darkroom", "server filter", **options))


async def imagined(
    member: Member, prompt: str = QUICK_PROMPT, channel: str = "darkroom"
) -> Message:
    return await finished(member, await member.slash(channel, "imagine", prompt=prompt))


async def latest_job(database: Database, message: Message) -> jobs.Job:
    """The job of a message that has no button to read it from."""
    job = await history.latest(database, whoever(message))
    assert job is not None
    return job


async def scores_of(database: Database, job: jobs.Job) -> list[float | None]:
    return [one.explicit_score for one in await pictures.of_job(database, job.id)]


async def test_a_harmless_picture_is_shown_and_its_scores_are_kept(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await imagined(ada)
    assert "U1" in labels(grid)
    assert not grid.attachments[0].filename.startswith("SPOILER_")
    job = await job_of(database, grid)
    assert job.verdict == Verdict.ALLOW
    assert all(
        score is not None and 0.05 <= score < 0.8 for score in await scores_of(database, job)
    )


async def test_outside_age_restricted_channels_no_action_shows_an_explicit_picture(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    for action in ("off", "spoiler", "refuse"):
        await chose(owner, action=action, threshold=5)
        shown = await imagined(ada)
        assert card(shown) == NOT_HERE
        assert not shown.attachments
        assert not shown.buttons
        job = await latest_job(database, shown)
        assert job.verdict == Verdict.REFUSE
        # Nor shown again.
        again = await ada.slash("gallery", "show", id=job.id)
        again = await ada.wait_for(lambda m, again=again: m.id == again.id and not m.thinking)
        assert NOT_HERE in card_of_first(again)
        assert not again.attachments


def card_of_first(message: Message) -> str:
    first = message.embeds[0]
    return f"{first['title']}\n{first.get('description', '')}"


@pytest.mark.slow
async def test_in_an_age_restricted_channel_the_servers_action_holds(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await owner.restrict_age("darkroom")
    await chose(owner, action="spoiler", threshold=5)
    spoiled = await imagined(ada)
    assert spoiled.attachments[0].filename.startswith("SPOILER_")
    assert "U1" in labels(spoiled)
    # The same picture by itself, by a button.
    single = (await ada.press(spoiled, "U1")).message
    single = await ada.wait_for(lambda m: m.id == single.id and bool(m.attachments))
    assert single.attachments[0].filename.startswith("SPOILER_")
    # In a channel that everybody sees it is not shown again.
    again = await ada.slash("gallery", "show", id=job_id_of(spoiled))
    again = await ada.wait_for(lambda m: m.id == again.id and not m.thinking)
    assert NOT_HERE in card_of_first(again)
    assert not again.attachments
    # Nor in the list there, nor as a direct message.
    page = await ada.slash("gallery", "history")
    page = await ada.wait_for(lambda m: m.id == page.id and not m.thinking)
    assert "Your jobs" in written(page) or "a fox" in written(page)
    assert not page.attachments
    here = await ada.slash("darkroom", "history")
    here = await ada.wait_for(lambda m: m.id == here.id and not m.thinking)
    assert len(here.attachments) == 2
    sent = await told(ada, (await ada.menu(spoiled, "Send to me")).message)
    assert "explicit pictures are shown in age-restricted channels alone" in sent
    # Without an action nothing is checked.
    await chose(owner, action="off")
    shown = await imagined(ada)
    assert not shown.attachments[0].filename.startswith("SPOILER_")
    assert await scores_of(database, await job_of(database, shown)) == [None, None]
    await chose(owner, action="refuse")
    refused = await imagined(ada)
    assert card(refused) == "The picture is not shown here\nThe filter finds it explicit."
    # Without a channel for reviews it would be refused.
    await told(owner, await owner.slash("darkroom", "server review", channel="gallery"))
    await chose(owner, action="review")
    waits = await imagined(ada)
    assert card(waits).startswith("The picture waits for a moderator")
    assert not waits.attachments
    assert (await latest_job(database, waits)).verdict == Verdict.REVIEW


async def logged(bot: DarkroomBot, playground: Playground) -> list[Entry]:
    """The entries about the filter in the moderators' log, the oldest first."""
    server_id = playground.administration.server_id
    page = await bot.services.moderation_log.page(server_id, 0, None, "filter")
    return list(reversed(page.entries))


@pytest.mark.slow
async def test_the_moderators_log_says_what_the_filter_ruled(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    await owner.slash("darkroom", "server settings", finished="quiet")
    await imagined(ada)  # harmless
    await chose(owner, action="refuse", threshold=5)
    refused = await latest_job(database, await imagined(ada))
    await owner.restrict_age("darkroom")
    found = [refused]
    for action in ("spoiler", "review"):
        await chose(owner, action=action)
        found.append(await latest_job(database, await imagined(ada)))
    red = Upload("red.png", picture("red", (64, 64)))
    answer = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT, image=red)
    assert "A picture that can't be used" in await told(ada, answer)
    *ruled, brought = await logged(bot, playground)
    assert [one.kind for one in ruled] == ["filter.refuse", "filter.spoiler", "filter.review"]
    for entry, job in zip(ruled, found, strict=True):
        assert (entry.job_id, entry.member_id, entry.actor_id) == (job.id, job.member_id, None)
        highest = max(score for score in await scores_of(database, job) if score is not None)
        assert entry.text == f"{round(100 * highest)} % · {job.prompt}"
    assert (brought.kind, brought.member_id) == ("filter.brought", refused.member_id)
    whole = await told(owner, await owner.slash("darkroom", "server log", kind="log-filter"))
    for kind in ("behind a spoiler", "held for review", "not shown", "member brought: refused"):
        assert f"Explicit picture {kind}" in whole or f"that a {kind}" in whole
    assert QUICK_PROMPT.partition(" --")[0] in whole


@pytest.mark.slow
async def test_a_channel_has_a_policy_of_its_own_until_it_follows_the_server_again(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    answer = await chose(owner, action="refuse", threshold=5, place="gallery")
    assert "refuse**: not shown, from 5 % on" in answer
    assert "U1" in labels(await imagined(ada))
    assert card(await imagined(ada, channel="gallery")) == NOT_HERE
    await chose(owner, action="inherit", place="gallery")
    assert "U1" in labels(await imagined(ada, channel="gallery"))
    assert "server filter" not in await ada.command_names("darkroom")


@pytest.mark.slow
async def test_previews_are_checked_too_and_explicit_ones_are_blots(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{LONG} --n 1")
    preview = await ada.wait_for(lambda m: m.id == waiting.id and bool(m.attachments))
    assert preview.attachments[0].filename.startswith("preview_")
    drawing = sharpness(await picture_of(ada, preview))
    await finished(ada, waiting)
    await chose(owner, action="refuse", threshold=5)
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{LONG} --n 1")
    preview = await ada.wait_for(lambda m: m.id == waiting.id and bool(m.attachments))
    blurred = sharpness(await picture_of(ada, preview))
    assert blurred < 8
    assert drawing > 3 * blurred
    await finished(ada, waiting)


def sharpness(image: Image.Image) -> float:
    """How much a picture differs from few soft blots of its colours, from 0 to 255."""
    few = image.convert("RGB").resize((4, 4), Image.Resampling.BOX)
    return difference(image, few.resize(image.size, Image.Resampling.BICUBIC))


async def test_an_explicit_upload_is_refused_before_anything_is_drawn(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    red = Upload("red.png", picture("red", (64, 64)))
    answer = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT, image=red)
    refused = await ada.wait_for(
        lambda m: m.ephemeral and bool(m.embeds) and m.interaction_id == answer.interaction_id
    )
    assert card(refused).startswith(
        "A picture that can't be used\nThe filter finds a picture that you brought explicit."
    )
    assert QUICK_PROMPT in refused.content
    assert await jobs.totals(database, whoever(answer)) == jobs.Totals(0, 0, 0, 0)
    assert not await jobs.open_jobs(database, whoever(answer))
    # By a link, and to describe it.
    posted = await ada.slash("darkroom", "describe", image=red)
    assert "explicit" in await told(ada, posted)
    lime = Upload("lime.png", picture("lime", (64, 64)))
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT, image=lime)
    assert "U1" in labels(await finished(ada, waiting))
    await owner.restrict_age("darkroom")
    waiting = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT, image=red)
    assert (await finished(ada, waiting)).attachments


@pytest.mark.slow
async def test_a_filter_that_is_killed_is_started_again(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    await imagined(ada)
    process = filter_of(bot)
    first = process.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    grid = await imagined(ada)
    assert "U1" in labels(grid)
    assert None not in await scores_of(database, await job_of(database, grid))
    assert process.process_id not in (None, first)


def filter_of(bot: DarkroomBot) -> ClassifierProcess:
    classifier = bot.services.gate._classifier
    assert isinstance(classifier, ClassifierProcess)
    return classifier


@pytest.mark.slow
async def test_what_cannot_be_checked_is_held_back_and_shown_once_it_can(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        filter_of(bot)._model = "/nowhere"
        shown = await imagined(ada)
        assert "does not answer" in card(shown)
        assert not shown.attachments
        job = await latest_job(database, shown)
        assert (job.verdict, job.held_back) == (Verdict.REFUSE, Verdict.ALLOW)
        # Uploads are not used unchecked.
        lime = Upload("lime.png", picture("lime", (64, 64)))
        answer = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT, image=lime)
        assert "can't be checked" in await told(ada, answer)
    async with deployment.open():
        await ada.wait_for(lambda m: bool(m.attachments) and "U1" in labels(m))
    kept = await jobs.get(database, job.id)
    assert kept is not None
    assert (kept.verdict, kept.held_back) == (Verdict.ALLOW, None)


@pytest.mark.slow
async def test_old_pictures_are_checked_when_they_are_shown_again(
    deployment: Deployment, owner: Member, ada: Member, database: Database
) -> None:
    off = Deployment(
        deployment.settings.model_copy(update={"picture_filter": "off"}), deployment.database
    )
    async with off.open():
        await ada.wait_for_command("imagine")
        grid = await imagined(ada)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        await chose(owner, threshold=5)
        job = await job_of(database, grid)
        assert await scores_of(database, job) == [None, None]
        # An old button that shows one of the pictures.
        single = (await ada.press(grid, "U1")).message
        single = await ada.wait_for(lambda m: m.id == single.id and bool(m.embeds))
        assert card(single) == NOT_HERE
        again = await ada.slash("darkroom", "show", id=job.id)
        again = await ada.wait_for(lambda m: m.id == again.id and not m.thinking)
        assert card(again) == NOT_HERE
        assert None not in await scores_of(database, job)
    assert not again.attachments
    assert not again.buttons


@pytest.mark.slow
async def test_the_buttons_of_a_picture_that_is_not_shown_any_more_show_nothing_of_it(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await imagined(ada)
    single = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == single.id and bool(m.button("❤️")))
    for shown in (grid, single):
        job = await job_of(database, shown)
        refused = (Verdict.REFUSE, "A moderator said so.")
        assert await jobs.set_verdict(database, job.id, *refused, before=Verdict.ALLOW)
    for message, button in (
        (grid, "U2"),
        (grid, "V1"),
        (single, "Vary (Region)"),
        (single, "Zoom Out 2×"),
        (single, "❤️"),
    ):
        answer = await told(ada, (await ada.press(message, button)).message)
        assert answer.startswith("The picture is not shown here\nA moderator said so.")
    page = await ada.slash("darkroom", "history")
    page = await ada.wait_for(lambda m: m.id == page.id and not m.thinking)
    assert not page.attachments
    assert len(await jobs.children(database, job_id_of(grid))) == 1


@pytest.mark.slow
async def test_nothing_takes_a_picture_from_an_age_restricted_channel_elsewhere(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await owner.restrict_age("darkroom")
    await chose(owner, action="spoiler", threshold=5)
    await owner.slash("darkroom", "server settings", highlights="gallery")
    await ada.slash("darkroom", "prefer auto_dm")
    grid = await imagined(ada)
    single = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == single.id and bool(m.attachments))
    # The dialog for a region, for its member alone.
    cells = (await ada.press(single, "Vary (Region)")).message
    cells = await ada.wait_for(lambda m: m.id == cells.id and bool(m.attachments))
    assert cells.attachments[0].filename.startswith("SPOILER_cells")
    # The highlights, which everybody sees.
    await ada.react(grid, "⭐")
    refused = await ada.wait_for(lambda m: m.channel_id != grid.channel_id and bool(m.embeds))
    assert "The picture is not shown here" in card(refused)
    assert not [m for m in await ada.messages("gallery") if m.attachments]
    # Of the automatic direct messages none was sent, although the jobs have ended.
    assert not [m for m in await ada.messages("dm") if m.attachments]
    # The same ways are open where the highlights are for adults only.
    await owner.restrict_age("gallery")
    await ada.unreact(grid, "⭐")
    await ada.react(grid, "⭐")
    shown = await ada.wait_for(
        lambda m: bool(m.attachments) and m.channel_id not in (grid.channel_id, refused.channel_id)
    )
    assert shown.attachments[0].filename.startswith("SPOILER_")


@pytest.mark.slow
async def test_operators_may_let_members_see_explicit_pictures_in_direct_messages(
    deployment: Deployment, owner: Member, ada: Member
) -> None:
    allowing = deployment.settings.model_copy(update={"explicit_direct_messages": True})
    async with Deployment(allowing, deployment.database).open():
        await ada.wait_for_command("imagine")
        await owner.restrict_age("darkroom")
        await chose(owner, action="spoiler", threshold=5)
        grid = await imagined(ada)
        await ada.menu(grid, "Send to me")
        sent = await ada.wait_for(lambda m: m.channel_id != grid.channel_id and bool(m.attachments))
        assert sent.attachments[0].filename.startswith("SPOILER_")


@pytest.mark.slow
async def test_a_linked_explicit_picture_is_refused_in_the_members_language(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await owner.restrict_age("darkroom")
    await chose(owner, action="off")
    await chose(owner, action="spoiler", place="gallery")
    red = Upload("red.png", picture("red", (64, 64)))
    described = await ada.slash("darkroom", "describe", image=red)
    described = await ada.wait_for(lambda m: m.id == described.id and bool(m.attachments))
    link = described.attachments[0].url
    ada.locale = "de"
    answer = await ada.slash("gallery", "imagine", prompt=f"{link} {QUICK_PROMPT}")
    refused = await told(ada, answer)
    assert "Solche Bilder gehen nur in altersbeschränkten Kanälen." in refused
    assert not await jobs.open_jobs(database, whoever(answer))
