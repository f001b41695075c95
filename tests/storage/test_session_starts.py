"""One session in an interval for each bucket, whoever asks."""

import asyncio

from sqlalchemy import update

from storage import session_starts
from storage.database import Database
from storage.models import SessionStartRow

HOUR_S = 3600.0


async def test_a_bucket_is_taken_once_in_an_interval(database: Database) -> None:
    assert await session_starts.take(database, 0, HOUR_S) == 0
    assert HOUR_S - 60 < await session_starts.take(database, 0, HOUR_S) <= HOUR_S
    assert await session_starts.take(database, 1, HOUR_S) == 0
    # The same moment, asked for a shorter interval, is long ago.
    assert await session_starts.take(database, 0, 0.0) == 0


async def test_of_many_who_ask_at_once_one_takes_it(database: Database) -> None:
    waits_s = await asyncio.gather(*(session_starts.take(database, 0, HOUR_S) for _ in range(8)))
    assert sorted(wait > 0 for wait in waits_s) == [False, *(7 * [True])]


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(database: Database) -> None:
    assert await session_starts.take(database, 0, HOUR_S) == 0
    async with database.transaction() as session:
        later = SessionStartRow.began_at_s + 24 * HOUR_S
        await session.execute(update(SessionStartRow).values(began_at_s=later))
    assert await session_starts.take(database, 0, HOUR_S) == 0
    assert await session_starts.take(database, 0, HOUR_S) > 0
