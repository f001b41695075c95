"""Run as a process of its own, which is to be killed: queues jobs of a few members and ends them in
every way, until it dies. Prints a line after each round.

With `fail` or `cancel` it stops for ever inside that transaction, and says so.
"""

import asyncio
import random
import sys
from typing import Any

from storage import jobs
from storage.database import Database
from storage.rules import quotas
from tests.support.stored_jobs import new_job, queue


async def work(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    while True:
        added = [
            job
            for member in range(3)
            for job in await queue(
                database, member, count=2, counted_pictures=chance.choice([1, 4])
            )
        ]
        claimed = await jobs.claim_next(database)
        if claimed is not None:
            await jobs.finish(database, claimed.id, [])
        for job in added:
            end = chance.choice([jobs.cancel, lambda *one: jobs.fail(*one, "No.")])
            await end(database, job.id)
        print("round", flush=True)


async def stop_within(database: Database, verb: str) -> None:
    (job,) = await jobs.add(database, [new_job(counted_pictures=4)], limit=None)
    give_back = quotas.give_back

    async def never_commit(*arguments: Any) -> None:
        await give_back(*arguments)
        print("round", flush=True)
        await asyncio.Event().wait()

    # The real verb, caught before its commit.
    quotas.give_back = never_commit
    await (jobs.fail(database, job.id, "No.") if verb == "fail" else jobs.cancel(database, job.id))


async def main(url: str, what: str) -> None:
    async with Database(url) as database:
        if what.isdigit():
            await work(database, int(what))
        await stop_within(database, what)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
