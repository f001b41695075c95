"""Several bots on one Postgres: what one was doing, another goes on with, and each thing is done by
one."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import leases
from bot.config import Settings
from bot.services import queue_worker
from bot.services.queue_worker import QueueWorker
from playground import Playground
from playground.app.faults import DELETE_MESSAGE
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, migrate
from storage.jobs import FailureCause
from storage.jobs import leases as job_leases
from storage.models import JobState
from tests.bot.services.bot_without_gateway import LEASE_S
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    card,
    caught_at_work,
    finished,
    grids,
    job_id_of,
    labels,
)
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import until

OTHER = str(Path(__file__).with_name("bot_without_gateway.py"))


@pytest.fixture
async def shared(settings: Settings, postgres_url: str) -> AsyncIterator[Deployment]:
    elsewhere = settings.model_copy(update={"database_url": SecretStr(postgres_url)})
    await migrate(elsewhere.database)
    async with Database(elsewhere.database) as database:
        yield Deployment(elsewhere, database)


@pytest.fixture
def may_draw(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """When the bot of this process begins to draw; until then the other one does."""
    event, claim = asyncio.Event(), QueueWorker._claim_generated

    async def claim_later(worker: QueueWorker) -> None:
        await event.wait()
        await claim(worker)

    monkeypatch.setattr(QueueWorker, "_claim_generated", claim_later)
    for module in (job_leases, leases):
        monkeypatch.setattr(module, "LEASE_S", LEASE_S)
    monkeypatch.setattr(leases, "RENEW_INTERVAL_S", LEASE_S / 6)
    monkeypatch.setattr(queue_worker, "POLL_INTERVAL_S", LEASE_S / 6)
    return event


@contextlib.asynccontextmanager
async def two_bots(shared: Deployment, postgres_url: str) -> AsyncIterator[RunningProcess]:
    """One in this process, which hears Discord, and another one."""
    environment = {**shared.environment(), "DATABASE_URL": postgres_url}
    async with shared.open(), RunningProcess(OTHER, environment=environment) as other:
        await other.printed("ready")
        yield other


async def test_what_one_bot_draws_can_be_cancelled_at_another(
    shared: Deployment, postgres_url: str, ada: Member, may_draw: asyncio.Event
) -> None:
    async with two_bots(shared, postgres_url) as other:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        running = await caught_at_work(ada, waiting)
        await ada.press(running, "Cancel")
        stopped = await finished(ada, waiting)
        assert stopped.content.endswith("(Stopped)")
        await other.printed(f"{job_id_of(waiting)} is no longer ours")
        # It draws on, and shows what it drew: also where it did not hear of the request.
        second = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        grid = await finished(ada, second)
        assert "U1" in labels(grid)
        assert [m.id for m in await grids(ada)] == [grid.id]
    after = await ada.messages("darkroom")
    assert [m.content for m in after if m.id == waiting.id] == [stopped.content]
    job = await jobs.get(shared.database, job_id_of(waiting))
    assert job is not None
    assert (job.state, job.attempts) == (JobState.CANCELLED, 1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_what_a_bot_leaves_is_done_and_shown_once_by_another(
    shared: Deployment,
    postgres_url: str,
    ada: Member,
    may_draw: asyncio.Event,
    how: signal.Signals,
) -> None:
    async with two_bots(shared, postgres_url) as other:
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        await caught_at_work(ada, waiting)
        other.send(how)
        may_draw.set()
        grid = await finished(ada, waiting)
        assert "U1" in labels(grid)
        if how is signal.SIGSTOP:
            other.send(signal.SIGCONT)
            await other.printed(f"{job_id_of(waiting)} is no longer ours")
        assert [m.id for m in await grids(ada)] == [grid.id]
        job = await jobs.get(shared.database, job_id_of(waiting))
        assert job is not None
        assert (job.state, job.attempts) == (JobState.DONE, 2)
        assert job.message_id == int(grid.id)


async def test_an_end_that_a_dead_bot_did_not_show_is_shown_by_another(
    shared: Deployment, ada: Member, may_draw: asyncio.Event
) -> None:
    async with shared.open():
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
        # As a bot that was killed between the two.
        job = await until(lambda: jobs.claim_next(shared.database))
        assert await jobs.fail(
            shared.database, job.id, "no disk", FailureCause.NOT_KEPT, lease=job.lease
        )
        end = await finished(ada, waiting)
        assert "no disk" in card(end)
        await until(lambda: is_at_rest(shared.database, job.id))


async def test_a_progress_message_that_a_bot_left_is_deleted_by_another(
    shared: Deployment, playground: Playground, ada: Member, may_draw: asyncio.Event
) -> None:
    may_draw.set()
    hold = playground.faults.hold(DELETE_MESSAGE)
    async with shared.open():
        await ada.wait_for_command("imagine")
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        grid = await ada.wait_for(lambda m: "U1" in labels(m))
        await hold.waiting.wait()
    hold.release()
    async with shared.open():
        await until(lambda: is_at_rest(shared.database, job_id_of(grid)))
    assert waiting.id not in [m.id for m in await ada.messages("darkroom")]


async def is_at_rest(database: Database, job_id: str) -> bool:
    job = await jobs.get(database, job_id)
    return job is not None and job.shown_at is not None and job.progress_id is None
