"""Stored jobs for tests: new ones, queued ones, and what is read of them again."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select, update

from storage import jobs
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.models import FavouriteRow, JobKind, JobRow, JobState

T = TypeVar("T")

REQUEST = {"prompt": "a red fox", "size": "768x512", "seeds": [7, 2**32 - 1], "guidance": 7.5}
_messages = count(1_300_000_000_000_000_000)  # as long as Discord's ids are


def new_job(member_id: int = 1, **changes: Any) -> NewJob:
    values: dict[str, Any] = {
        "kind": JobKind.IMAGINE,
        "prompt": "a red fox --ar 3:2",
        "request": REQUEST,
        "member_id": member_id,
        "member_name": f"member {member_id}",
        "channel_id": 1_200_000_000_000_000_000,
        "server_id": 1_100_000_000_000_000_000,
    }
    return NewJob(**values | changes)


async def queue(
    database: Database, member_id: int = 1, count: int = 1, **changes: Any
) -> list[Job]:
    """Add jobs and post their messages: they can be claimed."""
    added = await jobs.add(database, [new_job(member_id, **changes)] * count, limit=None)
    posted = [replace(job, message_id=next(_messages)) for job in added]
    async with database.transaction() as session:  # one for all: as attach_message, but faster
        for job in posted:
            await session.execute(
                update(JobRow).where(JobRow.id == job.id).values(message_id=job.message_id)
            )
    return posted


async def claim(database: Database) -> Job:
    """Claim the next job; there must be one."""
    job = await jobs.claim_next(database)
    assert job is not None
    return job


async def read(database: Database, job_id: str) -> Job:
    job = await jobs.get(database, job_id)
    assert job is not None
    return job


async def until(ask: Callable[[], Coroutine[Any, Any, T | None]]) -> T:
    """Ask again until the answer is a true one; the test's own time limit ends it otherwise."""
    while not (answer := await ask()):  # noqa: ASYNC110 (another process has no event to set)
        await asyncio.sleep(0.02)
    return answer


async def in_line(database: Database) -> list[str]:
    """The queued jobs, in the order in which they will be claimed."""
    return [job.id for job in (await jobs.in_queue(database)).waiting]


async def favourites(database: Database, member_id: int) -> set[str]:
    """The pictures that a member marked."""
    async with database.reading() as session:
        marked = select(FavouriteRow.picture_id).where(FavouriteRow.member_id == member_id)
        return set(await session.scalars(marked))


JOB = Job(
    kind=JobKind.IMAGINE,
    prompt="a red fox --ar 3:2",
    request={},
    member_id=77,
    member_name="Ada Lovelace!",
    channel_id=5,
    server_id=3,
    id="ab" * 16,
    state=JobState.RUNNING,
    message_id=9,
    reason=None,
    attempts=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    finished_at=None,
)
CHILD = replace(JOB, id="cd" * 16, parent_id=JOB.id, parent_index=1)
