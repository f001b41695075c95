"""Keeps converted networks and which backend was chosen for each, in a folder of the user's cache.

Each network has a folder of its own. It is there completely or not at all.
"""

import json
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from diffusion.nn.openvino_model import save

CHOICE_FILE = "choice.json"
MAX_KEPT_NETWORKS = 8
"""How many converted networks stay on disk, of which a model has two. The one that was used least
recently goes first."""

log = logging.getLogger(__name__)


def kept_choice(place: Path) -> str | None:
    """The backend that an earlier start chose, if it is known."""
    try:
        return str(json.loads((place / CHOICE_FILE).read_bytes())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def saved(model: Any, folder: Path, file: str) -> Path | None:
    """A new folder with the model. None, and logged, if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(mkdtemp(dir=folder, prefix="part-"))
        save(model, part / file)
    except (OSError, RuntimeError) as error:
        log.warning("the converted network is not kept: %s", error)
        return None
    return part


def keep(part: Path, place: Path, chosen: str) -> str:
    """Move the folder to its place with the choice, completely or not at all.

    Returns the choice: that of another process, if one that started with us was faster.
    """
    try:
        (part / CHOICE_FILE).write_text(json.dumps({"backend": chosen}))
        for path in part.iterdir():
            if chosen == "torch" and path.name != CHOICE_FILE:
                path.unlink()
            else:
                _write_through(path)
        part.replace(place)
    except OSError as error:
        log.info("the converted network is not kept: %s", error)
    return kept_choice(place) or chosen


def touch(place: Path) -> None:
    """Note that the network was used."""
    with suppress(OSError):
        os.utime(place)


def remove_old(folder: Path) -> None:
    """Remove the networks beyond MAX_KEPT_NETWORKS, and what a killed process left."""
    with suppress(OSError):
        used = {path: path.stat().st_mtime for path in folder.iterdir()}
        newest = sorted(used, key=used.__getitem__, reverse=True)
        for path in newest[MAX_KEPT_NETWORKS:]:
            shutil.rmtree(path, ignore_errors=True)


def _write_through(path: Path) -> None:
    """Make sure that the file is complete even if the machine loses power."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
