"""A full data folder takes no new jobs, says so, and loses nothing."""

import logging

import pytest
from pydantic import ValidationError

from bot.client import DarkroomBot
from bot.config import Settings
from bot.policy.room import MIN_FREE_BYTES, Room, room
from bot.services.upkeep import disk_budget
from playground.testing.member import Member
from storage import jobs
from storage.database import Database
from tests.support.bot.job_messages import (
    CONFIRMED_PROMPT,
    drawn,
    finished,
    question,
    told,
    whoever,
)

GB = 10**9


@pytest.mark.parametrize(
    ("used", "free", "budget", "said"),
    [
        (0, MIN_FREE_BYTES, None, Room.ENOUGH),
        (10**15, MIN_FREE_BYTES, None, Room.ENOUGH),
        (0, MIN_FREE_BYTES - 1, None, Room.FULL),
        (8 * GB, 99 * GB, 10 * GB, Room.ENOUGH),
        (9 * GB, 99 * GB, 10 * GB, Room.LOW),
        (10 * GB, 99 * GB, 10 * GB, Room.FULL),
        (1 * GB, 0, 10 * GB, Room.FULL),
    ],
)
def test_room(used: int, free: int, budget: int | None, said: Room) -> None:
    assert room(used, free, budget) is said


@pytest.mark.parametrize(
    ("typed", "count"),
    [("20 GB", 20 * GB), ("500MB", 5 * 10**8), ("1.5 tb", 15 * 10**11), ("2 GiB", 2**31)],
)
def test_a_budget_is_read(typed: str, count: int) -> None:
    assert Settings(_env_file=None, DARKROOM_DATA_BUDGET=typed).data_budget_bytes == count


@pytest.mark.parametrize("typed", ["20", "GB", "-1 GB", "20 GB GB", "much", "1e9 GB"])
def test_a_budget_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="20 GB"):
        Settings(_env_file=None, DARKROOM_DATA_BUDGET=typed)


async def test_a_full_folder_takes_no_new_jobs_and_ends_the_running_ones(
    bot: DarkroomBot,
    database: Database,
    ada: Member,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, disk_budget.__name__)
    budget = bot.services.budget
    grid = await drawn(ada, "a fox --n 2")
    asked = await question(ada, CONFIRMED_PROMPT)
    running = await ada.slash("darkroom", "imagine", prompt="a cat --q 4 --n 1")
    # Less than what is there: as if the disk had filled up meanwhile.
    budget._budget_bytes = 1000
    await budget.measure()
    await budget.measure()
    assert caplog.text.count("no new jobs are taken") == 1
    before = await jobs.totals(database, whoever(grid))
    for answer in (
        await ada.slash("darkroom", "imagine", prompt="a dog"),
        (await ada.press(grid, "U1")).message,
        (await ada.press(grid, "V1")).message,
        (await ada.press(asked, "Yes, start them")).message,
    ):
        assert "storage of this bot is full" in await told(ada, answer)
    done = await finished(ada, running)
    assert done.attachments
    after = await jobs.totals(database, whoever(grid))
    assert after.done <= before.done + 1
    assert after.failed == before.failed
    # With room again, the same draft can be confirmed.
    budget._budget_bytes = None
    await budget.measure()
    assert "has room again" in caplog.text
    await ada.press(asked, "Yes, start them")
    await ada.wait_for(lambda m: m.id == asked.id and "4 jobs started" in str(m.embeds))


async def test_what_is_written_counts_before_the_next_measurement(bot: DarkroomBot) -> None:
    budget = bot.services.budget
    budget._budget_bytes = 10**9
    await budget.measure()
    assert budget.room is Room.ENOUGH
    budget._picture_store.files.written_bytes += 10**9
    assert budget.room is Room.FULL
