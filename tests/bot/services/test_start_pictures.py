"""Refused prompts keep no pictures and fetch none, and a draft's pictures are deleted with it.

Through the real client; afterwards all files in the folder are counted.
"""

import io
import os
import time

import pytest
from PIL import Image

from bot.client import DarkroomBot
from bot.config import Settings
from bot.images.fetch import PictureFetcher
from playground.testing.member import Member, Upload
from playground.testing.views import Message
from storage import drafts, jobs, servers
from storage.database import Database
from storage.pictures import KEPT_FOLDER, PictureFolder, PictureStore
from storage.servers import ServerSettings
from storage.start_pictures import MIN_AGE_S
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import answered, finished, job_of, request_of, single, told


def picture(number: int = 0) -> Upload:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (number, 90, 160)).save(buffer, "PNG")
    return Upload(f"fox{number}.png", buffer.getvalue())


def files(settings: Settings) -> set[str]:
    """All start pictures that are on the disk, and whatever else lies among them."""
    folder = settings.picture_folder / KEPT_FOLDER
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The links that the real fetcher is asked to follow."""
    links: list[str] = []
    download = PictureFetcher._download

    async def noted(fetcher: PictureFetcher, link: str) -> bytes:
        links.append(link)
        return await download(fetcher, link)

    monkeypatch.setattr(PictureFetcher, "_download", noted)
    return links


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The start pictures that are put into the real folder, be it for a moment."""
    pictures: list[bytes] = []
    keep = PictureStore.keep

    async def noted(folder: PictureStore, picture: bytes) -> str:
        pictures.append(picture)
        return await keep(folder, picture)

    monkeypatch.setattr(PictureStore, "keep", noted)
    return pictures


async def test_prompts_beyond_the_limit_fetch_and_keep_nothing(
    bot: DarkroomBot, ada: Member, owner: Member, settings: Settings, fetched: list[str]
) -> None:
    await owner.slash("darkroom", "server settings", jobs_per_member=1)
    long = await ada.slash("darkroom", "imagine", prompt="a fox --q 4 --steps 150")
    for number in range(6):
        refusal = await ada.slash("darkroom", "imagine", prompt="a fox", image=picture(number))
        assert "1 of 1 jobs queued or running" in await told(ada, refusal)
    assert not fetched
    assert not files(settings)
    await ada.press(long, "Cancel")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a fox --stylise 3", "Did you mean `--stylize`?"),
        ("a fox --v 17", "17"),
        ("a fox --r 11", "more than 10 jobs"),
        ("fox " * 1400, "word"),
    ],
)
async def test_prompts_that_cannot_be_drawn_fetch_and_keep_nothing(
    bot: DarkroomBot,
    ada: Member,
    settings: Settings,
    fetched: list[str],
    prompt: str,
    words: str,
) -> None:
    refusal = await ada.slash("darkroom", "imagine", prompt=prompt, image=picture())
    assert words in await told(ada, refusal)
    assert not fetched
    assert not files(settings)


async def test_more_pictures_than_can_be_fetched_are_refused_before_the_first(
    bot: DarkroomBot, owner: Member, settings: Settings, fetched: list[str]
) -> None:
    await owner.slash("darkroom", "server settings", permutations=40)
    links = ", ".join(f"https://pictures.example/{number}.webp" for number in range(40))
    refusal = await owner.slash("darkroom", "imagine", prompt=f"{{{links}}} a fox")
    assert "40 different pictures" in await told(owner, refusal)
    assert not fetched
    assert not files(settings)


