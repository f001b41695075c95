"""Prompts that start from a picture, attached or linked, through the real client."""

import psutil
import pytest
from PIL import Image

from bot.client import DarkroomBot
from playground.testing.member import Member, Upload
from storage import jobs
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    difference,
    finished,
    picture_of,
    request_of,
    told,
    whoever,
)
from tests.support.hostile_pictures import encoded, repeated_scans
from tests.support.pictures import picture

PHONE = Upload("IMG_1.JPG", encoded(Image.new("RGB", (8064, 6048), "orange"), "JPEG"))
"""As a phone makes it, of 48 million pixels."""


async def test_an_attached_picture_is_where_drawing_starts(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    prompt = "a fox --iw 3 --seed 7 --n 1 --steps 6"
    drawn = []
    for colour in ("red", "lime"):
        upload = Upload(f"{colour}.png", picture(colour, (64, 64)))
        waiting = await ada.slash("darkroom", "imagine", prompt=prompt, image=upload)
        grid = await finished(ada, waiting)
        drawn.append(await picture_of(ada, grid))
        start = (await request_of(database, grid)).start
        assert start is not None
        assert start.strength == pytest.approx(1 / 3)
    assert difference(*drawn) > 5


async def test_a_link_to_discords_own_files_is_as_good(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --steps 2"))
    link = grid.attachments[0].url
    again = await finished(
        ada, await ada.slash("darkroom", "imagine", prompt=f"{link} a fox --steps 2")
    )
    request = await request_of(database, again)
    assert request.start is not None
    assert request.prompt == "a fox"
    assert again.attachments[0].filename.startswith("ada_a_fox_")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("http://127.0.0.1/x.png a fox", "only plain https"),
        ("https://10.0.0.1/x.png a fox", "does not lead to a public address"),
        ("https://127.0.0.1/x.png", "no words"),
    ],
)
async def test_a_link_that_cannot_be_used_is_refused(
    bot: DarkroomBot, ada: Member, database: Database, prompt: str, words: str
) -> None:
    refusal = await ada.slash("darkroom", "imagine", prompt=prompt)
    assert words in await told(ada, refusal)
    assert not await jobs.open_jobs(database, whoever(refusal))


async def test_pictures_made_to_hurt_are_refused_and_hold_nobody_up(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    hostile = Upload("fox.jpg", repeated_scans(4000, 1500))
    for _ in range(3):
        refusal = await ada.slash("darkroom", "imagine", prompt="a fox", image=hostile)
        assert "The file `fox.jpg` can't be used: it takes too long" in await told(ada, refusal)
    assert not await jobs.open_jobs(database, whoever(refusal))
    fox = await ben.slash("darkroom", "imagine", prompt="a fox --q .25", image=PHONE)
    assert (await request_of(database, await finished(ben, fox))).start is not None


async def test_the_processes_that_decode_end_with_the_bot(
    deployment: Deployment, ada: Member
) -> None:
    before = set(psutil.Process().children())
    async with deployment.open():
        await ada.wait_for_command("imagine")
        prompt = "a fox --steps 1 --n 1"
        await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt, image=PHONE))
        assert set(psutil.Process().children()) - before
    assert set(psutil.Process().children()) <= before


async def test_what_is_attached_must_be_a_picture(bot: DarkroomBot, ada: Member) -> None:
    refusal = await ada.slash(
        "darkroom", "imagine", prompt="a fox", image=Upload("x.png", b"no picture")
    )
    words = await told(ada, refusal)
    assert "isn't a PNG" in words
    assert "The file `x.png` can't be used" in words
    assert "link" not in words.lower()
