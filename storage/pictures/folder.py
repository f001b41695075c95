"""Finished pictures: a file each in one folder, and a row each beside their job.

Pictures that jobs start from lie there too, under the digest of what is in them. Knows PNG files
and where they lie. Knows nothing of how pictures are made or shown.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import select

from storage.database import Database
from storage.models import PictureRow


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture whose file is saved and whose row is not yet written."""

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


@dataclass(frozen=True, slots=True)
class Picture(NewPicture):
    """A stored picture of a finished job."""

    id: str
    job_id: str


class PictureNotSaved(Exception):
    """A picture could not be put on the disk; the message says why, for a person."""


class PictureNotRemoved(Exception):
    """A picture's file could not be taken away; the message says why, for a person."""


class PictureMissing(Exception):
    """A stored picture's file is gone or is not what was stored; the message is for a person."""


KEPT = "kept"
"""The folder, inside that of the pictures, of those that jobs start from."""

UNFINISHED = ".unfinished"
"""How the name of a file ends that is just being written."""


def picture_id(job_id: str, index: int) -> str:
    """Name a picture by its job and its place, so that making it again names it the same."""
    return f"{job_id}_{index}"


class PictureFolder:
    """The one folder that holds all pictures' files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._keeping = asyncio.Lock()

    async def save(self, job_id: str, index: int, seed: int, png: bytes) -> NewPicture:
        """Check that `png` is a whole PNG and put it in the folder, whole or not at all.

        Saving the same job's picture again replaces it. Raises `PictureNotSaved`.
        """
        # Nothing that a person typed may become a path.
        assert re.fullmatch(r"[0-9a-f]{32}", job_id)
        return await asyncio.to_thread(self._save, job_id, index, seed, png)

    async def read(self, picture: Picture) -> bytes:
        """Return the PNG exactly as it was saved. Raises `PictureMissing`."""
        return await asyncio.to_thread(self._read, picture)

    async def remove(self, pictures: Sequence[Picture]) -> None:
        """Take files away; those that are gone already are none the worse.

        Raises `PictureNotRemoved`.
        """
        await asyncio.to_thread(self._remove, pictures)

    async def keep(self, picture: bytes) -> str:
        """Put a picture that a job starts from in the folder; returns its SHA-256, its name.

        Keeping it again changes nothing. Raises `PictureNotSaved`.
        """
        sha256 = self.digest(picture)
        # Two that keep the same picture at once must not write into one file.
        async with self._keeping:
            await asyncio.to_thread(self._write, f"{KEPT}/{sha256}", picture)
        return sha256

    @staticmethod
    def digest(picture: bytes) -> str:
        """The name that a picture is kept under: its SHA-256."""
        return hashlib.sha256(picture).hexdigest()

    async def all_kept(self, *, older_than_s: float) -> tuple[str, ...]:
        """The names of what was kept so many seconds ago or earlier.

        What a crash left half written so long ago is taken away on the way.
        """
        return await asyncio.to_thread(self._all_kept, older_than_s)

    async def forget(self, digests: Collection[str]) -> int:
        """Take away what was kept under these names, where it is there; returns how many."""
        async with self._keeping:
            return await asyncio.to_thread(self._forget, digests)

    async def kept(self, sha256: str) -> bytes:
        """Return what was kept under this digest. Raises `PictureMissing`."""
        # Nothing that a person typed may become a path.
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
        return await asyncio.to_thread(self._kept, sha256)

    def _save(self, job_id: str, index: int, seed: int, png: bytes) -> NewPicture:
        file = f"{picture_id(job_id, index)}.png"
        width, height = _measure(png)
        self._write(file, png)
        sha256 = hashlib.sha256(png).hexdigest()
        return NewPicture(index, seed, width, height, sha256, file, len(png))

    def _remove(self, pictures: Sequence[Picture]) -> None:
        try:
            for picture in pictures:
                (self._root / picture.file).unlink(missing_ok=True)
        except OSError as error:
            raise PictureNotRemoved(_why_not_written(error)) from error

    def _all_kept(self, older_than_s: float) -> tuple[str, ...]:
        latest, found = time.time() - older_than_s, []
        for file in (self._root / KEPT).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime > latest:
                    continue
                if re.fullmatch(r"[0-9a-f]{64}", file.name):
                    found.append(file.name)
                elif file.name.endswith(UNFINISHED):
                    file.unlink()
        return tuple(found)

    def _forget(self, digests: Collection[str]) -> int:
        gone = 0
        for digest in digests:
            with contextlib.suppress(OSError):
                (self._root / KEPT / digest).unlink()
                gone += 1
        return gone

    def _kept(self, sha256: str) -> bytes:
        try:
            picture = (self._root / KEPT / sha256).read_bytes()
        except OSError as error:
            raise PictureMissing(
                "The picture that this job starts from is no longer on the disk."
            ) from error
        if hashlib.sha256(picture).hexdigest() != sha256:
            raise PictureMissing("The picture that this job starts from is damaged on the disk.")
        return picture

    def _write(self, file: str, picture: bytes) -> None:
        """Write beside the place and then move there: a reader, or a crash, sees all or nothing."""
        place = self._root / file
        unfinished = place.with_name(f".{place.name}{UNFINISHED}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as stream:
                stream.write(picture)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(place)
            _sync_folder(place.parent)
        except OSError as error:
            _remove_if_there(unfinished)
            raise PictureNotSaved(_why_not_written(error)) from error

    def _read(self, picture: Picture) -> bytes:
        try:
            png = (self._root / picture.file).read_bytes()
        except OSError as error:
            raise PictureMissing(
                f"Picture {picture.index + 1} of this job is no longer on the disk."
            ) from error
        if hashlib.sha256(png).hexdigest() != picture.sha256:
            raise PictureMissing(f"Picture {picture.index + 1} of this job is damaged on the disk.")
        return png


def _measure(png: bytes) -> tuple[int, int]:
    """Read width and height in pixels of a whole, sound PNG. Raises `PictureNotSaved`."""
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            picture.verify()  # the checksums; a picture is of no more use after this
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            picture.load()  # the pixels
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureNotSaved("What was made is not a sound PNG picture.") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can do so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_there(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return  # in a folder that cannot be written there is nothing to remove either


def _why_not_written(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk for pictures is full."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "The folder for pictures is not writable."
    return f"The folder for pictures cannot be used: {error.strerror or error}."


async def of_job(database: Database, job_id: str) -> tuple[Picture, ...]:
    """Return the pictures of a job, in their order; none before it is done."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(PictureRow).where(PictureRow.job_id == job_id).order_by(PictureRow.index)
        )
        return tuple(_to_picture(row) for row in rows)


def _to_picture(row: PictureRow) -> Picture:
    return Picture(
        id=row.id,
        job_id=row.job_id,
        index=row.index,
        seed=row.seed,
        width=row.width,
        height=row.height,
        sha256=row.sha256,
        file=row.file,
        bytes_size=row.bytes_size,
    )


def to_row(job_id: str, new: NewPicture) -> PictureRow:
    """Make the row of a new picture; `storage.jobs.finish` writes it with the job's end."""
    return PictureRow(
        id=picture_id(job_id, new.index),
        job_id=job_id,
        index=new.index,
        seed=new.seed,
        width=new.width,
        height=new.height,
        sha256=new.sha256,
        file=new.file,
        bytes_size=new.bytes_size,
    )
