"""A picture as the rest of Darkroom sees it, and its row beside its job."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Database
from storage.models import PictureRow, read_row


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture whose file is saved and whose row is not written yet."""

    index: int
    """0-based place in its job."""
    seed: int
    width: int
    height: int
    """Width and height in pixels."""
    sha256: str
    """Of the file, in hexadecimal."""
    file: str
    """The file's name in the pictures' folder."""
    bytes_size: int
    explicit_score: float | None = None
    """How explicit it is, from 0 to 1; None until it was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(NewPicture):
    """A stored picture of a finished job."""

    id: str
    job_id: str
    expired_at: datetime | None = None
    """When its file was deleted because of its age; None while it is kept."""


def picture_id(job_id: str, index: int) -> str:
    """The id of a picture: of its job and its index, so that it is the same when made again."""
    return f"{job_id}_{index}"


async def of_job(database: Database, job_id: str) -> tuple[Picture, ...]:
    """Return the pictures of a job, in their order; none before it is done."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(PictureRow).where(PictureRow.job_id == job_id).order_by(PictureRow.index)
        )
        return tuple(read_row(Picture, row) for row in rows)


async def at(database: Database, job_id: str, index: int) -> Picture | None:
    """Return picture `index` (from 0) of a job; None if there is none."""
    async with database.reading() as session:
        row = await session.get(PictureRow, picture_id(job_id, index))
        return None if row is None else read_row(Picture, row)


async def drawn_again(database: Database, job_id: str, made: Sequence[NewPicture]) -> None:
    """Store that the files of a job's pictures are there again, as they are now."""
    async with database.transaction() as session:
        for new in made:
            await session.execute(
                update(PictureRow)
                .where(PictureRow.id == picture_id(job_id, new.index))
                .values(
                    file=new.file,
                    sha256=new.sha256,
                    bytes_size=new.bytes_size,
                    expired_at=None,
                )
            )


async def set_scores(database: Database, scores: Mapping[str, float]) -> None:
    """Store how explicit pictures are, by their ids."""
    async with database.transaction() as session:
        for picture, score in scores.items():
            await session.execute(
                update(PictureRow).where(PictureRow.id == picture).values(explicit_score=score)
            )


def to_row(job_id: str, new: NewPicture) -> PictureRow:
    """Make the row of a new picture; `storage.jobs.finish` writes it with the job's end."""
    return PictureRow(id=picture_id(job_id, new.index), job_id=job_id, **asdict(new))
