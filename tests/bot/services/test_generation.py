"""From a prompt to its pictures and follow-up jobs, over real sockets."""

from dataclasses import replace

from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from playground import running_playground
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, migrate
from storage.models import JobKind, JobState
from storage.pictures import of_job
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    difference,
    finished,
    first_words,
    job_id_of,
    labels,
    picture_of,
    request_of,
    whoever,
)
from tests.support.pictures import opened


async def test_a_prompt_becomes_a_grid_in_front_of_its_member(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt="a red fox --seed 7 --q 4")
    assert labels(waiting) == ["Cancel"]

    grid = await finished(ada, waiting)
    assert first_words(ada, waiting).endswith("(Waiting to start)")
    ada_id = whoever(waiting)
    assert grid.content == f"**a red fox --seed 7 --q 4** - <@{ada_id}> (fast)"
    assert labels(grid) == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
    assert (await picture_of(ada, grid)).size == (512, 512)
    assert grid.attachments[0].filename == f"ada_a_red_fox_{job_id_of(grid)}.png"
    assert grid.attachments[0].description == "a red fox --seed 7 --q 4"

    shares = [
        int(version.content.rpartition("%)")[0].rpartition("(")[2])
        for version in ada.versions(waiting)
        if version.content.endswith("%) (fast)")
    ]
    assert shares
    assert shares == sorted(shares)
    previews = {v.attachments[0].filename for v in ada.versions(waiting) if v.attachments}
    assert previews
    assert all(name.startswith("preview_") for name in previews)

    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.state is JobState.DONE
    assert job.prompt == "a red fox --seed 7 --q 4"
    assert len(await of_job(database, job.id)) == 4


async def test_u_posts_one_picture_of_the_grid_at_full_size(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
    answer = (await ada.press(grid, "U3")).message
    assert "Image #3 by" in answer.content
    assert f"/{grid.id})" in answer.content
    single = await finished(ada, answer)
    shown = await picture_of(ada, single)
    assert shown.size == (512, 512)

    job = await jobs.get(database, job_id_of(single))
    assert job is not None
    assert (job.kind, job.parent_id, job.parent_index) == (JobKind.UPSCALE, job_id_of(grid), 2)
    # It is the third picture of the grid, below on the left.
    tile = (await picture_of(ada, grid)).crop((0, 256, 256, 512))
    assert difference(shown.resize((64, 64)), tile.resize((64, 64))) < 3


async def test_v_makes_pictures_close_to_one_of_the_grid(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --c 100"))
    varied = await finished(ada, (await ada.press(grid, "V2")).message)
    assert "Variations (Strong) of image #2 by" in varied.content
    assert labels(varied) == labels(grid)

    before, after = await request_of(database, grid), await request_of(database, varied)
    for noise in after.noises:
        assert noise.blends[:-1] == before.noises[1].blends
    parent = (await picture_of(ada, grid)).crop((256, 0, 512, 256))
    other = (await picture_of(ada, grid)).crop((0, 256, 256, 512))
    child = (await picture_of(ada, varied)).crop((0, 0, 256, 256))
    assert 0 < difference(child, parent) < 0.7 * difference(other, parent)


async def test_the_circle_makes_four_new_pictures_of_the_same_prompt(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --seed 7"))
    again = await finished(ada, (await ada.press(grid, "🔄")).message)
    assert "Re-rolled by" in again.content
    before, after = await request_of(database, grid), await request_of(database, again)
    assert after.prompt == before.prompt
    assert not set(after.noises) & set(before.noises)


async def test_what_came_of_a_button_has_buttons_too(bot: DarkroomBot, ada: Member) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    single = await finished(ada, (await ada.press(grid, "U3")).message)
    varied = await finished(ada, (await ada.press(single, "Vary (Strong)")).message)
    assert "U1" in labels(varied)
    assert "Variations (Strong) by" in varied.content
    assert "from [this picture]" in varied.content


async def test_another_member_can_press_and_the_job_is_theirs(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    single = await finished(ben, (await ben.press(grid, "U1")).message)
    job = await jobs.get(database, job_id_of(single))
    parent = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert parent is not None
    assert job.member_id != parent.member_id


async def test_repeat_makes_several_messages(bot: DarkroomBot, ada: Member) -> None:
    await ada.slash("darkroom", "imagine", prompt="a fox --repeat 3 --q .25")
    grids = set()
    for _ in range(3):
        grid = await ada.wait_for(lambda m: m.button("U1") and m.id not in grids)
        grids.add(grid.id)


async def test_shape_and_style_reach_the_picture(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    prompt = "a fox --ar 2:1 --style sketch --no grass --q .25"
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
    request = await request_of(database, grid)
    assert request.prompt == "a fox, sketch style"
    assert request.negative_prompt == "grass"
    width, height = (await picture_of(ada, grid)).size
    assert width > 1.5 * height


async def test_in_a_direct_message_all_of_it_works_too(bot: DarkroomBot, ada: Member) -> None:
    grid = await finished(ada, await ada.slash("dm", "imagine", prompt="a fox --q .25"))
    single = await finished(ada, (await ada.press(grid, "U1")).message)
    assert single.channel_id == grid.channel_id


async def test_the_same_prompt_and_seed_make_the_same_pixels(bot: DarkroomBot, ada: Member) -> None:
    prompt = "a fox --seed 7 --q .25"
    files = []
    for _ in range(2):
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
        files.append(opened(await ada.download(grid.attachments[0])))
    # A signature is different each time; the rest of the file is not.
    assert files[0].tobytes() == files[1].tobytes()
    assert files[0].info == files[1].info


async def test_a_file_is_made_to_fit_the_servers_limit(
    settings: Settings, database: Database
) -> None:
    limits = replace(PATIENT, attachment_size=40_000)
    async with running_playground(limits=limits) as small, Member(small.url, "Ada") as ada:
        deployment = Deployment(settings.model_copy(update={"discord_url": small.url}), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25 --c 100")
            grid = await finished(ada, waiting)
            assert grid.attachments[0].size <= 40_000
            assert grid.attachments[0].filename.endswith(".jpg")
            assert (await picture_of(ada, grid)).size[0] >= 256


async def test_with_postgres_behind_it_nothing_is_different(
    settings: Settings, postgres_url: str, ada: Member
) -> None:
    elsewhere = settings.model_copy(update={"database_url": SecretStr(postgres_url)})
    await migrate(elsewhere.database)
    database = Database(elsewhere.database)
    async with Deployment(elsewhere, database).open():
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="🦊 --q .25"))
        single = await finished(ada, (await ada.press(grid, "U1")).message)
        assert single.attachments
    job = await jobs.get(database, job_id_of(single))
    await database.close()
    assert job is not None
    assert job.parent_id == job_id_of(grid)
