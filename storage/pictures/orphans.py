"""Files of finished pictures that no row knows, because a crash came in between."""

import re
from collections.abc import AsyncIterator, Collection, Sequence

from sqlalchemy import select

from storage.database import Database
from storage.models import PictureRow
from storage.pictures.files import PARTIAL_SUFFIX, StoredFile
from storage.pictures.store import PictureStore


async def orphans(
    database: Database, pictures: PictureStore, *, older_than_s: float
) -> AsyncIterator[Sequence[StoredFile]]:
    """Some at a time, those that are left half written too.

    Raises StorageUnavailable, OSError.
    """
    async for files in pictures.old_files(older_than_s=older_than_s):
        found = [file for file in files if is_picture(file.name)]
        named = await hashes(database, [file.name for file in found])
        yield [file for file in found if file.name not in named]


async def hashes(database: Database, names: Collection[str]) -> dict[str, str]:
    """The SHA-256 that each file of a finished picture must have; none for what no row names."""
    # By their ids, which have an index.
    ids = [name.removesuffix(".png").partition("-")[0] for name in names]
    async with database.reading() as session:
        rows = await session.execute(
            select(PictureRow.file, PictureRow.sha256).where(PictureRow.id.in_(ids))
        )
        return {row.file: row.sha256 for row in rows}


def is_picture(name: str) -> bool:
    whole = name.removeprefix(".").removesuffix(PARTIAL_SUFFIX)
    return re.fullmatch(r"[0-9a-f]{32}_[0-9]+(-[0-9]+)?\.png", whole) is not None
