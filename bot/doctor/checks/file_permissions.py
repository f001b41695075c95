"""File permissions: whether others on this machine can read secrets, prompts or pictures."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.config import Settings
from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.findings import Finding, Level
from bot.doctor.threads import in_thread
from bot.i18n.texts import Text
from storage.database import StorageUnavailable, files_of
from storage.permissions import PRIVATE_UMASK


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file or folder that is there. `closed_at_start` is whether the bot's start closes it."""

    path: Path
    mode: int
    closed_at_start: bool

    @property
    def is_open(self) -> bool:
        # A folder with the sticky bit, such as /tmp, belongs to everybody on purpose.
        return bool(self.mode & PRIVATE_UMASK) and not self.mode & stat.S_ISVTX


class FilePermissionsCheck(Check[tuple[FileFacts, ...]]):
    """Whether files with secrets are for their owner alone."""

    name = "files"

    async def gather(self, installation: Installation) -> tuple[FileFacts, ...]:
        if os.name != "posix":
            raise NotApplicable
        return await in_thread(lambda: tuple(_existing(installation.settings)))

    def judge(self, facts: tuple[FileFacts, ...]) -> Iterable[Finding]:
        opened = [one for one in facts if one.is_open]
        for closed_at_start in (False, True):
            paths = [str(one.path) for one in opened if one.closed_at_start is closed_at_start]
            if paths:
                key = "doctor-files.open-data" if closed_at_start else "doctor-files.open"
                text, remedy = Text(key), Text(f"{key}-remedy")
                yield Finding(self.name, Level.WARNING, text, remedy, ", ".join(paths))
        if not opened:
            yield Finding(self.name, Level.OK, Text("doctor-files.closed"))


def _existing(settings: Settings) -> Iterable[FileFacts]:
    try:
        database = files_of(settings.database)
    except StorageUnavailable:
        database = ()  # the check of the database says why
    env_file = Path(str(Settings.model_config["env_file"]))
    typed = (env_file, settings.config or Path("darkroom.toml"), settings.c2pa_key)
    data = (settings.data_folder, settings.own_c2pa_file, settings.models_file, *database)
    for paths, closed_at_start in ((typed, False), (data, True)):
        for path in filter(None, paths):
            try:
                mode = path.stat().st_mode
            except OSError:
                continue  # it is not there, or closed even to us
            yield FileFacts(path, stat.S_IMODE(mode), closed_at_start)
