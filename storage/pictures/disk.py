"""What is on the disk: how large a folder is, and files of pictures that no row knows."""

import contextlib
import re
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from storage.database import Database
from storage.models import PictureRow
from storage.pictures.folder import PARTIAL_SUFFIX

MAX_NAMES = 500
"""Names of files in one query; databases limit how many values it may have."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and its size in bytes."""

    path: Path
    size: int


def used_bytes(folder: Path) -> int:
    """How many bytes the files in a folder have together. Takes long for many files."""
    return sum(file.size for file in _files(folder, "**/*"))


def free_bytes(folder: Path) -> int:
    """How many bytes the disk of a folder has left. Raises OSError."""
    return shutil.disk_usage(folder).free


async def orphans(database: Database, files: Sequence[FoundFile]) -> tuple[FoundFile, ...]:
    """Those of the files of pictures that no row names, because a crash came in between."""
    found: list[FoundFile] = []
    for first in range(0, len(files), MAX_NAMES):
        some = files[first : first + MAX_NAMES]
        found.extend(await _unnamed(database, some))
    return tuple(found)


async def _unnamed(database: Database, files: Sequence[FoundFile]) -> Iterator[FoundFile]:
    # By their ids: a file is called as its picture.
    ids = [file.path.stem for file in files]
    async with database.reading() as session:
        rows = await session.scalars(select(PictureRow.file).where(PictureRow.id.in_(ids)))
        named = frozenset(rows)
    return (file for file in files if file.path.name not in named)


def picture_files(folder: Path, *, older_than_s: float) -> tuple[FoundFile, ...]:
    """The files of finished pictures, whole or left half written, of at least this age."""
    latest = time.time() - older_than_s
    return tuple(
        file
        for file in _files(folder, "*")
        if _is_picture(file.path.name) and file.path.stat().st_mtime <= latest
    )


def delete_files(files: Collection[FoundFile]) -> int:
    """Delete files; returns how many bytes that freed. Raises OSError."""
    for file in files:
        file.path.unlink(missing_ok=True)
    return sum(file.size for file in files)


def _is_picture(name: str) -> bool:
    whole = name.removeprefix(".").removesuffix(PARTIAL_SUFFIX)
    return re.fullmatch(r"[0-9a-f]{32}_[0-9]+\.png", whole) is not None


def _files(folder: Path, pattern: str) -> Iterator[FoundFile]:
    for path in folder.glob(pattern):
        # It may be deleted at this moment.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink():
                yield FoundFile(path, path.stat().st_size)
