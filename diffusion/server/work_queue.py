"""A queue before a thread pool, in which callers take turns and cancelled work is dropped.

A thread pool's own queue keeps cancelled work, with all that it refers to, until a thread gets to
it. Here it is dropped at once.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from diffusion.engine.shares import Caller, Shares

Answer = TypeVar("Answer")

MAX_REMEMBERED_CALLERS = 1024
"""Callers whose last turn is remembered."""


class WorkQueue:
    """A queue before `threads` threads, in which at most `most` pieces of work wait or run."""

    def __init__(self, name: str, most: int, threads: int = 1) -> None:
        self._threads = ThreadPoolExecutor(threads, name)
        self._idle = threads
        self._shares = Shares(most)
        self._waiting: dict[asyncio.Future[None], Caller] = {}
        self._turns = 0
        self._served: dict[Caller, int] = {}

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return len(self._waiting)

    async def run(self, caller: Caller, work: Callable[[threading.Event], Answer]) -> Answer:
        """Run `work` in a thread when it is the caller's turn, and return what it returns.

        `work` gets an event that is set when the caller stops waiting for the answer. Raises
        shares.QueueFull, and what `work` raises.
        """
        self._shares.take(caller)
        try:
            await self._turn(caller)
        except BaseException:
            self._shares.give_back(caller)
            raise
        abandoned, loop = threading.Event(), asyncio.get_running_loop()

        def ended(_: object) -> None:
            # The loop may have ended while the work was done.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end, caller)

        try:
            running = self._threads.submit(work, abandoned)
        except BaseException:
            self._end(caller)
            raise
        running.add_done_callback(ended)
        try:
            return await asyncio.wrap_future(running)
        finally:
            abandoned.set()

    def close(self) -> None:
        """Start no more work. Work that runs already is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, caller: Caller) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = caller
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.pop(turn, None) is None:
                # Its turn came at the same moment, so a thread was given to it.
                self._idle += 1
                self._next()
            raise

    def _next(self) -> None:
        """Give idle threads to waiting work, first to the caller whose last turn is longest ago."""
        while self._idle and self._waiting:
            # min takes the first of equals, which came first.
            turn = min(self._waiting, key=lambda one: self._served.get(self._waiting[one], 0))
            caller = self._waiting.pop(turn)
            self._idle -= 1
            self._turns += 1
            self._served.pop(caller, None)
            self._served[caller] = self._turns
            if len(self._served) > MAX_REMEMBERED_CALLERS:
                del self._served[next(iter(self._served))]
            turn.set_result(None)

    def _end(self, caller: Caller) -> None:
        self._shares.give_back(caller)
        self._idle += 1
        self._next()
