"""What keeps the files of pictures, whatever it is: a folder, or a bucket of an object store."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.database import StorageUnavailable

KEPT_FOLDER = "kept"
"""The folder of start pictures, inside that of the pictures."""

PARTIAL_SUFFIX = ".unfinished"
"""How the name of a file ends while it is being written into a folder."""

MAX_LISTED = 500
"""Files that are listed at a time."""


class PictureNotSaved(Exception):
    """A picture could not be written, and trying again is no use; the message says why, for a
    person."""


class PictureNotRemoved(Exception):
    """A picture's file could not be deleted; the message says why, for a person."""


class PictureMissing(Exception):
    """A stored picture's file is missing or damaged; the message is for a person."""


class PicturesUnavailable(StorageUnavailable):
    """What keeps the pictures does not answer now; the message is one sentence for the operator.

    Like the database, it is waited for: no picture counts as lost because of it.
    """


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, its size in bytes, and when it was written.

    Its name begins with `KEPT_FOLDER` and a slash if it is a start picture.
    """

    name: str
    size: int
    modified: datetime


class PictureFiles(Protocol):
    """Files by their names. A reader sees each of them whole or not at all."""

    place: str
    """Where they are, for a sentence that says that one is not there."""

    written_bytes: int
    """How many bytes this process has written to the disk of this machine."""

    async def put(
        self, files: Mapping[str, bytes], check: Callable[[], object] | None = None
    ) -> None:
        """Write all files or none; one that is there is replaced.

        `check` is called in a thread, maybe beside the writing. No file is seen before it returns,
        and nothing stays if it raises. Raises what it raises, PictureNotSaved, PicturesUnavailable.
        """

    async def get(self, name: str) -> bytes | None:
        """The contents of a file; None if it is not there. Raises PicturesUnavailable."""

    async def look(self, names: Collection[str]) -> Mapping[str, StoredFile]:
        """Those of the files that are there, by their names. Raises PicturesUnavailable."""

    async def delete(self, names: Collection[str]) -> None:
        """Delete files, and what a crash left half written of them. Missing ones are no error.

        Raises PictureNotRemoved.
        """

    def all(self, folder: str = "") -> AsyncIterator[Sequence[StoredFile]]:
        """All files in a folder, at most MAX_LISTED at a time, also those that are half written.

        Files that come or go meanwhile may be among them. Raises PicturesUnavailable, OSError.
        """
