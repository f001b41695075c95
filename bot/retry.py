"""Retries: call again after errors that pass, such as an unavailable database."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.observability import metrics
from storage.database import StorageUnavailable
from storage.pictures import PicturesUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

STORAGE_RETRY_INTERVAL_S = 2.0
"""Seconds between two tries to reach the database, beside what each try waits itself."""


async def until_stored(
    call: Callable[[], Awaitable[T]],
    pictures_away: Callable[[], Awaitable[None]] | None = None,
) -> T:
    """Await what `call` returns, and again until the database and the pictures' store answer.

    `pictures_away` is awaited once, where it is that store that does not answer.
    """
    is_told = pictures_away is None

    async def called() -> T:
        nonlocal is_told
        try:
            return await call()
        except PicturesUnavailable:
            if not is_told and pictures_away is not None:
                is_told = True
                await pictures_away()
            raise

    pause_s = STORAGE_RETRY_INTERVAL_S
    return await retried(called, (StorageUnavailable,), first_pause_s=pause_s, max_pause_s=pause_s)


async def retried(
    call: Callable[[], Awaitable[T]],
    errors: tuple[type[Exception], ...],
    *,
    first_pause_s: float,
    max_pause_s: float,
) -> T:
    """Await what `call` returns, and again for as long as one of `errors` is raised.

    The pause between two tries doubles. There is no last try; it ends by being cancelled.
    """
    pause_s = first_pause_s
    for tries in itertools.count(1):
        try:
            return await call()
        except errors as error:
            _note(error, tries)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, max_pause_s)
    raise AssertionError("there is no last try")


def _note(error: Exception, tries: int) -> None:
    """Count a try that failed. Only the 1st, 2nd, 4th, 8th and so on are logged: an outage of an
    hour would push all else out of a log of bounded size."""
    metrics.RETRIES.labels(_of(error)).inc()
    if tries.bit_count() == 1:
        log.warning("%s Trying again.", error)


def _of(error: Exception) -> str:
    """What did not answer, one of `metrics.RETRIED`."""
    if isinstance(error, PicturesUnavailable):
        return "pictures"
    return "database" if isinstance(error, StorageUnavailable) else "discord"
