"""What faults need of the machine: a wall clock that jumps, and a disk that can be full.

The clock is libfaketime's (Debian: `libfaketime`): the wall clock of a program jumps, as when a
machine's clock is set; its monotonic clock does not. The disk is a small tmpfs, which root may
mount; for others, the size of the files that a program may write is limited instead.
"""

import asyncio
import contextlib
import errno
import resource
import subprocess
from collections.abc import Iterable
from pathlib import Path

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
LIBRARIES = (LIBRARY, Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"))

DISK_BYTES = 400 * 2**20
"""The bot takes no new jobs with less than 200 MB left."""

MAX_FILE_BYTES = 1024
"""What a file may grow to on a “full” disk where nothing can be mounted."""


class Clock:
    """The wall clock of one program, by a file that libfaketime reads once a second."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library = library
        self._file = file
        self._ahead_s = 0.0
        self.jump(0.0)

    @staticmethod
    def library() -> Path | None:
        """Where libfaketime is; None where it is not installed."""
        return next((one for one in LIBRARIES if one.exists()), None)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            # With it, each wait of a thread for a lock takes tens of milliseconds.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_FAKE_STAT": "1",
            "NO_FAKE_STAT": "1",
        }

    def jump(self, seconds: float) -> None:
        self._ahead_s += seconds
        written = self._file.with_suffix(".new")
        written.write_text(f"{self._ahead_s:+.0f}s\n", encoding="ascii")
        written.replace(self._file)


class Disk:
    """The folder for pictures and SQLite, which can be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = False

    def open(self) -> None:
        self.folder.mkdir()
        command = ("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(self.folder))
        with contextlib.suppress(OSError):
            done = subprocess.run(command, capture_output=True, check=False)
            self.is_mounted = done.returncode == 0

    def close(self) -> None:
        if self.is_mounted:
            subprocess.run(("umount", "--lazy", str(self.folder)), check=False)
            self.is_mounted = False

    async def fill(self, seconds: float, programs: Iterable[int | None]) -> None:
        """Leave no byte for some seconds. `programs` are the processes that write there."""
        if self.is_mounted:
            await self._fill(seconds)
            return
        limited = [pid for pid in programs if pid is not None]
        for pid in limited:
            _limit_files(pid, MAX_FILE_BYTES)
        await asyncio.sleep(seconds)
        for pid in limited:
            _limit_files(pid, resource.RLIM_INFINITY)

    async def _fill(self, seconds: float) -> None:
        ballast = self.folder / "ballast"
        try:
            await asyncio.to_thread(_write_all, ballast)
            await asyncio.sleep(seconds)
        finally:
            ballast.unlink(missing_ok=True)


def _write_all(ballast: Path) -> None:
    """Write until the disk takes no more."""
    piece = 2**20
    with ballast.open("wb", buffering=0) as file:
        while piece:
            try:
                file.write(b"\0" * piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2


def _limit_files(pid: int, most_bytes: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        most_bytes = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))
