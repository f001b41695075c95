"""Which files of pictures are too old to be kept. Their rows and the requests of jobs stay."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select, update

from storage.database import Database
from storage.models import FavouriteRow, JobRow, JobState, PictureRow, ServerRow, read_row
from storage.pictures.records import Picture

MAX_PICTURES = 500
"""Pictures that are looked up at a time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is too old: pictures of jobs that ended before; of one server, or of all and of direct
    messages if it is None."""

    ended_before: datetime
    server_id: int | None = None
    keep_favourites: bool = False


async def limits(database: Database, now: datetime) -> Sequence[Limit]:
    """The limits of the servers that keep pictures for a number of days only."""
    async with database.reading() as session:
        rows = await session.execute(
            select(ServerRow.server_id, ServerRow.keep_days).where(ServerRow.keep_days > 0)
        )
        return [Limit(now - timedelta(days=days), server_id) for server_id, days in rows]


async def too_old(database: Database, limit: Limit, after: str = "") -> Sequence[Picture]:
    """Some pictures whose files are too old, in the order of their ids, after the id `after`."""
    async with database.reading() as session:
        rows = await session.scalars(_too_old(limit).where(PictureRow.id > after))
        return [read_row(Picture, row) for row in rows]


def _too_old(limit: Limit) -> Select[PictureRow]:
    conditions: list[ColumnElement[bool]] = [
        JobRow.state == JobState.DONE,
        JobRow.finished_at < limit.ended_before,
        PictureRow.expired_at.is_(None),
    ]
    if limit.server_id is not None:
        conditions.append(JobRow.server_id == limit.server_id)
    if limit.keep_favourites:
        conditions.append(~exists().where(FavouriteRow.picture_id == PictureRow.id))
    return (
        select(PictureRow)
        .join(JobRow, JobRow.id == PictureRow.job_id)
        .where(*conditions)
        .order_by(PictureRow.id)
        .limit(MAX_PICTURES)
    )


async def mark_expired(database: Database, picture_ids: Collection[str], now: datetime) -> None:
    """Store that the files of these pictures are deleted."""
    async with database.transaction() as session:
        await session.execute(
            update(PictureRow).where(PictureRow.id.in_(picture_ids)).values(expired_at=now)
        )


async def expired_jobs(database: Database, job_ids: Collection[str]) -> frozenset[str]:
    """Those of the jobs of which a picture's file was deleted because of its age."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(PictureRow.job_id)
            .where(PictureRow.job_id.in_(job_ids), PictureRow.expired_at.is_not(None))
            .distinct()
        )
        return frozenset(rows)
