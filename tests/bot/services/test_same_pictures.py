"""A job shows what was drawn, and the line of `/seed` makes the same pictures: the real model."""

import re

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, pictures
from storage.database import Database
from storage.members import Preferences, save_preferences
from storage.pictures import PictureFolder, PictureStore
from tests.support.bot.job_messages import (
    card,
    finished,
    job_id_of,
    job_of,
    labels,
    single,
    told,
    whoever,
)

QUICK = "--steps 2"
SETTINGS = Preferences(raw=True, stylize=250, suffix="--c 30 --weird 200")


async def imagined(member: Member, prompt: str) -> Message:
    return await finished(member, await member.slash("darkroom", "imagine", prompt=prompt))


async def bytes_of(settings: Settings, database: Database, message: Message) -> list[bytes]:
    """The pictures of a job as they are stored."""
    folder = PictureStore(PictureFolder(settings.picture_folder))
    found = await pictures.of_job(database, job_id_of(message))
    assert found
    return [await folder.read(picture) for picture in found]


async def line_of(member: Member, message: Message) -> str:
    """The line to copy for a job."""
    shown = card((await member.menu(message, "Seed and parameters")).message)
    found = re.search(r"```\n(.*)\n```", shown)
    assert found, shown
    return found[1]


async def prefer(database: Database, message: Message, preferences: Preferences) -> None:
    await save_preferences(database, whoever(message), "ada", preferences)


async def test_the_message_says_what_took_effect_and_the_line_of_seed_makes_it_again(
    bot: DarkroomBot,
    settings: Settings,
    ada: Member,
    ben: Member,
    owner: Member,
    database: Database,
) -> None:
    await owner.slash("darkroom", "server settings", aspect="2:1", temperament="faithful")
    await prefer(database, await imagined(ada, f"a dog {QUICK}"), SETTINGS)
    grid = await imagined(ada, f"a cat {QUICK}")
    written = f"a cat {QUICK} --c 30 --weird 200 --ar 2:1 --s 250 --raw --temperament faithful"
    assert f"**{written}**" in grid.content
    line = await line_of(ada, grid)
    before = await bytes_of(settings, database, grid)
    # Whatever is changed in between, and whoever asks: the same bytes.
    await owner.slash("darkroom", "server settings", aspect="1:2", stylize=900)
    await prefer(database, grid, Preferences(temperament="stylised", stylize=0, suffix="--tile"))
    for member in (ada, ben):
        again = await imagined(member, line)
        assert await bytes_of(settings, database, again) == before
    assert await bytes_of(settings, database, await imagined(ada, f"a cat {QUICK}")) != before


async def test_a_reroll_and_its_pictures_have_a_line_too(
    bot: DarkroomBot, settings: Settings, ada: Member, database: Database
) -> None:
    grid = await imagined(ada, f"a cat {QUICK} --seed 3 --c 20")
    again = await finished(ada, (await ada.press(grid, "🔄")).message)
    assert f"**a cat {QUICK} --c 20**" in again.content
    line = await line_of(ada, again)
    assert "--seed 3 " not in line
    made = await bytes_of(settings, database, await imagined(ada, line))
    assert made == await bytes_of(settings, database, again)
    one = await finished(ada, (await ada.press(again, "U2")).message)
    assert "This is image #2" in card((await ada.menu(one, "Seed and parameters")).message)
    assert await line_of(ada, one) == line
    assert await bytes_of(settings, database, one) == made[1:2]


async def test_what_no_prompt_makes_is_said_plainly_and_shows_no_old_seed(
    bot: DarkroomBot, ada: Member
) -> None:
    shown = await single(ada, f"a cat {QUICK} --seed 3 --c 20 --n 2 --ar 3:2")
    assert "Seed 3" in shown.content
    for button, words in (
        ("Vary (Strong)", f"**a cat {QUICK} --ar 3:2** -"),
        ("Zoom Out 2×", f"**a cat {QUICK} --ar 3:2** -"),
        ("Make Square", f"**a cat {QUICK}** -"),
    ):
        made = await finished(ada, (await ada.press(shown, button)).message)
        assert words in made.content
        details = card((await ada.menu(made, "Seed and parameters")).message)
        assert "No prompt makes this by itself" in details
        assert "Seed: " not in details
        assert "```" not in details
        picture = await finished(ada, (await ada.press(made, "U1")).message)
        assert "Seed" not in picture.content


async def test_a_new_prompt_for_a_button_is_drawn_as_it_is_shown(
    bot: DarkroomBot, settings: Settings, ada: Member, database: Database
) -> None:
    await ada.slash("darkroom", "prefer remix")
    grid = await imagined(ada, rf"a \{{red\}} cat {QUICK} --seed 3 --n 2 --relax")
    modal = (await ada.press(grid, "🔄")).modal
    # What would not hold is not offered, and braces are no choices.
    assert modal.fields[0].value == rf"a \{{red\}} cat {QUICK} --n 2"
    typed = f"a dog {QUICK} --seed 9 --n 1 --ar 2:1"
    made = await finished(ada, (await ada.submit(modal, {"prompt": typed})).message)
    assert f"**{typed}** -" in made.content
    again = await imagined(ada, typed)
    assert await bytes_of(settings, database, again) == await bytes_of(settings, database, made)
    modal = (await ada.press(grid, "V1")).modal
    refused = (await ada.submit(modal, {"prompt": "a {red, blue} cat --r 2"})).message
    assert "this prompt stands for 4" in await told(ada, refused)


async def test_what_repeats_shows_the_seed_of_each(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    first = await ada.slash("darkroom", "imagine", prompt=f"a cat {QUICK} --n 1 --seed 7 --r 2")
    for seed in (7, 8):
        made = await ada.wait_for(
            lambda m, seed=seed: f"--seed {seed}**" in m.content and "U1" in labels(m)
        )
        assert "--r" not in made.content
    assert (await job_of(database, await finished(ada, first))).prompt.endswith("--seed 7")


async def test_a_line_that_cannot_be_shown_comes_as_a_file(
    bot: DarkroomBot, settings: Settings, ada: Member, database: Database
) -> None:
    # A block to copy from cannot have these; one that is too long goes the same way.
    grid = await imagined(ada, f"a ``` cat {QUICK}")
    shown = (await ada.menu(grid, "Seed and parameters")).message
    assert "sends it as a file" in card(shown)
    sent = await ada.wait_for(
        lambda m: any(a.filename == f"{job_id_of(grid)}.txt" for a in m.attachments)
    )
    assert sent.ephemeral
    line = (await ada.download(sent.attachments[0])).decode()
    again = await imagined(ada, line)
    assert await bytes_of(settings, database, again) == await bytes_of(settings, database, grid)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("a cat --iw 2", "this prompt has none"), ("a cat --n 1 --c 9", "asks for only one")],
)
async def test_what_cannot_have_an_effect_is_refused_before_anything_is_queued(
    bot: DarkroomBot, ada: Member, database: Database, prompt: str, words: str
) -> None:
    refusal = await ada.slash("darkroom", "imagine", prompt=prompt)
    assert words in await told(ada, refusal)
    assert not (await jobs.in_queue(database)).waiting
