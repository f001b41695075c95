"""A small chaos trial, from the beginning to its account."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.__main__ import Wanted, run
from benchmarks.chaos.system import Plan


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others may enter: a Postgres that root starts runs as another user.

    Each run of pytest closes its own folder for others.
    """
    with tempfile.TemporaryDirectory(prefix="darkroom-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_few_kills_lose_nothing(folder: Path, database: str) -> None:
    plan = Plan(database, bots=1, engines=2, engine="quick")
    wanted = Wanted(plan, kills=6, seed=3, interval_s=5, only_kills=False, keep=None)
    account = await run(wanted, folder)
    assert account.wrong == []
