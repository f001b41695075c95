"""What the bot does for a job beside drawing: counted, because times depend on the machine."""

import asyncio
import pkgutil
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL.PngImagePlugin import PngImageFile
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from bot.delivery.picture_marks import PictureMarks
from bot.engines.openai.pictures import PREVIEW_SIDE_PX
from bot.images.grid import PictureFile
from bot.images.provenance import Origin
from diffusion.decoding.decode import DecodedPicture, Wanted
from diffusion.decoding.decoder import PictureDecoder
from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, someone_waits
from storage.jobs import JobChanged, JobStep
from tests.support.bot.deployment import PATIENT
from tests.support.bot.job_messages import finished
from tests.support.engines.dialects import Dialect, speaking, stand_in_of
from tests.support.queries import recorded_statements


@pytest.fixture
def limits() -> Limits:
    return replace(PATIENT, buckets={})


@pytest.fixture
async def dialect() -> AsyncIterator[Dialect]:
    async with speaking(stand_in_of("openai"), "openai") as dialect:
        yield dialect


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, dialect: Dialect) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=f"openai+{dialect.url}",
        inference_api_key=SecretStr("sk-test"),
        DARKROOM_DATA=tmp_path / "data",
    )


class Counted:
    """How often this process did what takes time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.encodings = 0
        self.previews = 0
        self.reads = 0
        self.decoded_elsewhere: list[Wanted] = []
        """What was wanted of the pictures that were given to another process."""
        self.decoded_sizes: list[tuple[int, int]] = []
        """Of the PNGs whose pixels this process decoded."""

        prepare = PngImageFile.load_prepare

        def decoded(picture: PngImageFile) -> None:
            self.decoded_sizes.append(picture.size)
            prepare(picture)

        monkeypatch.setattr(PngImageFile, "load_prepare", decoded)

        decode = PictureDecoder.decode

        async def given(decoder: PictureDecoder, file: bytes, wanted: Wanted) -> DecodedPicture:
            self.decoded_elsewhere.append(wanted)
            return await decode(decoder, file, wanted)

        monkeypatch.setattr(PictureDecoder, "decode", given)

        def counted(place: str, name: str) -> None:
            original = pkgutil.resolve_name(place)

            def count(*arguments: Any, **options: Any) -> Any:
                setattr(self, name, getattr(self, name) + 1)
                return original(*arguments, **options)

            monkeypatch.setattr(place, count)

        counted("os.fsync", "syncs")
        counted("bot.images.png.encode_png", "encodings")
        counted("bot.images.grid.encode_png", "encodings")
        counted("bot.delivery.previews.compose_preview", "previews")
        counted("storage.pictures.store.PictureStore.read", "reads")


def after_the_end(statements: list[str]) -> list[str]:
    """The questions to the database between the job's end and the message that shows it.

    Those for the next job, which run beside it, are left out.
    """
    ended = next(
        n for n, one in enumerate(statements) if re.match(r"UPDATE jobs SET .*finished_at=\?", one)
    )
    shown = next(n for n, one in enumerate(statements) if "progress_id=jobs.message_id" in one)
    asked = (one for one in statements[ended:shown] if one.startswith("SELECT"))
    return [one for one in asked if "LIMIT" not in one]


@pytest.mark.parametrize(
    ("pictures", "syncs", "encodings"),
    [
        pytest.param(1, 2, 0, id="a large picture is shown as it came"),
        pytest.param(4, 5, 1, id="only a grid is encoded"),
    ],
)
async def test_what_a_job_costs_beside_drawing(
    pictures: int,
    syncs: int,
    encodings: int,
    bot: DarkroomBot,
    ada: Member,
    playground: Playground,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The files' syncs are one for each, and one for their folder."""
    counted = Counted(monkeypatch)
    earlier = len(playground.requests)
    with recorded_statements() as statements:
        waiting = await ada.slash("darkroom", "imagine", prompt=f"a fox --n {pictures}")
        await finished(ada, waiting)
    assert (counted.syncs, counted.encodings) == (syncs, encodings)
    if pictures == 1:
        # Its pixels are unpacked and counted when it is stored. Only what has to be changed is
        # decoded, and what tells how explicit it is; its previews are smaller.
        assert (1024, 1024) not in counted.decoded_sizes
        assert all(one.fit_side == PREVIEW_SIDE_PX for one in counted.decoded_elsewhere)
    # The file of the message is made of what is in memory.
    assert counted.reads == 0
    asked = after_the_end(statements)
    assert len(asked) <= 6, asked
    assert sum("FROM pictures" in one for one in asked) == 1
    edits = [one for one in list(playground.requests)[earlier:] if one.method == "PATCH"]
    # One may be composed for an edit that the end comes before.
    assert counted.previews <= len(edits) + 1


