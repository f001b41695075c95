"""A job's first message is found where the bot does not know whether Discord has it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.client import DarkroomBot
from bot.delivery.first_messages import FirstMessages
from bot.delivery.messenger import Messenger
from playground.testing.member import Member
from storage.database import Database
from tests.support.bot.job_messages import LONG, caught_at_work, job_of


@pytest.mark.parametrize("ahead_min", [-10, 0, 10])
async def test_it_is_found_whatever_the_clock_of_the_bot_that_queued_the_job(
    bot: DarkroomBot, ada: Member, database: Database, ahead_min: int
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    shown = await caught_at_work(ada, waiting)
    job = await job_of(database, shown)
    queued_at = job.created_at + timedelta(minutes=ahead_min)
    job = replace(job, created_at=queued_at, reply_token=None)
    found = await FirstMessages(database, Messenger(bot)).find(job)
    assert found is not None
    assert str(found.message_id) == waiting.id
