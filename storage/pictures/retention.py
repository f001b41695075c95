"""Which files of pictures are too old to be kept. Their rows and the requests of jobs stay."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select, update

from storage.database import Database
from storage.models import FavouriteRow, JobRow, PictureRow, ServerRow, read_row
from storage.pictures.records import Picture

MAX_JOBS = 100
"""Jobs whose pictures are looked up at a time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is too old: pictures of jobs that ended before; of one server, or of all and of direct
    messages if it is None."""

    ended_before: datetime
    server_id: int | None = None
    keep_favourites: bool = False


@dataclass(frozen=True, slots=True)
class JobEnd:
    """A place in the order in which jobs ended."""

    finished_at: datetime
    job_id: str


START = JobEnd(datetime(1970, 1, 1, tzinfo=UTC), "")
"""Before all jobs."""


@dataclass(frozen=True, slots=True)
class OldPictures:
    """Pictures whose files are too old; `last` is the last job that was looked at, None if there
    was no more. There may be more without any picture."""

    pictures: tuple[Picture, ...]
    last: JobEnd | None


async def limits(database: Database, now: datetime) -> Sequence[Limit]:
    """The limits of the servers that keep pictures for a number of days only."""
    async with database.reading() as session:
        rows = await session.execute(
            select(ServerRow.server_id, ServerRow.keep_days).where(ServerRow.keep_days > 0)
        )
        return [Limit(now - timedelta(days=days), server_id) for server_id, days in rows]


async def too_old(database: Database, limit: Limit, after: JobEnd = START) -> OldPictures:
    """Look at some of the jobs that ended long ago, those after `after`, for files to delete."""
    async with database.reading() as session:
        ended = (
            await session.execute(
                select(JobRow.finished_at, JobRow.id)
                .where(*_ended_before(limit), *_after(after))
                .order_by(JobRow.finished_at, JobRow.id)
                .limit(MAX_JOBS)
            )
        ).all()
        if not ended:
            return OldPictures((), None)
        rows = await session.scalars(
            select(PictureRow)
            .where(PictureRow.job_id.in_([job_id for _, job_id in ended]), *_kept(limit))
            .order_by(PictureRow.id)
        )
        last, job_id = ended[-1]
        assert last is not None, "jobs without an end are not asked for"
        return OldPictures(tuple(read_row(Picture, row) for row in rows), JobEnd(last, job_id))


def _ended_before(limit: Limit) -> Iterator[ColumnElement[bool]]:
    yield JobRow.finished_at < limit.ended_before
    if limit.server_id is not None:
        yield JobRow.server_id == limit.server_id


def _after(last: JobEnd) -> Iterator[ColumnElement[bool]]:
    yield JobRow.finished_at >= last.finished_at
    yield or_(JobRow.finished_at > last.finished_at, JobRow.id > last.job_id)


def _kept(limit: Limit) -> Iterator[ColumnElement[bool]]:
    yield PictureRow.expired_at.is_(None)
    if limit.keep_favourites:
        yield ~exists().where(FavouriteRow.picture_id == PictureRow.id)


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
