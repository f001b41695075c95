"""The files of pictures: finished ones, and those that jobs start from, in one folder.

A finished picture's file is named after its job and its place; a start picture's after the digest
of its contents. Knows PNG files and where they lie. Knows nothing of how pictures are made or
shown.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image

from storage.pictures.records import NewPicture, Picture, picture_id

KEPT_FOLDER = "kept"
"""The folder of start pictures, inside that of the pictures."""

PARTIAL_SUFFIX = ".unfinished"
"""How the name of a file ends while it is being written."""

MAX_SAVING_THREADS = 4
"""Threads for the pictures of one job, while they are saved."""


class PictureNotSaved(Exception):
    """A picture could not be written to the disk; the message says why, for a person."""


class PictureNotRemoved(Exception):
    """A picture's file could not be deleted; the message says why, for a person."""


class PictureMissing(Exception):
    """A stored picture's file is missing or damaged; the message is for a person."""


class PictureFolder:
    """The one folder that holds all pictures' files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._keeping = asyncio.Lock()
        self.written_bytes = 0
        """How many bytes this process has written."""

    async def save(
        self, job_id: str, index: int, seed: int, png: bytes, *, checked: bool = False
    ) -> NewPicture:
        """Check that `png` is a whole PNG and write it to the folder, atomically.

        Of one that was `checked` before the pixels are not decoded again. Saving the same job's
        picture again replaces it. Raises `PictureNotSaved`.
        """
        (saved,) = await asyncio.to_thread(self._save, job_id, {index: (seed, png)}, checked)
        return saved

    async def save_all(
        self, job_id: str, pictures: Sequence[tuple[int, bytes]], *, checked: bool = False
    ) -> Sequence[NewPicture]:
        """The same for all pictures of a job, side by side: their seeds and PNGs, in order.

        All are written or none. Raises `PictureNotSaved`.
        """
        return await asyncio.to_thread(self._save, job_id, dict(enumerate(pictures)), checked)

    async def read(self, picture: Picture) -> bytes:
        """Return the PNG exactly as it was saved. Raises `PictureMissing`."""
        return await asyncio.to_thread(self._read, picture)

    async def remove(self, pictures: Sequence[Picture]) -> None:
        """Delete files; those that are missing already are no error.

        Raises `PictureNotRemoved`.
        """
        await asyncio.to_thread(self._remove, pictures)

    async def expire(self, pictures: Sequence[Picture], before: datetime) -> tuple[str, ...]:
        """Delete those files that were written before; returns the ids of the pictures without one.

        Raises `PictureNotRemoved`.
        """
        return await asyncio.to_thread(self._expire, pictures, before.timestamp())

    async def remove_of_jobs(self, job_ids: Collection[str]) -> int:
        """Delete all files of these jobs' pictures, also those without a row; returns how many.

        Raises `PictureNotRemoved`.
        """
        return await asyncio.to_thread(self._remove_of_jobs, frozenset(job_ids))

    async def keep(self, picture: bytes) -> str:
        """Write a start picture to the folder; returns its SHA-256, its name.

        Keeping it again changes nothing. Raises `PictureNotSaved`.
        """
        sha256 = self.digest(picture)
        # Two calls with the same picture must not write to one file at once.
        async with self._keeping:
            await asyncio.to_thread(self._write, {f"{KEPT_FOLDER}/{sha256}": picture})
        return sha256

    @staticmethod
    def digest(picture: bytes) -> str:
        """The name of a start picture: its SHA-256."""
        return hashlib.sha256(picture).hexdigest()

    async def all_kept(self, *, older_than_s: float) -> tuple[str, ...]:
        """The names of start pictures of at least this age.

        Also deletes files of that age that a crash left half written.
        """
        return await asyncio.to_thread(self._all_kept, older_than_s)

    async def forget(self, digests: Collection[str]) -> int:
        """Delete the start pictures of these names, where they exist; returns how many."""
        async with self._keeping:
            return await asyncio.to_thread(self._forget, digests)

    async def kept(self, sha256: str) -> bytes:
        """Return the start picture of this digest. Raises `PictureMissing`."""
        # Nothing that a person typed may become a path.
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
        return await asyncio.to_thread(self._kept, sha256)

    def _save(
        self, job_id: str, new: Mapping[int, tuple[int, bytes]], checked: bool
    ) -> list[NewPicture]:
        """`new` are the seeds and PNGs by their indexes."""
        # Nothing that a person typed may become a path.
        assert re.fullmatch(r"[0-9a-f]{32}", job_id)
        names = {index: f"{picture_id(job_id, index)}.png" for index in new}
        pngs = {names[index]: png for index, (_, png) in new.items()}
        # Pillow and the disk let other threads work meanwhile.
        with ThreadPoolExecutor(MAX_SAVING_THREADS) as threads:
            sizes = tuple(threads.map(partial(_measure, checked=checked), pngs.values()))
        self._write(pngs)
        return [
            NewPicture(index, seed, *size, hashlib.sha256(png).hexdigest(), names[index], len(png))
            for (index, (seed, png)), size in zip(new.items(), sizes, strict=True)
        ]

    def _remove(self, pictures: Sequence[Picture]) -> None:
        try:
            for picture in pictures:
                (self._root / picture.file).unlink(missing_ok=True)
        except OSError as error:
            raise PictureNotRemoved(_why_not_written(error)) from error

    def _expire(self, pictures: Sequence[Picture], before: float) -> tuple[str, ...]:
        expired = []
        try:
            for picture in pictures:
                file = self._root / picture.file
                with contextlib.suppress(FileNotFoundError):
                    if file.stat().st_mtime >= before:
                        continue
                    file.unlink()
                expired.append(picture.id)
        except OSError as error:
            raise PictureNotRemoved(_why_not_written(error)) from error
        return tuple(expired)

    def _remove_of_jobs(self, job_ids: frozenset[str]) -> int:
        gone = 0
        try:
            for file in self._root.glob("*"):
                # One that a crash left half written begins with a dot.
                if file.name.removeprefix(".").partition("_")[0] in job_ids:
                    file.unlink(missing_ok=True)
                    gone += 1
        except OSError as error:
            raise PictureNotRemoved(_why_not_written(error)) from error
        return gone

    def _all_kept(self, older_than_s: float) -> tuple[str, ...]:
        latest, found = time.time() - older_than_s, []
        for file in (self._root / KEPT_FOLDER).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime > latest:
                    continue
                if re.fullmatch(r"[0-9a-f]{64}", file.name):
                    found.append(file.name)
                elif file.name.endswith(PARTIAL_SUFFIX):
                    file.unlink()
        return tuple(found)

    def _forget(self, digests: Collection[str]) -> int:
        gone = 0
        for digest in digests:
            with contextlib.suppress(OSError):
                (self._root / KEPT_FOLDER / digest).unlink()
                gone += 1
        return gone

    def _kept(self, sha256: str) -> bytes:
        try:
            picture = (self._root / KEPT_FOLDER / sha256).read_bytes()
        except OSError as error:
            raise PictureMissing(
                "The picture that this job starts from is no longer on the disk."
            ) from error
        if hashlib.sha256(picture).hexdigest() != sha256:
            raise PictureMissing("The picture that this job starts from is damaged on the disk.")
        return picture

    def _write(self, files: Mapping[str, bytes]) -> None:
        """Write to temporary names, then rename: a reader, or a crash, sees a whole file or none.

        They are in one folder.
        """
        places = {name: self._root / name for name in files}
        unfinished = {
            name: place.with_name(f".{place.name}{PARTIAL_SUFFIX}")
            for name, place in places.items()
        }
        folder = next(iter(places.values())).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(MAX_SAVING_THREADS) as threads:
                list(threads.map(_write_synced, unfinished.values(), files.values()))
            for name, place in places.items():
                unfinished[name].replace(place)
            _sync_folder(folder)
            self.written_bytes += sum(map(len, files.values()))
        except OSError as error:
            raise PictureNotSaved(_why_not_written(error)) from error
        finally:
            for place in unfinished.values():
                _remove_if_there(place)

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


def _measure(png: bytes, *, checked: bool) -> tuple[int, int]:
    """Read width and height in pixels of a whole, sound PNG. Raises `PictureNotSaved`."""
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            size = picture.size
            picture.verify()  # the checksums; a picture is of no more use after this
        if checked:
            return size
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            picture.load()  # the pixels
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureNotSaved("What was made is not a sound PNG picture.") from error


def _write_synced(place: Path, picture: bytes) -> None:
    """Write a file that survives a power cut, once its folder is synced too."""
    with place.open("wb") as stream:
        stream.write(picture)
        stream.flush()
        os.fsync(stream.fileno())


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
    if error.errno == errno.EFBIG:
        return "A file may not become that large here."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "The folder for pictures is not writable."
    return f"The folder for pictures cannot be used: {error.strerror or error}."
