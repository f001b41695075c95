"""Retries work until the database answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.database import StorageUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

STORAGE_RETRY_INTERVAL_S = 2.0
"""Seconds between two tries, in addition to the database's own timeout."""


async def until_stored(verb: Callable[[], Awaitable[T]]) -> T:
    """Call `verb` until it does not raise StorageUnavailable; returns its result."""
    while True:
        try:
            return await verb()
        except StorageUnavailable as error:
            log.warning("%s Trying again.", error)
            await asyncio.sleep(STORAGE_RETRY_INTERVAL_S)
