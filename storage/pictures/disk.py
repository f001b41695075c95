"""What is on the disk of this machine: how large a folder is, and what is left."""

import contextlib
import shutil
from pathlib import Path


def used_bytes(folder: Path) -> int:
    """How many bytes the files in a folder have together. Takes long for many files."""
    total = 0
    for path in folder.glob("**/*"):
        # It may be deleted at this moment.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
    return total


def free_bytes(folder: Path) -> int:
    """How many bytes the disk of a folder has left. Raises OSError."""
    return shutil.disk_usage(folder).free