async def test_the_end_is_made_while_it_is_stored_and_posted_only_after_that(
    bot: DarkroomBot, ada: Member, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed, stored = asyncio.Event(), asyncio.Event()
    mark, finish = PictureMarks.mark, jobs.finish

    async def noticed(marks: PictureMarks, file: PictureFile, origin: Origin) -> PictureFile:
        marked = await mark(marks, file, origin)
        if file.suffix == "png":  # previews are JPEGs
            signed.set()
        return marked

    async def held(*arguments: Any, **options: Any) -> bool:
        await signed.wait()
        shown.extend(posted_files(playground))
        stored.set()
        return await finish(*arguments, **options)

    shown: list[str] = []
    monkeypatch.setattr(PictureMarks, "mark", noticed)
    monkeypatch.setattr(jobs, "finish", held)
    end = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --n 1"))
    assert stored.is_set()
    assert shown == []
    assert posted_files(playground) == [end.attachments[0].filename]


def posted_files(playground: Playground) -> list[str]:
    """The names of the files of new messages."""
    return [file for one in playground.requests if one.method == "POST" for file in one.files]


def tables_asked(statements: list[str]) -> Counter[str]:
    """How often each table was read before a job was stored."""
    stored = next(n for n, one in enumerate(statements) if one.startswith("INSERT INTO jobs"))
    asked = (re.search(r"\sFROM (\w+)", one) for one in statements[:stored])
    return Counter(found[1] for found in asked if found)


async def test_a_prompt_asks_for_settings_and_quotas_no_more_often_than_needed(
    bot: DarkroomBot, ada: Member
) -> None:
    # What is read once after the start does not count.
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a red fox --n 1"))
    with recorded_statements(someone_waits.get) as statements:
        await ada.slash("darkroom", "imagine", prompt="a red fox --n 1")
    asked = tables_asked(statements)
    # When the prompt is read, and when it is judged.
    assert asked["servers"] <= 2, asked
    assert asked["quotas"] <= 1, asked


async def test_a_button_asks_for_settings_and_quotas_no_more_often_than_needed(
    bot: DarkroomBot, ada: Member
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a red fox --n 1"))
    with recorded_statements(someone_waits.get) as statements:
        await ada.press(grid, "🔄")
    asked = tables_asked(statements)
    assert asked["servers"] <= 3, asked
    assert asked["quotas"] <= 1, asked


def sessions_begun(statements: list[str]) -> int:
    """How many sessions for reading were begun before a job was stored, or in all."""
    stored = (n for n, one in enumerate(statements) if one.startswith("INSERT INTO jobs"))
    return statements[: next(stored, None)].count("BEGIN DEFERRED")


@pytest.mark.parametrize(("step", "most"), [("command", 3), ("button", 7), ("autocomplete", 2)])
async def test_what_is_read_before_an_answer_shares_sessions(
    step: str, most: int, bot: DarkroomBot, ada: Member
) -> None:
    """To begin and end one takes longer than most of what is asked in it."""
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a red fox --n 1"))
    # What is still done for the first job does not count.
    with recorded_statements(someone_waits.get) as statements:
        match step:
            case "command":
                await ada.slash("darkroom", "imagine", prompt="a red fox --n 1")
            case "button":
                await ada.press(grid, "🔄")
            case "autocomplete":
                assert await ada.autocomplete("darkroom", "imagine", "prompt", "a fox --a")
    assert 0 < sessions_begun(statements) <= most, statements


async def test_a_member_waits_for_what_a_command_stores_but_not_for_what_is_drawn(
    bot: DarkroomBot, database: Database, ada: Member
) -> None:
    waited: dict[JobStep, bool] = {}

    def note(event: object) -> None:
        if isinstance(event, JobChanged):
            waited.setdefault(event.step, someone_waits.get())

    database.listen(note)
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a red fox --n 1"))
    assert waited[JobStep.QUEUED]
    assert not waited[JobStep.CLAIMED]
    assert not waited[JobStep.ENDED]
