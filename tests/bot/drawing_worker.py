"""Run as a process of its own, which is to be killed or paused: `drawing_worker.py URL`.

A bot's queue worker without Discord and without pictures: claims jobs, holds their leases, draws
them for a moment, and shows what it ended. With leases that end after a second.
"""

import asyncio
import os
import sys

from bot import leases as bot_leases
from bot.leases import Leases
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.jobs import leases as job_leases
from storage.pictures import NewPicture

LEASE_S = 1.0
DRAWING_S = 0.1


async def draw(database: Database, leases: Leases, job: Job) -> None:
    await asyncio.sleep(DRAWING_S)
    picture = NewPicture(0, os.getpid(), 8, 8, "ab" * 32, f"{job.id}_0.png", 100)
    if not await jobs.finish(database, job.id, [picture], lease=job.lease):
        print("lost", flush=True)


async def show(database: Database, leases: Leases, job_id: str, message_id: int) -> None:
    """Post a new message, which is known by a number of its own, and delete the one before."""
    async with leases.taking(job_id) as is_mine:
        job = await jobs.get(database, job_id)
        assert job is not None
        if is_mine and job.shown_at is None and leases.holds(job):
            await jobs.attach_end(database, job_id, job.channel_id, message_id, seen=job)
        if is_mine:
            await jobs.forget_progress(database, job_id)


async def work(database: Database) -> None:
    leases, shown = Leases(database), os.getpid() * 1_000_000
    renewing = asyncio.create_task(leases.keep_renewing())
    print("ready", flush=True)
    while not renewing.done():
        await jobs.requeue_expired(database)
        left = [job.id for job in await jobs.left_behind(database)]
        if job := await jobs.claim_next(database):
            with leases.holding(job):
                await draw(database, leases, job)
                left.append(job.id)
        for job_id in left:
            shown += 1
            await show(database, leases, job_id, shown)
        if job is None:
            await asyncio.sleep(DRAWING_S)


async def main(url: str) -> None:
    job_leases.LEASE_S = bot_leases.LEASE_S = LEASE_S
    bot_leases.RENEW_INTERVAL_S = LEASE_S / 4
    async with Database(url) as database:
        await work(database)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
