"""Reads what the account compares: the database, the folder of pictures, the channels."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import func, or_, select

from benchmarks.chaos.account import Books
from benchmarks.trial.audience import Audience, Seen, seen
from benchmarks.trial.members import Actor
from storage.database import Database
from storage.jobs import UNFINISHED
from storage.models import JobRow, PictureRow, UsageRow


async def count_unsettled(database: Database) -> int:
    """How many jobs have not ended, or are not shown. Raises StorageUnavailable."""
    async with database.reading() as session:
        left = or_(
            JobRow.state.in_(UNFINISHED),
            JobRow.shown_at.is_(None),
            JobRow.progress_id.is_not(None),
        )
        return await session.scalar(select(func.count()).select_from(JobRow).where(left)) or 0


async def read_books(
    database: Database,
    pictures: Path,
    audience: Audience,
    actors: Sequence[Actor],
    asked: Collection[str],
) -> Books:
    """All of it, once everything has come to rest."""
    async with database.reading() as session:
        jobs, rows, usage = [
            (await session.scalars(select(table))).all() for table in (JobRow, PictureRow, UsageRow)
        ]
    files = await asyncio.to_thread(_digests, pictures)
    messages = [*audience.messages.values(), *await _letters(actors)]
    return Books(jobs, rows, usage, files, messages, asked)  # type: ignore[arg-type]


def _digests(folder: Path) -> dict[str, str]:
    if not folder.exists():
        return {}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


async def _letters(actors: Sequence[Actor]) -> list[Seen]:
    """The direct messages of all members."""
    return [seen(payload) for actor in actors for payload in await actor.messages("dm")]
