"""Retries: call again after errors that pass, such as an unavailable database."""

import asyncio
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


async def until_stored(call: Callable[[], Awaitable[T]]) -> T:
    """Await what `call` returns, and again until the database and the pictures' store answer."""
    pause_s = STORAGE_RETRY_INTERVAL_S
    return await retried(call, (StorageUnavailable,), first_pause_s=pause_s, max_pause_s=pause_s)


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
    while True:
        try:
            return await call()
        except errors as error:
            log.warning("%s Trying again.", error)
            metrics.RETRIES.labels(_of(error)).inc()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, max_pause_s)


def _of(error: Exception) -> str:
    """What did not answer, one of `metrics.RETRIED`."""
    if isinstance(error, PicturesUnavailable):
        return "pictures"
    return "database" if isinstance(error, StorageUnavailable) else "discord"
