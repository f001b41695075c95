"""Copies pictures from one place to another, and deletes them there when told to.

It can be cut off at any time: the next run goes on with what is not copied yet. The bot may run
meanwhile, so a picture may come, go or be drawn again at any moment.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from storage.database import Database
from storage.pictures.files import KEPT_FOLDER, PictureFiles, StoredFile
from storage.pictures.new_pictures import digest
from storage.pictures.orphans import hashes, is_picture

MAX_COPIED_AT_ONCE = 8
"""Pictures that are in memory at a time."""


class SamePlace(Exception):
    """The source and the target are one place, by two names."""


@dataclass(slots=True)
class Counts:
    """What became of the files, in numbers of files; `copied_bytes` in bytes.

    `unnamed` are files that nothing names: left over from a crash, or of a job that was erased.
    """

    copied: int = 0
    copied_bytes: int = 0
    there_already: int = 0
    damaged: int = 0
    unnamed: int = 0
    deleted: int = 0


class PictureCopy:
    """One run from `source` to `target`.

    With `delete`, what is found whole in the target goes from the source, and what nothing names
    and is at least `min_age_s` old goes too. `tell` is called after each batch of files.
    """

    def __init__(
        self,
        database: Database,
        source: PictureFiles,
        target: PictureFiles,
        *,
        delete: bool,
        min_age_s: float,
        tell: Callable[[Counts], None],
    ) -> None:
        self._database = database
        self._source = source
        self._target = target
        self._delete = delete
        self._min_age_s = min_age_s
        self._tell = tell
        self._turns = asyncio.Semaphore(MAX_COPIED_AT_ONCE)
        self.counts = Counts()

    async def run(self) -> Counts:
        """Copy everything.

        Raises SamePlace, StorageUnavailable, PictureNotSaved, PictureNotRemoved, OSError.
        """
        await self._check_apart()
        async for files in self._source.all():
            await self._finished([file for file in files if is_picture(file.name)])
            self._tell(self.counts)
        async for files in self._source.all(KEPT_FOLDER):
            # A start picture is named after its hash. Those that nothing names are swept later.
            named = {file: name for file in files if (name := _kept_name(file.name))}
            await self._copy_all(named)
            self._tell(self.counts)
        return self.counts

    async def _check_apart(self) -> None:
        """Write a file into the target, and look for it in the source.

        Their names say too little: a folder may be mounted twice. With `delete`, each picture would
        be found in the target and deleted there.
        """
        name = f"{uuid4().hex}.probe"
        await self._target.put({name: b"darkroom"})
        try:
            is_same = name in await self._source.look([name])
        finally:
            await self._target.delete([name])
        if is_same:
            raise SamePlace

    async def _finished(self, files: Sequence[StoredFile]) -> None:
        known = await hashes(self._database, [file.name for file in files])
        whole = await self._copy_all(
            {file: known[file.name] for file in files if file.name in known}
        )
        unnamed = [file for file in files if file.name not in known]
        self.counts.unnamed += len(unnamed)
        # Of a job that was erased meanwhile, nothing may come back.
        still = await hashes(self._database, whole)
        await self._target.delete([name for name in whole if name not in still])
        if self._delete:
            await self._delete_old(unnamed)

    async def _copy_all(self, wanted: Mapping[StoredFile, str]) -> list[str]:
        """Copy files of these hashes; returns the names of those that are whole in the target."""
        there = await self._target.look([file.name for file in wanted])
        done = await asyncio.gather(
            *(self._copy(file, sha256, there.get(file.name)) for file, sha256 in wanted.items())
        )
        whole = [file.name for file, is_whole in zip(wanted, done, strict=True) if is_whole]
        if self._delete:
            await self._source.delete(whole)
            self.counts.deleted += len(whole)
        return whole

    async def _copy(self, file: StoredFile, sha256: str, there: StoredFile | None) -> bool:
        """Whether the file is whole in the target now."""
        async with self._turns:
            # Before it is deleted here, it is looked at for sure.
            if _is_copy(there, file) and (
                not self._delete or await self._is_whole(file.name, sha256)
            ):
                self.counts.there_already += 1
                return True
            content = await self._source.get(file.name)
            if content is None:
                return False  # deleted meanwhile
            if await asyncio.to_thread(digest, content) != sha256:
                self.counts.damaged += 1
                return False
            await self._target.put({file.name: content})
            if not await self._is_whole(file.name, sha256):
                self.counts.damaged += 1
                return False
            self.counts.copied += 1
            self.counts.copied_bytes += len(content)
            return True

    async def _is_whole(self, name: str, sha256: str) -> bool:
        content = await self._target.get(name)
        return content is not None and await asyncio.to_thread(digest, content) == sha256

    async def _delete_old(self, unnamed: Sequence[StoredFile]) -> None:
        latest = datetime.now(UTC) - timedelta(seconds=self._min_age_s)
        old = [file.name for file in unnamed if file.modified <= latest]
        await self._source.delete(old)
        self.counts.deleted += len(old)


def _is_copy(there: StoredFile | None, file: StoredFile) -> bool:
    """Whether this is what was copied before. What was drawn again since then may be another."""
    # Object stores count whole seconds.
    return (
        there is not None
        and there.size == file.size
        and there.modified >= file.modified.replace(microsecond=0)
    )


def _kept_name(name: str) -> str | None:
    """The hash in the name of a start picture; None for other files."""
    sha256 = name.removeprefix(f"{KEPT_FOLDER}/")
    is_hash = len(sha256) == 64 and set(sha256) <= set("0123456789abcdef")
    return sha256 if is_hash else None
