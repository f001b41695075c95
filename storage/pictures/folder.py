"""The files of pictures in a folder of this machine, each written completely or not at all."""

import asyncio
import contextlib
import errno
import itertools
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from storage.pictures.files import (
    MAX_LISTED,
    PARTIAL_SUFFIX,
    PictureNotRemoved,
    PictureNotSaved,
    PicturesUnavailable,
    StoredFile,
)

MAX_WRITING_THREADS = 4
"""Threads for the files that are written together."""


class PictureFolder:
    """Implements `storage.pictures.files.PictureFiles`."""

    place = "on the disk"

    def __init__(self, root: Path) -> None:
        self._root = root
        self.written_bytes = 0

    async def put(
        self, files: Mapping[str, bytes], check: Callable[[], object] | None = None
    ) -> None:
        """See `PictureFiles.put`; the files are in one folder. Raises PictureNotSaved."""
        await asyncio.to_thread(self._write, files, check)

    async def get(self, name: str) -> bytes | None:
        """See `PictureFiles.get`."""
        try:
            return await asyncio.to_thread((self._root / name).read_bytes)
        except OSError:
            return None

    async def look(self, names: Collection[str]) -> Mapping[str, StoredFile]:
        """See `PictureFiles.look`."""
        return await asyncio.to_thread(self._look, names)

    async def delete(self, names: Collection[str]) -> None:
        """See `PictureFiles.delete`."""
        await asyncio.to_thread(self._delete, names)

    async def all(self, folder: str = "") -> AsyncIterator[Sequence[StoredFile]]:
        """See `PictureFiles.all`."""
        found = self._found(folder)
        while some := await asyncio.to_thread(lambda: list(itertools.islice(found, MAX_LISTED))):
            yield some

    def _look(self, names: Collection[str]) -> dict[str, StoredFile]:
        found = {}
        try:
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    found[name] = _stored(name, (self._root / name).stat())
        except OSError as error:
            raise PicturesUnavailable(_why_not_written(error)) from error
        return found

    def _delete(self, names: Collection[str]) -> None:
        try:
            for name in names:
                place = self._root / name
                place.unlink(missing_ok=True)
                _unfinished(place).unlink(missing_ok=True)
        except OSError as error:
            raise PictureNotRemoved(_why_not_written(error)) from error

    def _found(self, folder: str) -> Iterator[StoredFile]:
        try:
            entries = os.scandir(self._root / folder)
        except FileNotFoundError:
            return  # nothing was written yet
        with entries:
            for entry in entries:
                # It may be deleted at this moment.
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        name = f"{folder}/{entry.name}" if folder else entry.name
                        yield _stored(name, entry.stat())

    def _write(self, files: Mapping[str, bytes], check: Callable[[], object] | None) -> None:
        """Write to temporary names, then rename: a reader, or a crash, sees a whole file or none.

        They are in one folder. What is checked is checked while it is written: both take as long.
        """
        places = {name: self._root / name for name in files}
        unfinished = {name: _unfinished(place) for name, place in places.items()}
        folder = next(iter(places.values())).parent
        if check is not None and not folder.exists():
            # For what is refused no folder is made.
            check()
            check = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(MAX_WRITING_THREADS) as threads:
                checking = threads.submit(check) if check is not None else None
                list(threads.map(_write_synced, unfinished.values(), files.values()))
                if checking is not None:
                    checking.result()
            for name, place in places.items():
                unfinished[name].replace(place)
            _sync_folder(folder)
            self.written_bytes += sum(map(len, files.values()))
        except OSError as error:
            raise PictureNotSaved(_why_not_written(error)) from error
        finally:
            for place in unfinished.values():
                _remove_if_there(place)


def _stored(name: str, status: os.stat_result) -> StoredFile:
    return StoredFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _unfinished(place: Path) -> Path:
    """Where a file is written before it gets its name."""
    return place.with_name(f".{place.name}{PARTIAL_SUFFIX}")


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
