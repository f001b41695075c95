"""Worker processes that decode untrusted pictures, each killed when it takes too long.

A file of a few kilobytes can cost minutes of time and gigabytes of memory, and a decoder may have
a security hole. So pictures are decoded in processes of their own, which have bounds on time and
memory, know no secrets, and are replaced when they die. Few run at once, a bounded number of
pictures waits, and more are refused.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from diffusion.decoding import decode as decoding
from diffusion.decoding.decode import LENGTHS_STRUCT, DecodedPicture, Undecodable, Wanted, packed

PROCESS_COUNT = 2
MAX_WAITING_PICTURES = 32

CPU_LIMIT_S = 10
"""Seconds of CPU time for one picture. 48 megapixels take about two."""

WALL_LIMIT_S = 40.0
"""Seconds of wall time for one picture: the machine may be busy."""

MEMORY_LIMIT_BYTES = 1 << 30
"""Bytes of address space for one process. 50 megapixels with alpha take about half."""

ENVIRONMENT = (
    "HOME",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
)
"""The variables that Python may need to start. No others are passed on: some hold keys."""


class DecoderBusy(Exception):
    """Too many pictures wait to be decoded, or the decoder is closed."""


class PictureDecoder:
    """Decodes pictures in worker processes, which start when they are needed.

    `cpu_s` and `wall_s` are seconds for one picture, `memory` is bytes for one process.
    """

    def __init__(
        self,
        *,
        processes: int = PROCESS_COUNT,
        cpu_s: float = CPU_LIMIT_S,
        wall_s: float = WALL_LIMIT_S,
        memory: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._memory = memory
        self._places = asyncio.Semaphore(processes)
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._asked = 0
        self._closed = False

    @property
    def process_ids(self) -> frozenset[int]:
        """The ids of the worker processes that run now."""
        return frozenset(child.process_id for child in self._children)

    async def decode(self, file: bytes, wanted: Wanted) -> DecodedPicture:
        """Decode the picture in a file. Raises Undecodable, DecoderBusy."""
        if self._closed or self._asked == MAX_WAITING_PICTURES:
            raise DecoderBusy
        self._asked += 1
        try:
            async with self._places:
                return await self._decode(file, wanted)
        finally:
            self._asked -= 1

    async def close(self) -> None:
        """End the processes; no more are started."""
        self._closed = True
        await asyncio.gather(*(self._end(child) for child in tuple(self._children)))

    async def _decode(self, file: bytes, wanted: Wanted) -> DecodedPicture:
        child = await self._free_child()
        usable = False
        try:
            async with asyncio.timeout(self._wall_s):
                answer = await child.ask(asdict(wanted) | {"cpu_s": self._cpu_s}, file)
            usable = True
        except TimeoutError as error:
            raise Undecodable("slow") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            # The picture killed it: by the limit on CPU time, or by a bug of a decoder.
            died_slow = await child.ended() == -getattr(signal, "SIGXCPU", 0)
            raise Undecodable("slow" if died_slow else "type") from error
        finally:
            if usable:
                self._idle.append(child)
            else:
                await self._end(child)
        if isinstance(answer, str):
            raise Undecodable(answer)
        return answer

    async def _free_child(self) -> "_Child":
        while self._idle:
            child = self._idle.pop()
            if child.lives:
                return child
            await self._end(child)
        child = await _Child.start(self._memory)
        self._children.add(child)
        if self._closed:
            await self._end(child)
            raise DecoderBusy
        return child

    async def _end(self, child: "_Child") -> None:
        self._children.discard(child)
        if child in self._idle:
            self._idle.remove(child)
        await child.end()


class _Child:
    """One worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, memory: int) -> Self:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            # By its path, with -P: it must not import the modules that lie beside it.
            *(sys.executable, "-P", str(Path(decoding.__file__)), str(memory)),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Decoders write warnings about odd files there.
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 20,
        )
        return cls(process)

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    async def ask(self, head: dict[str, Any], file: bytes) -> DecodedPicture | str:
        """The decoded picture, or the reason why there is none."""
        source, target = self._process.stdout, self._process.stdin
        assert source is not None
        assert target is not None
        target.write(packed(head, file))
        await target.drain()
        head_size, size = LENGTHS_STRUCT.unpack(await source.readexactly(LENGTHS_STRUCT.size))
        answer = json.loads(await source.readexactly(head_size))
        content = await source.readexactly(size)
        if "refused" in answer:
            return str(answer["refused"])
        return DecodedPicture(**answer, content=content)

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def end(self) -> None:
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        # Also closes the pipes.
        with contextlib.suppress(ConnectionError):
            await self._process.communicate()
