"""A small chaos trial, from the beginning to its account."""

from pathlib import Path

import pytest

from benchmarks.chaos.__main__ import Wanted, run
from benchmarks.chaos.house import Plan


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_few_kills_lose_nothing(tmp_path: Path, database: str) -> None:
    # A Postgres that root starts runs as another user, who has to get there.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    plan = Plan(database, bots=1, engines=2, engine="quick")
    wanted = Wanted(plan, kills=6, seed=3, interval_s=5, only_kills=False, keep=None)
    account = await run(wanted, tmp_path)
    assert account.wrong == []
