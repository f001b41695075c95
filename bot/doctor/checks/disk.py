"""The disk under the data folder: what is free, what is used, whether it can be written."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.doctor.threads import in_thread
from bot.i18n.texts import Text

MIN_FREE_BYTES = 200_000_000
"""Below this there is no room for some hundred pictures, nor for a migration."""

WARN_FREE_BYTES = 2_000_000_000

MAX_COUNTING_S = 5.0
"""How long files are counted; a huge folder is then only known to be larger."""


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """Bytes of the disk, and those that the data folder takes; `counted_all` is whether that is all
    of it. `not_writable` is why no file can be made there, None where one can."""

    folder: Path
    free_bytes: int
    total_bytes: int
    used_bytes: int
    counted_all: bool = True
    not_writable: str | None = None


class DiskCheck(Check[DiskFacts]):
    """Whether there is room for pictures."""

    name = "disk"
    for_servers = True

    async def gather(self, installation: Installation) -> DiskFacts:
        return await in_thread(lambda: _look_at(installation.settings.data_folder))

    def judge(self, facts: DiskFacts) -> Iterable[Finding]:
        more = "" if facts.counted_all else "more than "
        detail = (
            f"{facts.folder}: {facts.free_bytes / 1e9:.1f} of {facts.total_bytes / 1e9:.1f} GB "
            f"free, {more}{facts.used_bytes / 1e6:.1f} MB used by Darkroom"
        )
        if facts.not_writable is not None:
            yield Finding(
                self.name,
                Level.PROBLEM,
                Text("doctor-disk.not-writable"),
                Text("doctor-disk.not-writable-remedy"),
                f"{facts.folder}: {facts.not_writable}",
            )
        if facts.free_bytes >= WARN_FREE_BYTES:
            if facts.not_writable is None:
                yield Finding(self.name, Level.OK, Text("doctor-disk.room"), None, detail)
            return
        full = facts.free_bytes < MIN_FREE_BYTES
        yield Finding(
            self.name,
            Level.PROBLEM if full else Level.WARNING,
            Text("doctor-disk.full" if full else "doctor-disk.nearly-full"),
            Text("doctor-disk.remedy"),
            detail,
        )


def _look_at(folder: Path) -> DiskFacts:
    # Before the first start there is no folder yet: it will be made in the nearest one.
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    disk = shutil.disk_usage(place)
    used, counted_all = _bytes_in(folder)
    return DiskFacts(folder, disk.free, disk.total, used, counted_all, _why_not_writable(place))


def _bytes_in(folder: Path) -> tuple[int, bool]:
    """Bytes of all files in a folder, and whether there was time for all."""
    until, total = time.monotonic() + MAX_COUNTING_S, 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # gone meanwhile, or closed to us
        if time.monotonic() > until:
            return total, False
    return total, True


def _why_not_writable(place: Path) -> str | None:
    """Make a file and remove it. Returns the system's reason if that fails."""
    try:
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"\0")
    except OSError as error:
        return error.strerror or str(error)
    return None
