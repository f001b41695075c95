"""A unique job is queued once, however many members ask for it at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from storage import jobs
from storage.database import Database
from storage.jobs import Job, NewJob, TooManyJobs
from storage.models import JobKind
from storage.unique_jobs import add_unique
from tests.support.stored_jobs import claim, new_job, queue


@pytest.fixture
async def several(migrated: str) -> AsyncIterator[list[Database]]:
    """The same database opened several times, as by several processes."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Database(migrated)) for _ in range(6)]


def upscale(parent: Job, member_id: int = 1, **changes: Any) -> NewJob:
    made_of: dict[str, Any] = {
        "kind": JobKind.UPSCALE,
        "parent_id": parent.id,
        "parent_index": 0,
    }
    return new_job(member_id, **made_of | changes)


async def test_of_many_presses_at_once_one_makes_a_job(several: list[Database]) -> None:
    for _ in range(6):
        (parent,) = await queue(several[0])
        answers = await asyncio.gather(
            *(add_unique(several[i % 6], upscale(parent, i % 3), limit=None) for i in range(12))
        )
        assert sum(is_new for _, is_new in answers) == 1
        (made,) = await jobs.children(several[0], parent.id)
        assert {job.id for job, _ in answers} == {made.id}


async def test_after_its_message_is_gone_one_of_many_makes_it_again(
    several: list[Database],
) -> None:
    (parent,) = await queue(several[0])
    gone, _ = await add_unique(several[0], upscale(parent), limit=None)
    answers = await asyncio.gather(
        *(add_unique(several[i], upscale(parent), limit=None, since=gone) for i in range(6))
    )
    assert sum(is_new for _, is_new in answers) == 1
    assert len(await jobs.children(several[0], parent.id)) == 2


async def test_children_are_unique_while_their_parent_is_claimed(several: list[Database]) -> None:
    """Both lock the same rows, and neither may wait for the other in a circle."""
    for _ in range(6):
        (parent,) = await queue(several[0])
        await asyncio.gather(
            add_unique(several[1], upscale(parent), limit=None),
            jobs.claim_next(several[2]),
            add_unique(several[3], upscale(parent), limit=None),
        )
        assert len(await jobs.children(several[0], parent.id)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"parent_index": 1},
        {"kind": JobKind.ENLARGE, "detail": "subtle"},
        {"member_id": 2, "channel_id": 7},
        {"server_id": None, "channel_id": 7},
    ],
)
async def test_what_is_not_the_same_is_made(database: Database, changes: dict[str, Any]) -> None:
    (parent,) = await queue(database)
    await add_unique(database, upscale(parent), limit=None)
    _, is_new = await add_unique(database, upscale(parent, **changes), limit=None)
    assert is_new


async def test_another_finds_it_in_its_channel_and_its_member_in_the_whole_server(
    database: Database,
) -> None:
    (parent,) = await queue(database)
    first, _ = await add_unique(database, upscale(parent), limit=None)
    for again in (upscale(parent, 2), upscale(parent, channel_id=7)):
        assert await add_unique(database, again, limit=None) == (first, False)


async def test_what_one_member_sees_answers_nobody_else_and_no_public_wish(
    database: Database,
) -> None:
    (parent,) = await queue(database)
    hidden, _ = await add_unique(database, upscale(parent, stealth=True), limit=None)
    assert await add_unique(database, upscale(parent, stealth=True), limit=None) == (hidden, False)
    public, is_new = await add_unique(database, upscale(parent), limit=None)
    assert is_new
    assert (await add_unique(database, upscale(parent, 2, stealth=True), limit=None))[0] == public


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_what_came_to_nothing_is_made_again(database: Database, end: str) -> None:
    (parent,) = await queue(database)
    await claim(database)
    first, _ = await add_unique(database, upscale(parent), limit=None)
    if end == "cancelled":
        await jobs.cancel(database, first.id)
    else:
        await jobs.fail(database, first.id, "No.")
    again, is_new = await add_unique(database, upscale(parent), limit=None)
    assert is_new
    assert again.id != first.id


async def test_the_limit_holds_for_what_is_new_alone(database: Database) -> None:
    (parent,) = await queue(database)
    with pytest.raises(TooManyJobs):
        await add_unique(database, upscale(parent), limit=1)
    first, _ = await add_unique(database, upscale(parent), limit=2)
    assert await add_unique(database, upscale(parent), limit=2) == (first, False)
