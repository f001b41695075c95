"""`darkroom` without a command: inference, the bot and, without a token, the playground.

Each is a child process. One that dies is restarted after a pause, which doubles each time; the
others keep running. Only a child that exits with `os.EX_CONFIG` before it was ever ready stops the
launcher: its settings are wrong. When the launcher ends, its children end.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.cli.errors import CannotStart
from bot.config import Settings
from bot.engines.configuration import read_configuration
from diffusion.telemetry import logs

log = logging.getLogger(__name__)

MIN_RESTART_INTERVAL_S = 1.0
"""Seconds before a child that died is restarted; doubled while it keeps dying."""

MAX_RESTART_INTERVAL_S = 60.0
STABLE_AFTER_S = 60.0
"""Seconds after which a child that was ready counts as stable, so its pauses start anew."""

STOP_TIMEOUT_S = 10.0
"""Seconds that a child has to end before it is killed."""

PR_SET_PDEATHSIG = 1
"""Linux's number for the `prctl` option: the signal sent when the parent dies."""


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A process to keep running.

    Its output contains `ready` once it can be used. `needs` names a child that must be ready
    before this one is started.
    """

    name: str
    command: tuple[str, ...]
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""


async def launch(settings: Settings) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises CannotStart, StorageUnavailable, InvalidConfiguration.
    """
    *others, bot = children = _children(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    supervisors: list[_Supervisor] = []
    try:
        supervisors.extend(map(_Supervisor, others))
        await asyncio.sleep(0)  # which starts them
        # Only now: inference takes longest to load, and this is done beside it.
        from storage.database import migrate

        await migrate(settings.database)
        needed = (one for one in supervisors if one.name == bot.needs)
        await _wait_until_ready(stop, *needed)
        supervisors.append(_Supervisor(bot))
        await _wait_until_ready(stop, *supervisors)
        if not stop.is_set():
            _announce(children)
        await stop.wait()
    finally:
        logs.tell("Darkroom stops.", logger=__name__)
        # The bot first, so that it does not lose the others while it runs.
        for supervisor in reversed(supervisors):
            await supervisor.end()


def _children(settings: Settings) -> list[ChildProcess]:
    children = []
    environment: dict[str, str] = {}
    if not read_configuration(settings).engines:
        port = _free_port(0)
        place = ("--host", "127.0.0.1", "--port", str(port))
        command = ("-m", "diffusion", *place, *settings.inference_arguments)
        ready = "inference ready at"
        children.append(ChildProcess("inference", command, ready, settings.for_inference))
        environment["INFERENCE_URL"] = f"http://127.0.0.1:{port}"
    if settings.discord_token is None:
        port = _free_port(settings.playground_port)
        command = ("-m", "playground", "--port", str(port))
        children.append(ChildProcess("playground", command, "playground ready at"))
        environment["DISCORD_TOKEN"] = "playground"
        environment["DISCORD_URL"] = f"http://127.0.0.1:{port}"
    # The bot itself waits for inference, which may be loading for long, but not for the playground.
    command = ("-m", "bot", "bot")
    children.append(ChildProcess("bot", command, "connected as", environment, needs="playground"))
    return children


def _announce(children: list[ChildProcess]) -> None:
    playground = next((child for child in children if child.name == "playground"), None)
    if playground is None:
        sentence = "Darkroom is ready: type /imagine in your Discord server."
    else:
        url = f"http://127.0.0.1:{playground.command[-1]}"
        sentence = f"Darkroom is ready. Open {url} and type /imagine a red fox"
    logs.tell(sentence, logger=__name__)


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one for 0. Raises CannotStart if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise CannotStart(
                f"Port {wanted} is taken; end what uses it, or set PLAYGROUND_PORT to another "
                "(0 picks a free one)."
            ) from error
        port: int = probe.getsockname()[1]
        return port


class _Supervisor:
    """Keeps one child running until `end` is called."""

    def __init__(self, child: ChildProcess) -> None:
        self.name = child.name
        self.started: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True once it is ready; False if its settings are wrong."""
        self._child = child
        self._is_ready = False
        self._ending = False
        self._process: asyncio.subprocess.Process | None = None
        self._task = asyncio.create_task(self._keep_running())

    async def end(self) -> None:
        """Ask the child to end, and kill it if it does not; its last lines are still printed."""
        self._ending = True
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        else:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_running(self) -> None:
        pause = MIN_RESTART_INTERVAL_S
        while True:
            began, self._is_ready = time.monotonic(), False
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-u",
                *self._child.command,
                env={**os.environ, **self._child.environment},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl-C reaches the launcher alone, which ends its children in order.
                start_new_session=True,
                preexec_fn=_die_with_launcher,
            )
            await self._follow_output(self._process)
            code = await self._process.wait()
            if self._ending:
                return
            if code == os.EX_CONFIG and not self.started.done():
                self.started.set_result(False)
                return
            # A child that keeps crashing must not use up Discord's logins, or fill the disk.
            if self._is_ready and time.monotonic() - began > STABLE_AFTER_S:
                pause = MIN_RESTART_INTERVAL_S
            log.warning(
                "%s ended with code %d; it is started again in %.0f s.",
                self._child.name,
                code,
                pause,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RESTART_INTERVAL_S)

    async def _follow_output(self, process: asyncio.subprocess.Process) -> None:
        """Print the child's lines after its name, and notice when it is ready."""
        assert process.stdout is not None
        while line := await _read_line(process.stdout):
            text = line.decode(errors="replace").rstrip()
            logs.relay(self._child.name, text)
            if self._child.ready in text:
                self._is_ready = True
                if not self.started.done():
                    self.started.set_result(True)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        # The line is longer than the buffer; its rest is read as a line of its own.
        return b"...\n"


async def _wait_until_ready(stop: asyncio.Event, *supervisors: _Supervisor) -> None:
    """Wait for all children, or for `stop`. Raises CannotStart if the settings of one are wrong."""
    stopped: asyncio.Future[bool] = asyncio.ensure_future(stop.wait())
    try:
        waiting = list(supervisors)
        while waiting and not stopped.done():
            started = [supervisor.started for supervisor in waiting]
            await asyncio.wait([*started, stopped], return_when=asyncio.FIRST_COMPLETED)
            for supervisor in waiting:
                outcome = supervisor.started
                if outcome.done() and not outcome.result() and not stop.is_set():
                    raise CannotStart(f"{supervisor.name} did not start; what it said is above.")
            waiting = [one for one in waiting if not one.started.done()]
    finally:
        stopped.cancel()


def _die_with_launcher() -> None:
    """Have Linux end this child when its parent is killed; elsewhere it keeps running."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
