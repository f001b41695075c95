"""How the gateway's frames are sent: plain, compressed one by one, or as one compressed stream.

A client asks with `compress=` in the address (a stream), or with `"compress": true` when it
identifies (large frames one by one).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

MIN_COMPRESSED_BYTES = 1024
"""From this size on a frame is worth compressing by itself; smaller ones stay text."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW_128_KIB = b"\x38"
MAX_ZSTD_BLOCK_BYTES = 128 * 1024


class Encoding(Protocol):
    """Turns a frame's text into what is sent: text, or the bytes of a binary frame."""

    def encode(self, text: str) -> str | bytes: ...


class PlainText:
    def encode(self, text: str) -> str:
        return text


class ZlibFrames:
    """Large frames are compressed, each by itself."""

    def encode(self, text: str) -> str | bytes:
        content = text.encode()
        return zlib.compress(content) if len(content) >= MIN_COMPRESSED_BYTES else text


class ZlibStream:
    """One zlib stream for the whole connection; every frame ends with a flush."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def encode(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstd stream for the whole connection, of raw blocks.

    Raw blocks are valid zstd that takes no library to write. Nothing is saved by it: client and
    server share a machine.
    """

    def __init__(self) -> None:
        # A descriptor of zero: no size, no checksum, no dictionary.
        self._header = ZSTD_MAGIC + b"\x00" + ZSTD_WINDOW_128_KIB

    def encode(self, text: str) -> bytes:
        content = text.encode()
        sent = self._header
        self._header = b""
        for start in range(0, len(content), MAX_ZSTD_BLOCK_BYTES):
            block = content[start : start + MAX_ZSTD_BLOCK_BYTES]
            # 21 bits of size, 2 of type (0 is raw), 1 that says whether it is the last.
            sent += (len(block) << 3).to_bytes(3, "little") + block
        return sent


STREAMS: Mapping[str, Callable[[], Encoding]] = {
    "": PlainText,
    "zlib-stream": ZlibStream,
    "zstd-stream": ZstdStream,
}
"""By the value of `compress` in the gateway's address."""
