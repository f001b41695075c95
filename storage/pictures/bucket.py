"""The files of pictures in an object store: S3 and what speaks like it, Google's and Azure's.

An object is there whole or not at all: each is written by one request. Every request ends: after
some time, and some tries.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.store import from_url

from storage.pictures.bucket_errors import Refusal, refusal_of
from storage.pictures.files import (
    MAX_LISTED,
    PictureNotRemoved,
    PictureNotSaved,
    PicturesUnavailable,
    StoredFile,
)

MAX_REQUESTS = 16
"""Requests at the same time, so that many pictures that are read take a bounded memory."""

MAX_OBJECT_BYTES = 256 * 1024**2
"""What is larger is no picture of ours, and is not read."""

if TYPE_CHECKING:  # these are no names at run time
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, and how often it is tried, in seconds and tries.

    Tried again is what a server that is busy or away answers, and a connection that breaks.
    """

    connect_s: float = 5.0
    request_s: float = 30.0
    retry_s: float = 30.0
    """After this many seconds no further try begins."""
    retries: int = 4

    @property
    def total_s(self) -> float:
        """After this time a call ends in any case, also while it looks for credentials."""
        return self.retry_s + self.request_s + self.connect_s


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """The address of a proxy, which may hold a login, and what is reached without it."""

    url: str
    exceptions: str


class PictureBucket:
    """Implements `storage.pictures.files.PictureFiles`."""

    place = "in the object store"
    written_bytes = 0

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store
        self._total_s = Patience().total_s
        self._requests = asyncio.Semaphore(MAX_REQUESTS)

    @classmethod
    def at(
        cls,
        url: str,
        proxy: HttpProxy | None = None,
        *,
        allow_http: bool = False,
        patience: Patience | None = None,
    ) -> "PictureBucket":
        """The bucket at `s3://`, `gs://` or `az://`, with credentials from the environment.

        Raises ValueError where they, or the address, cannot be used at all.
        """
        patience = patience or Patience()
        client: ClientConfig = {
            "connect_timeout": timedelta(seconds=patience.connect_s),
            "timeout": timedelta(seconds=patience.request_s),
            "allow_http": allow_http,
        }
        if proxy is not None:
            client["proxy_url"] = proxy.url
            client["proxy_excludes"] = proxy.exceptions
        retry: RetryConfig = {
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.retry_s),
        }
        try:
            store = from_url(url, client_options=client, retry_config=retry)
        except obstore.exceptions.BaseError as error:
            raise ValueError(refusal_of(error).detail) from error
        bucket = cls(store)
        bucket._total_s = patience.total_s
        return bucket

    async def put(
        self, files: Mapping[str, bytes], check: Callable[[], object] | None = None
    ) -> None:
        """See `PictureFiles.put`."""
        if check is not None:
            # An object has its name from the first.
            await asyncio.to_thread(check)
        made = await asyncio.gather(
            *(self._put(name, content) for name, content in files.items()),
            return_exceptions=True,
        )
        failed = [error for error in made if isinstance(error, BaseException)]
        if not failed:
            return
        written = [name for name, error in zip(files, made, strict=True) if error is None]
        try:
            await self.delete(written)
        except PictureNotRemoved as error:
            log.warning("%d objects stay that nothing names: %s", len(written), error)
        # What cannot be mended by waiting counts more.
        raise next((one for one in failed if isinstance(one, PictureNotSaved)), failed[0])

    async def get(self, name: str) -> bytes | None:
        """See `PictureFiles.get`. Of an object that is too large, nothing is returned but b""."""
        try:
            return await self._asked(lambda: self._get(name))
        except FileNotFoundError:
            return None

    async def look(self, names: Collection[str]) -> Mapping[str, StoredFile]:
        """See `PictureFiles.look`."""
        found = await asyncio.gather(*map(self._look, names))
        return {file.name: file for file in found if file is not None}

    async def delete(self, names: Collection[str]) -> None:
        """See `PictureFiles.delete`."""
        if not names:
            return
        try:
            await self._asked(lambda: self._delete(list(names)))
        except (_Refused, PicturesUnavailable) as error:
            raise PictureNotRemoved(str(error)) from error

    async def all(self, folder: str = "") -> AsyncIterator[Sequence[StoredFile]]:
        """See `PictureFiles.all`."""
        listed = obstore.list(self._store, folder or None, chunk_size=MAX_LISTED)
        seen, pages = frozenset[str](), 0
        while chunk := await self._asked(lambda: anext(listed, None)):
            names, pages = frozenset(one["path"] for one in chunk), pages + 1
            if len(names) < len(chunk) or names & seen:
                raise _away("its list of pictures repeats itself and would not end")
            # Against each page from here to twice as far: so every circle is found (Brent).
            if pages.bit_count() == 1:
                seen = names
            # All that is in the store is listed, also what is in folders.
            yield [
                StoredFile(one["path"], one["size"], one["last_modified"])
                for one in chunk
                if one["path"].rpartition("/")[0] == folder
            ]

    async def _put(self, name: str, content: bytes) -> None:
        try:
            # One request: parts that are left half sent would stay, unseen.
            await self._asked(
                lambda: obstore.put_async(self._store, name, content, use_multipart=False)
            )
        except _Refused as error:
            raise PictureNotSaved(str(error)) from error

    async def _get(self, name: str) -> bytes:
        result = await obstore.get_async(self._store, name)
        if result.meta["size"] > MAX_OBJECT_BYTES:
            return b""
        return (await result.bytes_async()).to_bytes()

    async def _look(self, name: str) -> StoredFile | None:
        try:
            found = await self._asked(lambda: obstore.head_async(self._store, name))
        except FileNotFoundError:
            return None
        return StoredFile(name, found["size"], found["last_modified"])

    async def _delete(self, names: Sequence[str]) -> None:
        try:
            await obstore.delete_async(self._store, names)
        except FileNotFoundError as error:
            if refusal_of(error).is_about_the_bucket:
                raise
            # Google's and Azure's stores stop at one that is missing.
            for first in range(0, len(names), MAX_REQUESTS):
                some = names[first : first + MAX_REQUESTS]
                await asyncio.gather(*map(self._delete_one, some))

    async def _delete_one(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)

    async def _asked(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request. Raises FileNotFoundError, _Refused, PicturesUnavailable."""
        async with self._requests:
            try:
                async with asyncio.timeout(self._total_s):
                    return await request()
            except TimeoutError as error:
                reason = f"it gave no answer within {self._total_s:.0f} s"
                raise _away(reason) from error
            except FileNotFoundError as error:
                refusal = refusal_of(error)
                if not refusal.is_about_the_bucket:
                    raise
                raise _refused(refusal) from error
            except (obstore.exceptions.BaseError, OSError, ValueError) as error:
                refusal = refusal_of(error)
                if refusal.sentence is None:
                    raise _away(refusal.detail) from error
                raise _refused(refusal) from error


class _Refused(PicturesUnavailable):
    """The store answers, and trying again is no use until somebody changes something there.

    What was to be read waits all the same: it is not lost.
    """


def _refused(refusal: Refusal) -> _Refused:
    log.warning("%s (%s)", refusal.sentence, refusal.detail)
    return _Refused(refusal.sentence)


def _away(reason: str) -> PicturesUnavailable:
    return PicturesUnavailable(f"The object store for pictures cannot be used: {reason}.")
