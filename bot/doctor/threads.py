"""Work in threads that may hang for ever, as file systems and name servers that are away do."""

import asyncio
import contextlib
from collections.abc import Callable
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")

MAX_THREADS = 16
"""Threads at the same time. Those that hang count, so they cannot become more and more."""


class TooManyThreads(Exception):
    """Earlier work still hangs."""


_running = 0
_lock = Lock()


async def in_thread(work: Callable[[], T]) -> T:
    """Like `asyncio.to_thread`, but no thread that hangs keeps others waiting or the process alive.

    Raises TooManyThreads.
    """
    global _running
    with _lock:
        if _running >= MAX_THREADS:
            raise TooManyThreads
        _running += 1
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():  # whoever waited has given up
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        global _running
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised
        with _lock:
            _running -= 1
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=run, daemon=True).start()
    return await future