async def test_what_finds_no_room_only_at_the_last_moment_is_not_kept(
    bot: DarkroomBot,
    ada: Member,
    settings: Settings,
    database: Database,
    kept: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Queue for the same member meanwhile, as another process may."""
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --steps 2"))
    job, download = await job_of(database, grid), PictureFetcher._download

    async def slowly(fetcher: PictureFetcher, link: str) -> bytes:
        await jobs.add(database, [job] * 3, limit=None)
        return await download(fetcher, link)

    monkeypatch.setattr(PictureFetcher, "_download", slowly)
    refusal = await ada.slash("darkroom", "imagine", prompt="a fox", image=picture())
    assert "3 of 3 jobs queued or running, and this would add 1" in await told(ada, refusal)
    assert len(kept) == 1
    assert not files(settings)


async def question(member: Member, image: Upload) -> Message:
    """The confirmation that is asked for a prompt of two jobs."""
    answer = await member.slash(
        "darkroom", "imagine", prompt="a {red, blue} fox --steps 1", image=image
    )
    return await member.wait_for(
        lambda m: m.interaction_id == answer.interaction_id and bool(m.buttons)
    )


async def test_a_declined_question_takes_its_pictures_along(
    bot: DarkroomBot, ada: Member, settings: Settings
) -> None:
    asked = await question(ada, picture(1))
    assert len(files(settings)) == 1
    await ada.press(asked, "No")
    await answered(ada, asked, "Not started")
    assert not files(settings)


async def test_a_picture_that_another_draft_or_a_job_needs_stays(
    bot: DarkroomBot, ada: Member, settings: Settings, database: Database
) -> None:
    first, second = await question(ada, picture(1)), await question(ada, picture(1))
    assert len(files(settings)) == 1
    await ada.press(first, "No")
    await answered(ada, first, "Not started")
    assert len(files(settings)) == 1
    await ada.press(second, "Yes, start them")
    await answered(ada, second, "2 jobs started")
    third = await question(ada, picture(1))
    await ada.press(third, "No")
    await answered(ada, third, "Not started")
    assert len(files(settings)) == 1
    for _ in range(2):
        await ada.wait_for(lambda m: m.attachments and m.button("🔄"))


async def test_a_member_has_few_questions_open_and_the_oldest_gives_way(
    bot: DarkroomBot, ada: Member, settings: Settings
) -> None:
    asked = [
        await question(ada, picture(number)) for number in range(drafts.MAX_DRAFTS_PER_MEMBER + 2)
    ]
    assert len(files(settings)) == drafts.MAX_DRAFTS_PER_MEMBER
    refusal = (await ada.press(asked[0], "Yes, start them")).message
    assert "a newer question" in await told(ada, refusal)


async def test_buttons_beyond_the_limit_prepare_and_keep_nothing(
    bot: DarkroomBot, ada: Member, settings: Settings, database: Database, kept: list[bytes]
) -> None:
    shown = await single(ada)
    job = await job_of(database, shown)
    assert job.server_id is not None
    await servers.save_settings(database, ServerSettings(job.server_id, jobs_per_member=1))
    long = await ada.slash("darkroom", "imagine", prompt="a fox --q 4 --steps 150")
    for button in ("Zoom Out 2×", "Zoom Out 1.5×", "⬅️", "➡️", "⬆️", "⬇️", "Upscale (Creative)"):
        refusal = (await ada.press(shown, button)).message
        assert "1 of 1 jobs queued or running" in await told(ada, refusal)
    assert not kept
    assert not files(settings)
    await ada.press(long, "Cancel")


async def test_what_a_job_starts_from_stays_and_what_nothing_uses_goes_at_the_next_start(
    deployment: Deployment, ada: Member, settings: Settings, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --steps 2", image=picture(1))
        grid = await finished(ada, waiting)
        zoomed = await finished(ada, (await ada.press(await single(ada), "Zoom Out 2×")).message)
        used = files(settings)
        assert len(used) == 3
    folder = PictureStore(PictureFolder(settings.picture_folder))
    left = {await folder.keep(picture(number).content) for number in (5, 6)}
    just_kept = await folder.keep(picture(7).content)
    long_ago = time.time() - MIN_AGE_S - 10
    for name in used | left:
        os.utime(settings.picture_folder / KEPT_FOLDER / name, (long_ago, long_ago))
    async with deployment.open() as bot:
        await ada.wait_for_bot()
        assert await bot.services.start_pictures.sweep() in (
            0,
            2,
        )  # it swept at its start, or is about to
        assert files(settings) == used | {just_kept}
        again = await finished(ada, (await ada.press(grid, "🔄")).message)
        assert (await request_of(database, again)).start is not None
        assert "U1" in [button.label for button in again.buttons]
        assert (await job_of(database, zoomed)).request["start"]["mask"] in used
