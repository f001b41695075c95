"""A queue worker for the kill tests: `python killed.py URL claim|finish`.

Finishes one job, claims a second, and then claims a third (or finishes the second) up to the
moment before its transaction is committed; says so on its output, and waits to be killed.
"""

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from storage import jobs
from storage.database import Database
from storage.pictures import NewPicture


async def claim(database: Database) -> str:
    job = await jobs.claim_next(database)
    assert job is not None
    return job.id


async def finish(database: Database, job_id: str) -> None:
    picture = NewPicture(0, 7, 8, 8, "ab" * 32, f"{job_id}_0.png", 100)
    assert await jobs.finish(database, job_id, [picture])


async def wait_to_be_killed(session: AsyncSession) -> None:
    await session.flush()  # everything is written and nothing is committed
    print("here", flush=True)
    await asyncio.Event().wait()


async def run(url: str, verb: str) -> None:
    database = Database(url)
    await finish(database, await claim(database))
    second = await claim(database)
    AsyncSession.commit = wait_to_be_killed  # type: ignore[method-assign]
    await (claim(database) if verb == "claim" else finish(database, second))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
