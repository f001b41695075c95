"""Background tasks that try again until Discord and the database take what is to be shown."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bot.delivery.messenger import TRANSIENT_ERRORS
from bot.retry import retried
from storage.database import StorageUnavailable

log = logging.getLogger(__name__)

MIN_RETRY_INTERVAL_S = 1.0
MAX_RETRY_INTERVAL_S = 60.0
"""Seconds between two tries while Discord or the database does not answer; they double."""

RETRIED_ERRORS = (*TRANSIENT_ERRORS, StorageUnavailable)


class PersistentTasks:
    """Runs them until they succeed or are stopped."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(
        self, show: Callable[..., Coroutine[Any, Any, None]], *about: object
    ) -> asyncio.Task[None]:
        """Call `show` with these arguments, until it raises none of RETRIED_ERRORS."""
        work = retried(
            lambda: show(*about),
            RETRIED_ERRORS,
            first_pause_s=MIN_RETRY_INTERVAL_S,
            max_pause_s=MAX_RETRY_INTERVAL_S,
        )
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Something could not be shown.", exc_info=error)
