"""Real processes for the tests: started, waited for by what they print, and killed."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
ELSEWHERE = Path(__file__).parents[1] / "fixtures"
"""Where processes are started: not where a developer's own `.env` may lie."""


class RunningProcess:
    """A Python module run as a process of its own; leaving the context ends it."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self.output = ""
        self._printed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-u",
            *self._arguments,
            cwd=ELSEWHERE,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def wait(self) -> int:
        """The exit code, once it has ended."""
        await self._reader
        return await self._process.wait()

    async def printed(self, pattern: str) -> re.Match[str]:
        """The first match in what the process printed; fails if it ends without."""
        async with self._printed:
            while not (match := re.search(pattern, self.output)):
                assert not self._reader.done(), f"it ended without {pattern!r}:\n{self.output}"
                await self._printed.wait()
            return match

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._printed:
                self.output += line.decode(errors="replace")
                self._printed.notify_all()
        async with self._printed:
            self._printed.notify_all()


def environment(data: Path, model: Path | None) -> dict[str, str]:
    """Of a newcomer: no token; `model` None is the embedded one."""
    return {
        "DARKROOM_DATA": str(data),
        "DARKROOM_MODEL": str(model or ""),
        "PLAYGROUND_PORT": "0",
        "DISCORD_TOKEN": "",
        "INFERENCE_URL": "",
        "OMP_NUM_THREADS": "1",
        "XDG_CACHE_HOME": str(data),
    }
