"""Drafts stay until they are confirmed or refused, and can be confirmed once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage import drafts, jobs
from storage.database import Database
from storage.jobs import DraftGone, TooManyJobs
from storage.models import DraftRow
from tests.support.stored_jobs import new_job


async def test_a_draft_is_there_until_its_jobs_are_queued(database: Database) -> None:
    draft_id = await drafts.keep(database, 7, {"jobs": []})
    draft = await drafts.get(database, draft_id)
    assert draft is not None
    assert (draft.member_id, draft.content) == (7, {"jobs": []})
    await jobs.add(database, [new_job()], limit=3, draft_id=draft_id)
    assert await drafts.get(database, draft_id) is None
    with pytest.raises(DraftGone):
        await jobs.add(database, [new_job()], limit=3, draft_id=draft_id)
    assert len(await jobs.open_jobs(database, new_job().member_id)) == 1


async def test_a_draft_whose_jobs_find_no_room_stays(database: Database) -> None:
    draft_id = await drafts.keep(database, 7, {})
    with pytest.raises(TooManyJobs):
        await jobs.add(database, [new_job()], limit=0, draft_id=draft_id)
    assert await drafts.get(database, draft_id)


async def test_a_draft_can_be_refused(database: Database) -> None:
    draft_id = await drafts.keep(database, 7, {})
    await drafts.forget(database, draft_id)
    assert await drafts.get(database, draft_id) is None


async def test_a_draft_is_too_old_after_a_day_and_goes_with_the_next(database: Database) -> None:
    old = await drafts.keep(database, 7, {})
    async with database.transaction() as session:
        yesterday = datetime.now(UTC) - drafts.LIFETIME - timedelta(seconds=1)
        await session.execute(update(DraftRow).values(created_at=yesterday))
    assert await drafts.get(database, old) is None
    new = await drafts.keep(database, 7, {})
    async with database.reading() as session:
        assert await session.get(DraftRow, old) is None
        assert await session.get(DraftRow, new)
