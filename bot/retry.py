"""Trying again what fails by no fault of ours: while the database is away, nothing is given up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.database import StorageUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

STORAGE_RETRY_INTERVAL_S = 2.0
"""Seconds between two tries to reach the database, beside what each try waits itself."""


async def until_stored(verb: Callable[[], Awaitable[T]]) -> T:
    """Do what `verb` begins, again and again until the database answers."""
    while True:
        try:
            return await verb()
        except StorageUnavailable as error:
            log.warning("%s Trying again.", error)
            await asyncio.sleep(STORAGE_RETRY_INTERVAL_S)
