"""Every button and modal of a picture, over real sockets."""

import asyncio
import io
from dataclasses import replace

import pytest
from PIL import Image

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.protocol.requests import ImageRequest
from playground import running_playground
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, members, servers
from storage.database import Database
from storage.members import Preferences
from storage.models import JobKind, JobState
from storage.servers import ServerSettings
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    LONG,
    QUICK_PROMPT,
    SUCCESS,
    finished,
    job_id_of,
    job_of,
    labels,
    picture_of,
    single,
    told,
    whoever,
)
from tests.support.queries import recorded_statements
from tests.support.stored_jobs import favourites


@pytest.fixture
def limits() -> Limits:
    """Without the pace of edits, which would only make these tests wait."""
    return replace(PATIENT, buckets={})


async def prefer(database: Database, member: Message, preferences: Preferences) -> None:
    await members.save_preferences(database, whoever(member), "ada", preferences)


async def test_what_was_pressed_is_marked_on_the_grid(bot: DarkroomBot, ada: Member) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    await finished(ada, (await ada.press(grid, "U2")).message)
    await finished(ada, (await ada.press(grid, "V1")).message)
    marked = await ada.wait_for(
        lambda m: m.id == grid.id and m.button("U2").style == m.button("V1").style == SUCCESS
    )
    assert marked.button("U1").style != SUCCESS
    assert marked.attachments == grid.attachments


async def test_a_picture_by_itself_is_one_finished_message_that_offers_everything(
    bot: DarkroomBot, ada: Member
) -> None:
    shown = await single(ada)
    assert labels(shown) == [
        "Upscale (Subtle)",
        "Upscale (Creative)",
        "Vary (Subtle)",
        "Vary (Strong)",
        "Vary (Region)",
        "Zoom Out 1.5×",
        "Zoom Out 2×",
        "Custom Zoom",
        "⬅️",
        "➡️",
        "⬆️",
        "⬇️",
        "❤️",
    ]
    assert not shown.edited
    # It was never shown without its picture, except as Discord's own “thinking…”.
    seen = [version for version in ada.versions(shown) if not version.thinking]
    assert all(version.attachments for version in seen)
    assert "-# Seed " in shown.content
    file = Image.open(io.BytesIO(await ada.download(shown.attachments[0])))
    assert "Steps: 2, Sampler: DPM++ 2M" in file.info["parameters"]
    # The address of the file is known only now: its link comes when the message is edited anyway.
    await ada.press(shown, "Upscale (Subtle)")
    used = await ada.wait_for(lambda m: m.id == shown.id and m.button("Web"))
    assert used.button("Web").url == used.attachments[0].url


@pytest.mark.parametrize(
    ("button", "kind", "detail", "pictures"),
    [
        ("Upscale (Subtle)", JobKind.ENLARGE, "subtle", 1),
        ("Upscale (Creative)", JobKind.ENLARGE, "creative", 1),
        ("Vary (Subtle)", JobKind.VARY, "subtle", 4),
        ("Zoom Out 2×", JobKind.ZOOM, "2", 4),
        ("⬅️", JobKind.PAN, "left", 4),
        ("⬇️", JobKind.PAN, "down", 4),
    ],
)
async def test_a_button_makes_a_job_of_its_own(
    bot: DarkroomBot,
    ada: Member,
    database: Database,
    button: str,
    kind: JobKind,
    detail: str,
    pictures: int,
) -> None:
    shown = await single(ada)
    made = await finished(ada, (await ada.press(shown, button)).message)
    job = await job_of(database, made)
    assert (job.state, job.kind, job.detail) == (JobState.DONE, kind, detail)
    assert (job.parent_id, job.parent_index) == (job_id_of(shown), 0)
    assert len(ImageRequest.from_json(job.request).noises) == pictures
    await ada.wait_for(lambda m: m.id == shown.id and m.button(button).style == SUCCESS)


async def test_the_two_ways_to_upscale_lead_to_each_other(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada)
    large = await finished(ada, (await ada.press(shown, "Upscale (Subtle)")).message)
    assert "Upscaled (Subtle) by" in large.content
    # Four times as large, and shown so that it can be seen.
    picture = await picture_of(ada, large)
    assert picture.size == (512, 512)
    assert ", Size: 512x512, " in picture.info["parameters"]
    assert picture.info["parameters"].endswith(", Postprocess upscale by: 8")
    again = await finished(ada, (await ada.press(large, "Redo Upscale (Creative)")).message)
    assert (await job_of(database, again)).parent_id == job_id_of(shown)
    assert {"Redo Upscale (Subtle)", "Redo Upscale (Creative)"} <= set(labels(again))


