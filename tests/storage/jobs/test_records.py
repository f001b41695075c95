"""Records and their rows: every field has a column, and comes back from it."""

from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import inspect

from storage import jobs
from storage.database import Database
from storage.jobs import Job, get
from storage.jobs.records import to_job, to_values
from storage.models import (
    Base,
    JobKind,
    JobMode,
    JobRow,
    JobState,
    MemberRow,
    PictureRow,
    RemovedBy,
    ServerRow,
)
from storage.pictures import NewPicture, Picture, of_job
from storage.pictures import to_row as to_picture_row
from storage.servers import ServerSettings, get_settings, save_settings
from tests.support.stored_jobs import new_job

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "table"), [(Job, JobRow), (Picture, PictureRow), (ServerSettings, ServerRow)]
)
def test_every_field_has_its_column(record: Any, table: type[Base]) -> None:
    assert {field.name for field in fields(record)} <= set(inspect(table).column_attrs.keys())


async def test_a_job_with_every_field_set_comes_back_whole(database: Database) -> None:
    parent_row = JobRow(**to_values(new_job(), "", NOW))
    given = Job(
        kind=JobKind.PAN,
        prompt="a red fox",
        request={"seeds": [7]},
        member_id=1,
        member_name="Ada",
        channel_id=2,
        server_id=3,
        parent_id=parent_row.id,
        parent_index=1,
        attachment_limit=4,
        detail="left",
        mode=JobMode.RELAX,
        locale="de",
        stealth=True,
        reply_token="token",
        verdict=3,
        verdict_reason="The words are not allowed here.",
        approved_by=9,
        counted_pictures=4,
        weight=3,
        at_a_time=2,
        file_format="webp",
        id="ab" * 16,
        state=JobState.FAILED,
        message_id=5,
        reason="The model is gone.",
        attempts=6,
        created_at=NOW,
        started_at=NOW,
        finished_at=NOW,
        removed_by=RemovedBy.MODERATOR,
        shown_at=NOW,
        progress_id=7,
        held_back=1,
        lease=3,
    )
    for field in fields(Job):
        assert field.default is MISSING or getattr(given, field.name) != field.default, field.name
        assert getattr(given, field.name) is not None, field.name
    row = JobRow(**{field.name: getattr(given, field.name) for field in fields(Job)})
    row.folded_prompt = ""
    async with database.transaction() as session:
        session.add(MemberRow(id=1, name="Ada", first_seen=NOW))
        await session.flush()
        session.add(parent_row)
        await session.flush()
        session.add(row)
    read = await get(database, given.id)
    assert read == given
    assert isinstance(read.removed_by, RemovedBy)
    assert to_job(row) == given


async def test_a_job_can_be_queued_again(database: Database) -> None:
    (first,) = await jobs.add(database, [new_job(locale="de")], limit=None)
    (second,) = await jobs.add(database, [first], limit=None)
    assert second == replace(first, id=second.id, created_at=second.created_at)
    assert second.id != first.id


async def test_a_picture_comes_back_as_it_was_given(database: Database) -> None:
    given = NewPicture(2, 2**32 - 1, 768, 512, "ab" * 32, "a.png", 400_000, 0.25)
    row = JobRow(**to_values(new_job(), "", NOW))
    async with database.transaction() as session:
        session.add(MemberRow(id=1, name="Ada", first_seen=NOW))
        await session.flush()
        session.add(row)
        await session.flush()
        session.add(to_picture_row(row.id, given))
    (picture,) = await of_job(database, row.id)
    assert picture == Picture(
        **{field.name: getattr(given, field.name) for field in fields(given)},
        id=f"{row.id}_2",
        job_id=row.id,
    )


async def test_settings_with_every_field_set_come_back_whole(database: Database) -> None:
    given = ServerSettings(
        1, "3:2", "raw", 250, "faithful", 5, 20, "owner", 9, "mark", "quiet", 30, 7, 8
    )
    for field in fields(ServerSettings):
        assert field.default is MISSING or getattr(given, field.name) != field.default, field.name
    await save_settings(database, given)
    assert await get_settings(database, 1) == given
    assert await get_settings(database, 2) == replace(ServerSettings(1), server_id=2)
