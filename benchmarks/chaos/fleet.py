"""Engines on Ray as a target: the whole fleet, each of its replicas, and Ray's head.

Needs `darkroom[fleet]`. The model is the embedded one: a replica is a real engine.
"""

import asyncio
import contextlib
import secrets
import signal
from pathlib import Path
from typing import Protocol

import psutil

from benchmarks.trial.programs import Program

REPLICA, HEAD = "ServeReplica:darkroom:model", "gcs_server"
"""What the command lines of these processes have in them."""


class Target(Protocol):
    """What can be killed and paused; what it belongs to starts it again."""

    name: str
    unasked_ends: list[int]

    def start(self) -> None: ...

    async def stop(self) -> None: ...

    def kill(self, down_s: float) -> bool:
        """SIGKILL. False if it was down already."""
        ...

    async def pause(self, seconds: float) -> None: ...


def fleet(name: str, replicas: int, port: int, folder: Path) -> dict[str, Target]:
    """A fleet of so many replicas on this port, and what can be hit of it."""
    arguments = ("-m", "bot", "fleet", "--local", str(replicas), "--port", str(port))
    environment = {"RAY_AUTH_TOKEN": secrets.token_hex(32), "XDG_CACHE_HOME": str(folder / "cache")}
    whole = Program(name, (*arguments, "--at-once", "2"), environment, folder)
    parts = [Part(whole, f"replica-{number + 1}", REPLICA, number) for number in range(replicas)]
    named: list[Target] = [whole, *parts, Part(whole, "ray-head", HEAD, 0)]
    return {target.name: target for target in named}


class Part:
    """A process that the fleet started: the one of this place among those of its kind."""

    def __init__(self, whole: Program, name: str, kind: str, place: int) -> None:
        self.name = name
        self.unasked_ends: list[int] = []
        self._whole = whole
        self._kind = kind
        self._place = place

    def start(self) -> None:
        """The fleet starts it."""

    async def stop(self) -> None:
        """The fleet ends it."""

    def kill(self, down_s: float) -> bool:
        """Ray, or the fleet's keeper, starts it again at once: it has no time to be down."""
        return self._send(signal.SIGKILL) is not None

    async def pause(self, seconds: float) -> None:
        paused = self._send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if paused is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                paused.send_signal(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> psutil.Process | None:
        """The process that got the signal; None where there is none now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._whole.pid is None:
                return None
            started = psutil.Process(self._whole.pid).children(recursive=True)
            alike = [one for one in started if self._kind in " ".join(one.cmdline())]
            if self._place < len(alike):
                alike[self._place].send_signal(number)
                return alike[self._place]
        return None
