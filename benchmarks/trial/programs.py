"""The programs of a trial as processes of their own, which can be killed, paused and started again.

What they print goes into files of the trial's folder.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

RESTART_PAUSE_S = 0.5
"""Seconds until a program that ended by itself is started again, as a service manager would."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A Python module that is kept running: whenever it ends, it is started again.

    `arguments` are those of Python. `folder` is where it is started, so that no `.env` of a
    developer is read, and where its output goes.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.starts = 0
        self.unasked_ends: list[int] = []
        """The exit statuses of when it ended by itself."""
        self._arguments = arguments
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._down_until = 0.0
        self._killed = False

    @property
    def log(self) -> Path:
        return self._folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Of the process that runs now; None between two."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """End it for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def kill(self, down_s: float) -> bool:
        """SIGKILL. It is started again after so many seconds. False if it was down already."""
        if self.pid is None:
            return False
        self._down_until = asyncio.get_running_loop().time() + down_s
        self._killed = True
        self._send(signal.SIGKILL)
        return True

    async def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        process = self._process
        self._send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if process is self._process:
            self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _keep_running(self) -> None:
        while True:
            with self.log.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-u",
                    *self._arguments,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                )
            self.starts += 1
            status = await self._process.wait()
            if not self._killed:
                self.unasked_ends.append(status)
            self._killed = False
            pause_s = self._down_until - asyncio.get_running_loop().time()
            await asyncio.sleep(max(pause_s, RESTART_PAUSE_S))


def memory_kib(pid: int) -> int:
    """The resident memory of a process, in KiB. Raises OSError if it is gone."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu_s(pid: int) -> float:
    """The seconds that a process has had a core, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def bot(name: str, discord: str, engines: str, database: str, folder: Path, **more: str) -> Program:
    """The bot, over these addresses; its pictures lie in `folder`/data."""
    environment = {
        "DISCORD_TOKEN": "playground",
        "DISCORD_URL": discord,
        "INFERENCE_URL": engines,
        "DATABASE_URL": database,
        "DARKROOM_DATA": str(folder / "data"),
        "DARKROOM_FILTER": "off",
        "DARKROOM_CONFIG": "",
        **more,
    }
    return Program(name, ("-m", "bot", "bot"), environment, folder)


def engine(name: str, kind: str, port: int, folder: Path) -> Program:
    """An engine on this port: the `quick` one, which only pretends, or the `embedded` model."""
    if kind == "quick":
        return Program(name, ("-m", "benchmarks.trial.quick_engine", str(port)), {}, folder)
    arguments = ("-m", "diffusion", "--port", str(port))
    return Program(name, arguments, {"OMP_NUM_THREADS": "1"}, folder)
