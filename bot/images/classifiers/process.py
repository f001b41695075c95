"""A classifier in a process of its own: `python -m classifier`.

A picture may take long or kill its reader. So each has a time limit, the process is replaced when
it is over or dies, and a picture is tried twice. A process that cannot be started is tried again
after a pause, and until then every question is answered at once: the filter is away.
"""

import asyncio
import contextlib
import json
import logging
import os
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.images.classifiers.classifier import ClassifierAway

log = logging.getLogger(__name__)

PICTURE_TIMEOUT_S = 20.0
"""Seconds for one picture. The built-in classifier takes some 0.05."""

START_TIMEOUT_S = 120.0
"""Seconds that a process may load its model."""

PAUSE_S = 30.0
"""Seconds without a new try after the process failed."""

TRIES = 2
"""Processes that a picture is given to."""

MAX_WAITING_PICTURES = 256
"""Pictures that may wait at the same time; more find the filter away."""

ENVIRONMENT = (
    "HOME",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
)
"""The variables that Python may need to start. No others are passed on: some hold keys."""


class ClassifierProcess:
    """See `PictureClassifier`. `model` is `opennsfw` or a folder. Starts when it is needed.

    `picture_s` is seconds for one picture, `pause_s` after a failure.
    """

    at_once = 4

    def __init__(
        self, model: str, *, picture_s: float = PICTURE_TIMEOUT_S, pause_s: float = PAUSE_S
    ) -> None:
        self.name = Path(model).name
        self._model = model
        self._picture_s = picture_s
        self._pause_s = pause_s
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._away_until = 0.0
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The id of the process that runs now."""
        return None if self._process is None else self._process.pid

    async def score(self, picture: bytes) -> float:
        (score,) = await self.scores([picture])
        return score

    async def scores(self, pictures: Sequence[bytes]) -> Sequence[float]:
        if self._waiting + len(pictures) > MAX_WAITING_PICTURES:
            raise ClassifierAway("too many pictures wait for the filter")
        self._waiting += len(pictures)
        try:
            await self._lock.acquire()
            scoring = asyncio.create_task(self._scores(pictures))
            scoring.add_done_callback(self._scored)
            # Whoever asked may be gone before it answers. It would be a pity to end it for that.
            return await asyncio.shield(scoring)
        finally:
            self._waiting -= len(pictures)

    async def close(self) -> None:
        self._closed = True
        await self._end()

    def _scored(self, scoring: asyncio.Task[Sequence[float]]) -> None:
        self._lock.release()
        if not scoring.cancelled():
            # Nobody may ask for it any more.
            scoring.exception()

    async def _scores(self, pictures: Sequence[bytes]) -> Sequence[float]:
        if self._closed or time.monotonic() < self._away_until:
            raise ClassifierAway("the filter failed a moment ago")
        for _ in range(TRIES):
            try:
                return await self._ask(pictures)
            except (TimeoutError, OSError, EOFError, ValueError) as error:
                log.warning("The filter's process failed, and is replaced: %r", error)
                await self._end()
            except BaseException:
                # Its answers to these pictures would be taken for those to the next ones.
                await self._end()
                raise
        self._away_until = time.monotonic() + self._pause_s
        raise ClassifierAway("the filter's process fails")

    async def _ask(self, pictures: Sequence[bytes]) -> Sequence[float]:
        """All are sent before the first answer is read: the process looks at some side by side."""
        process = self._process or await self._start()
        assert process.stdin is not None, "it is a pipe"
        async with asyncio.timeout(self._picture_s * len(pictures)):
            for picture in pictures:
                process.stdin.write(struct.pack(">I", len(picture)))
                process.stdin.write(picture)
            await process.stdin.drain()
            return [_score_in(await _answer(process)) for _ in pictures]

    async def _start(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise ClassifierAway("the bot stops")
        known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "classifier", self._model),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**known, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"},
        )
        async with asyncio.timeout(START_TIMEOUT_S):
            answer = await _answer(process)
        if "error" in answer:
            self._away_until = time.monotonic() + self._pause_s
            await self._end()
            log.error("Pictures cannot be checked: %s", answer["error"])
            raise ClassifierAway(str(answer["error"]))
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _score_in(answer: dict[str, Any]) -> float:
    """The score in an answer; what could not be read counts as explicit."""
    if "score" not in answer:
        log.warning("The filter cannot read a picture: %s", answer.get("error"))
        return 1.0
    return float(answer["score"])


async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """The next line of a process. Raises EOFError if it has ended, ValueError if it is none."""
    assert process.stdout is not None, "it is a pipe"
    line = await process.stdout.readline()
    if not line:
        raise EOFError("it has ended")
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise ValueError("its answer is no object")
    return answer