async def test_a_pan_makes_room_and_a_square_takes_it_up(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    wide = await finished(ada, (await ada.press(await single(ada), "➡️")).message)
    request = ImageRequest.from_json((await job_of(database, wide)).request)
    assert (request.width, request.height) == (96, 64)
    alone = await finished(ada, (await ada.press(wide, "U2")).message)
    squared = await finished(ada, (await ada.press(alone, "Make Square")).message)
    request = ImageRequest.from_json((await job_of(database, squared)).request)
    assert (request.width, request.height) == (96, 96)


async def test_a_region_is_chosen_by_its_cells_and_gets_a_prompt(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada)
    question = (await ada.press(shown, "Vary (Region)")).message
    assert question.ephemeral
    assert len(question.selects[0].options) == 9
    finer = (await ada.press(question, "4 × 4 cells")).message
    assert len(finer.selects[0].options) == 16
    modal = (await ada.choose(finer, "0", "5")).modal
    (field,) = modal.fields
    assert field.value == QUICK_PROMPT
    made = (await ada.submit(modal, {"prompt": "a hat --steps 2"})).message
    job = await job_of(database, await finished(ada, made))
    request = ImageRequest.from_json(job.request)
    assert (job.state, job.kind) == (JobState.DONE, JobKind.REGION)
    assert (job.prompt, request.prompt) == ("a hat --steps 2", "a hat")
    assert request.start is not None
    assert request.start.mask is not None


async def test_a_zoom_of_ones_own_asks_how_far(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada)
    modal = (await ada.press(shown, "Custom Zoom")).modal
    refused = (await ada.submit(modal, {"factor": "3"})).message
    assert "between 1.1 and 2" in await told(ada, refused)
    modal = (await ada.press(shown, "Custom Zoom")).modal
    made = (await ada.submit(modal, {"factor": "1,25"})).message
    job = await job_of(database, await finished(ada, made))
    # It makes four pictures, so the prompt does not ask for two any more.
    assert QUICK_PROMPT.endswith(" --n 2")
    assert (job.kind, job.detail, job.prompt) == (JobKind.ZOOM, "1.25", "a fox --steps 2")


async def test_a_forged_zoom_does_not_enlarge_the_picture_a_hundredfold(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada)
    for tenths in (1, 10, 99):
        custom_id = f"job:{job_id_of(shown)}:zoom:{tenths}"
        forged = await ada.forge(shown, custom_id, fields={"prompt": "a hat"})
        assert "between 1.1 and 2" in await told(ada, forged.message)
    assert not await jobs.children(database, job_id_of(shown))


async def test_old_zoom_and_pan_buttons_of_a_model_that_continues_no_picture_say_so(
    bot: DarkroomBot, ada: Member, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await single(ada)
    models = (await bot.services.registry.versions()).models.values()
    unable = tuple(replace(model, outpaints=False) for model in models)
    monkeypatch.setattr(bot.services.registry, "_models", unable)
    for button in ("Zoom Out 2×", "⬅️"):
        assert "can't do that" in await told(ada, (await ada.press(shown, button)).message)
    assert not await jobs.children(database, job_id_of(shown))


async def test_with_remix_the_prompt_comes_first_even_after_a_restart(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT)
        grid = await finished(ada, waiting)
        await prefer(database, waiting, Preferences(remix=True, variability="subtle"))
        modal = (await ada.press(grid, "V1")).modal
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        made = (await ada.submit(modal, {"prompt": "a cat --steps 2"})).message
        job = await job_of(database, await finished(ada, made))
        assert (job.kind, job.detail, job.prompt) == (JobKind.VARY, "subtle", "a cat --steps 2")
        before = ImageRequest.from_json((await job_of(database, grid)).request)
        after = ImageRequest.from_json(job.request)
        assert after.prompt == "a cat"
        assert {noise.blends[:-1] for noise in after.noises} == {before.noises[0].blends}
        # What is typed there says how it is meant, too.
        modal = (await ada.press(grid, "V2")).modal
        hidden = (await ada.submit(modal, {"prompt": "a cat --steps 2 --stealth"})).message
        assert hidden.ephemeral
        assert (await finished(ada, hidden)).ephemeral


async def test_a_new_prompt_reads_its_members_preferences_once(
    bot: DarkroomBot, ada: Member
) -> None:
    await ada.slash("darkroom", "prefer remix")
    await ada.slash("darkroom", "prefer auto_dm")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    # The direct message is the last thing that the grid's own job reads preferences for.
    await ada.wait_for(lambda m: m.channel_id != grid.channel_id and bool(m.attachments))
    modal = (await ada.press(grid, "V1")).modal
    with recorded_statements() as statements:
        assert "Waiting" in (await ada.submit(modal, {"prompt": LONG})).message.content
    assert len([one for one in statements if "members.preferences" in one]) == 1


async def test_a_button_reads_its_members_preferences_once(bot: DarkroomBot, ada: Member) -> None:
    await ada.slash("darkroom", "prefer auto_dm")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    await ada.wait_for(lambda m: m.channel_id != grid.channel_id and bool(m.attachments))
    with recorded_statements() as statements:
        made = (await ada.press(grid, "V1")).message
    assert len([one for one in statements if "members.preferences" in one]) == 1
    await finished(ada, made)


async def test_a_heart_makes_a_favourite_and_takes_it_back(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada)
    liked = (await ada.press(shown, "❤️")).message
    assert liked.ephemeral
    assert "Added to your favourites" in liked.content
    job = await job_of(database, shown)
    assert await favourites(database, job.member_id) == {f"{job.id}_0"}
    assert "Removed from your favourites" in (await ada.press(shown, "❤️")).message.content
    assert await favourites(database, job.member_id) == set()
    # Two presses at once are told apart: one answer each, and the last one holds.
    both = await asyncio.gather(ada.press(shown, "❤️"), ada.press(shown, "❤️"))
    said = sorted(pressed.message.content.partition(".")[0] for pressed in both)
    assert said == ["Added to your favourites", "Removed from your favourites"]
    assert await favourites(database, job.member_id) == set()


async def test_where_buttons_are_the_owners_others_are_refused(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    job = await job_of(database, grid)
    assert job.server_id is not None
    await servers.save_settings(database, ServerSettings(job.server_id, buttons_for="owner"))
    refused = (await ben.press(grid, "V1")).message
    assert "only the member who started a job" in await told(ben, refused)
    assert (await finished(ada, (await ada.press(grid, "U1")).message)).attachments


async def test_what_is_made_in_stealth_is_seen_by_its_member_alone(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{QUICK_PROMPT} --stealth")
    assert waiting.ephemeral
    grid = await finished(ada, waiting)
    assert grid.ephemeral
    assert "(fast, stealth)" in grid.content
    assert grid.attachments
    # What comes of it stays hidden too.
    alone = await finished(ada, (await ada.press(grid, "U1")).message)
    assert alone.ephemeral
    assert alone.attachments
    assert not [m for m in await ben.messages("darkroom") if m.attachments]


async def test_when_the_answers_token_is_dead_stealth_ends_in_a_direct_message(
    settings: Settings, database: Database
) -> None:
    limits = replace(PATIENT, interaction_lifetime=0)
    async with running_playground(limits=limits) as brief, Member(brief.url, "Ada") as ada:
        deployment = Deployment(settings.model_copy(update={"discord_url": brief.url}), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            prompt = f"{QUICK_PROMPT} --stealth"
            waiting = await ada.slash("darkroom", "imagine", prompt=prompt)
            assert waiting.ephemeral
            grid = await ada.wait_for(lambda m: m.button("U1"))
            assert grid.channel_id != waiting.channel_id
            assert grid.attachments
            # From then on it is a message like any other, which can be edited.
            await finished(ada, (await ada.press(grid, "U1")).message)
            await ada.wait_for(lambda m: m.id == grid.id and m.button("U1").style == SUCCESS)


async def test_a_stored_picture_is_handed_out_while_inference_is_away(
    deployment: Deployment, settings: Settings, database: Database, ada: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    await ada.wait_for_bot(online=False)
    away = Deployment(settings.model_copy(update={"inference_url": "http://127.0.0.1:9"}), database)
    async with away.open():
        await ada.wait_for_bot()
        drawn = (await ada.press(grid, "V1")).message
        await ada.wait_for(lambda m: m.id == drawn.id and "(Waiting: the image model" in m.content)
        assert (await finished(ada, (await ada.press(grid, "U1")).message)).attachments
