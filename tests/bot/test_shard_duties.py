"""Several processes that are started for the same shard: one has it, and the next takes over."""

import re
import signal
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.client import DarkroomBot
from bot.config import Settings
from playground import Playground
from playground.testing.member import Member
from storage.database import Database, migrate
from storage.models import DutyRow, JobRow
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import drawn
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import until

PROGRAM = str(Path(__file__).with_name("bot_with_short_duties.py"))
SOON_S, LATE_S = 3.0, 60.0

REGISTERED = "PUT /applications/{application_id}/commands"
CONNECTED, STANDS_BY = "connected as", "This one stands by"


@pytest.fixture
async def shared(settings: Settings, postgres_url: str) -> Deployment:
    elsewhere = settings.model_copy(update={"database_url": SecretStr(postgres_url)})
    await migrate(postgres_url)
    return Deployment(elsewhere, Database(postgres_url))


def process(shared: Deployment, hold_s: float) -> RunningProcess:
    database = {"DATABASE_URL": shared.settings.database, "DARKROOM_METRICS_PORT": "0"}
    return RunningProcess(PROGRAM, str(hold_s), environment={**shared.environment(), **database})


async def job_count(shared: Deployment) -> int:
    async with shared.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(JobRow)) or 0


async def test_of_two_bots_one_answers_and_the_other_takes_over_when_it_stops(
    shared: Deployment, playground: Playground, ada: Member
) -> None:
    async with process(shared, LATE_S) as one, process(shared, LATE_S) as other, shared.database:
        # Which of them is first is up to the machine.
        address = re.compile(r"health at (http://\S+)")
        await one.printed(f"{CONNECTED}|{STANDS_BY}")
        await other.printed(f"{CONNECTED}|{STANDS_BY}")
        first, second = (one, other) if CONNECTED in one.output else (other, one)
        await second.printed(STANDS_BY)
        url = (await second.printed(address.pattern))[1]
        async with ClientSession() as session, session.get(f"{url}/readyz") as answer:
            assert answer.status == 200
            said = await answer.json()
        assert said == {"status": "standby", "gateway": False, "database": True, "standby": [0]}
        await ada.wait_for_command("imagine")
        assert (await drawn(ada, "a red fox")).attachments
        assert await job_count(shared) == 1
        assert sum(request.route == REGISTERED for request in playground.requests) == 1
        first.send(signal.SIGTERM)
        assert await first.wait() == 0
        await second.printed(CONNECTED)
        # What it has now, it registers: it may be a newer one.
        assert sum(request.route == REGISTERED for request in playground.requests) == 2
        assert (await drawn(ada, "a blue fox")).attachments
        assert await job_count(shared) == 2


async def test_a_bot_that_stood_still_does_nothing_that_another_has_done_meanwhile(
    shared: Deployment, ada: Member
) -> None:
    async with process(shared, SOON_S) as first, process(shared, SOON_S) as second, shared.database:
        await first.printed(f"{CONNECTED}|{STANDS_BY}")
        await second.printed(f"{CONNECTED}|{STANDS_BY}")
        if CONNECTED in second.output:
            first, second = second, first
        await first.printed(CONNECTED)
        await ada.wait_for_command("imagine")
        first.send(signal.SIGSTOP)
        await second.printed(CONNECTED)
        # Discord tells the one that stands still too: its session is still open.
        assert (await drawn(ada, "a red fox")).attachments
        first.send(signal.SIGCONT)
        await first.printed("Shard 0 was taken over by another process")
        assert (await drawn(ada, "a blue fox")).attachments
        assert await job_count(shared) == 2
        # And now it is the one that waits.
        second.send(signal.SIGKILL)
        assert first.output.count(CONNECTED) == 1
        await first.printed(f"(?s){CONNECTED}.*{STANDS_BY}.*{CONNECTED}")
        assert (await drawn(ada, "a green fox")).attachments


async def test_a_bot_that_was_killed_and_starts_again_has_its_shard_at_once(
    shared: Deployment, ada: Member
) -> None:
    async with process(shared, LATE_S) as killed, shared.database:
        await killed.printed(CONNECTED)
        killed.send(signal.SIGKILL)
        await killed.wait()
        async with process(shared, LATE_S) as again:
            await again.printed(CONNECTED)
            assert STANDS_BY not in again.output
            assert (await drawn(ada, "a red fox")).attachments


async def test_an_event_that_discord_sends_to_another_process_than_it_should_is_handled(
    shared: Deployment,
) -> None:
    """And the shard, which is not this process's by its settings, is left to whoever has it."""
    second = shared.settings.model_copy(update={"shards": "1/2"})
    handled: list[object] = []
    async with shared.database, Deployment(second, shared.database).open() as bot:
        await until(partial(has, bot, 1))
        events = ({"guild_id": str(2 << 22)}, {"guild_id": str(3 << 22)}, {})
        for event in events:
            bot._pass_on(handled.append, event)
        assert handled == [*events]
        async with shared.database.reading() as session:
            taken = await session.scalars(select(DutyRow.name))
        assert {*taken} & {"shard 0 of 2", "shard 1 of 2"} == {"shard 1 of 2"}


async def has(bot: DarkroomBot, shard_id: int) -> bool:
    return bot.shard_duties.has(shard_id)
