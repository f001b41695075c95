"""File permissions: stored data is for its owner alone, folders with mode 0700, files 0600."""

import logging
import os
import stat
from pathlib import Path

PRIVATE_UMASK = 0o077
"""The umask with which only the owner can read what a process writes."""

_FOLDER = 0o700
_FILE = 0o600

log = logging.getLogger(__name__)


def close_folder(folder: Path) -> None:
    """Create a folder if it is missing, and close it to others; its contents stay as they are.

    One with the sticky bit, such as `/tmp`, belongs to everybody and stays open. Where a mode
    cannot be changed, the log says so.
    """
    try:
        folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        if not folder.stat().st_mode & stat.S_ISVTX:
            _set_mode(folder, _FOLDER)
    except OSError as error:
        log.warning("%s cannot be closed to others: %s", folder, error.strerror)


def close_files(*paths: Path) -> None:
    """Close files, and folders with their contents, to others. Missing paths are skipped.

    Links are not followed. Where a mode cannot be changed, the log says so.
    """
    for path in paths:
        try:
            _close(path)
        except OSError as error:
            log.warning("%s cannot be closed to others: %s", path, error.strerror)


def _close(path: Path) -> None:
    if path.is_symlink() or not path.exists():
        return
    if not path.is_dir():
        _set_mode(path, _FILE)
        return
    _set_mode(path, _FOLDER)
    for child in path.iterdir():
        _close(child)


def _set_mode(path: Path, mode: int) -> None:
    # Only where it differs: a process that is not the owner cannot change it.
    if stat.S_IMODE(path.stat().st_mode) != mode:
        os.chmod(path, mode)
