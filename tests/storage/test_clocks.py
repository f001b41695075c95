"""Bots whose clocks differ share one Postgres: what one has until a time is held by its clock."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos.machinery import Clock
from storage import duties, jobs, session_starts
from storage.database import Database, migrate
from storage.jobs import leases
from tests.support.stored_jobs import queue, until

HOUR_S = 3600.0

PROGRAM = """
import asyncio, json, sys, time
from storage import duties, jobs, session_starts
from storage.database import Database
from storage.jobs import leases

async def main(url, hold_s):
    duties.HOLD_S = leases.LEASE_S = hold_s
    async with Database(url) as database:
        claimed = await jobs.claim_next(database)
        print(json.dumps({
            "now": time.time(),
            "requeued": await jobs.requeue_expired(database),
            "left": len(await leases.left_behind(database)),
            "duty": await duties.take_on(database, "a duty", "other"),
            "begins": await session_starts.take(database, 0, 60.0) == 0,
            "claimed": claimed is not None,
        }))

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""

LIBRARY = Clock.library()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian: libfaketime)")


async def elsewhere(url: str, ahead_s: float, folder: Path, *, hold_s: float) -> dict[str, Any]:
    """What a bot on a machine with another clock finds and gets."""
    assert LIBRARY is not None
    clock = Clock(LIBRARY, folder / "clock")
    clock.jump(ahead_s)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, url, str(hold_s)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **clock.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    found: dict[str, Any] = json.loads(said)
    # Else this would show nothing.
    assert abs(found.pop("now") - time.time() - ahead_s) < 300
    return found


@pytest.mark.parametrize("ahead_s", [-HOUR_S, -600.0, 600.0, HOUR_S])
async def test_a_bot_with_another_clock_takes_nothing_from_others(
    postgres_url: str, tmp_path: Path, ahead_s: float
) -> None:
    await migrate(postgres_url)
    async with Database(postgres_url) as database:
        await queue(database)
        assert await jobs.claim_next(database)
        assert await duties.take_on(database, "a duty", "one")
        assert not await session_starts.take(database, 0, 60.0)
        found = await elsewhere(postgres_url, ahead_s, tmp_path, hold_s=20)
    assert found == {
        "requeued": 0,
        "left": 0,
        "duty": False,
        "begins": False,
        "claimed": False,
    }


@pytest.mark.parametrize("ahead_s", [-HOUR_S, HOUR_S])
async def test_what_a_bot_with_another_clock_left_is_not_held_for_ever(
    postgres_url: str, tmp_path: Path, ahead_s: float
) -> None:
    await migrate(postgres_url)
    async with Database(postgres_url) as database:
        await queue(database)
        found = await elsewhere(postgres_url, ahead_s, tmp_path, hold_s=0.5)
        assert found["claimed"]
        assert found["duty"]
        async with asyncio.timeout(60):
            assert await until(lambda: leases.requeue_expired(database)) == 1
            await until(lambda: duties.take_on(database, "a duty", "one"))
        assert await jobs.claim_next(database)
        # Its session began by the database's clock too.
        assert 0 < await session_starts.take(database, 0, 60.0) <= 60
