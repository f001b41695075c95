"""Packs files into ZIP files of a limited size, of which one is in memory at a time."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

OVERHEAD_BYTES = 512
"""What a ZIP file says of one file in it, beside its name, and once at its end. At most."""


class Packer:
    """Fills one ZIP file after another. Its methods take CPU time: call them in a thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._begin()

    def _begin(self) -> None:
        self._stream = BytesIO()
        self._zip = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)
        self._directory_bytes = OVERHEAD_BYTES

    def fits(self, name: str, content: bytes) -> bool:
        """Whether a file fits into a ZIP file of its own."""
        return _size(name, content) + OVERHEAD_BYTES <= self._most_bytes

    def add(self, name: str, content: bytes) -> bytes | None:
        """Add a file that `fits`; returns the ZIP file before it, where it went into a new one."""
        assert self.fits(name, content)
        full = None
        if self._stream.tell() + self._directory_bytes + _size(name, content) > self._most_bytes:
            full = self.close()
            self._begin()
        # Pictures are compressed already.
        packed = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
        self._zip.writestr(name, content, packed)
        self._directory_bytes += OVERHEAD_BYTES + len(name.encode())
        return full

    def close(self) -> bytes:
        """The last ZIP file."""
        self._zip.close()
        return self._stream.getvalue()


def as_json(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a person reads them."""
    return json.dumps(rows, indent=1, ensure_ascii=False).encode(errors="replace")


def _size(name: str, content: bytes) -> int:
    """How large a file becomes at most: what cannot be compressed grows a little."""
    return len(content) + len(content) // 1000 + 2 * len(name.encode()) + OVERHEAD_BYTES
