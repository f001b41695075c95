"""Looks at pictures before they are stored: only a whole, sound PNG is. Pure."""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO

from PIL import Image

from storage.pictures.files import PictureNotSaved
from storage.pictures.records import NewPicture, picture_id

MAX_CHECKING_THREADS = 4
"""Threads for the pictures of one job, while they are checked."""


def examined(
    job_id: str, pngs: Mapping[int, tuple[int, bytes]], *, attempt: int, checked: bool
) -> list[NewPicture]:
    """The records of a job's pictures, of which `pngs` has seeds and files by their indexes.

    `attempt` is by which try of the job they were made (`Job.attempts`).
    Of those that were `checked` before the pixels are not decoded again. Raises PictureNotSaved.
    """
    # Nothing that a person typed may become a path.
    assert re.fullmatch(r"[0-9a-f]{32}", job_id)
    # Pillow lets other threads work meanwhile.
    with ThreadPoolExecutor(MAX_CHECKING_THREADS) as threads:
        measure = partial(_measure, checked=checked)
        sizes = tuple(threads.map(measure, (png for _, png in pngs.values())))
    return [
        NewPicture(index, seed, *size, digest(png), file_name(job_id, index, attempt), len(png))
        for (index, (seed, png)), size in zip(pngs.items(), sizes, strict=True)
    ]


def file_name(job_id: str, index: int, attempt: int) -> str:
    """The name of the file of a picture.

    Each try of a job has names of its own: a worker that comes back from a pause cannot overwrite
    what the next one made.
    """
    further = f"-{attempt}" if attempt > 1 else ""
    return f"{picture_id(job_id, index)}{further}.png"


def digest(picture: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal; the name of a start picture."""
    return hashlib.sha256(picture).hexdigest()


def _measure(png: bytes, *, checked: bool) -> tuple[int, int]:
    """Read width and height in pixels of a whole, sound PNG. Raises PictureNotSaved."""
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            size = picture.size
            picture.verify()  # the checksums; a picture is of no more use after this
        if checked:
            return size
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            picture.load()  # the pixels
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureNotSaved("What was made is not a sound PNG picture.") from error
