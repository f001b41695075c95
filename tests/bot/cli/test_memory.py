"""What the C library does with memory that is free, and what Python looks through for garbage."""

import asyncio
import ctypes
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.cli.memory import MAX_ARENAS
from bot.cli.run_bot import run_bot
from bot.config import Settings
from playground import Playground
from playground.testing.member import Member

PROGRAM = """
import ctypes, json, re, sys, tempfile, threading
from bot.cli.memory import keep_little_free_memory

class Counted(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost")]

if sys.argv[1] == "bot":
    assert keep_little_free_memory()
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Counted
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]

all_there = threading.Barrier(12)
def allocate():
    kept = [bytes(2000) for _ in range(100)]
    all_there.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for one in threads: one.start()
for one in threads: one.join()

bytearray(8 << 20)  # what was freed once raises the library's own threshold
before = libc.mallinfo2().hblks
picture = bytearray(1 << 20)
apart = libc.mallinfo2().hblks - before

with tempfile.NamedTemporaryFile() as file:
    said = libc.fopen(file.name.encode(), b"w")
    libc.malloc_info(0, said)
    libc.fclose(said)
    arenas = len(re.findall(rb"<heap nr=", file.read()))
print(json.dumps({"arenas": arenas, "apart": apart}))
"""

ON_GLIBC = hasattr(ctypes.CDLL(None), "mallinfo2")


def counted(how: str, **environment: str) -> dict[str, int]:
    usual = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        env={**usual, "PYTHONPATH": os.getcwd(), **environment},
        capture_output=True,
        check=True,
        timeout=60,
    )
    found: dict[str, int] = json.loads(ended.stdout)
    return found


@pytest.mark.skipif(not ON_GLIBC, reason="another C library")
def test_many_threads_share_few_arenas_and_pictures_lie_apart() -> None:
    usual, bots = counted("as it is"), counted("bot")
    assert usual["arenas"] > MAX_ARENAS, "nothing to mend on this machine"
    assert bots["arenas"] <= MAX_ARENAS
    assert (usual["apart"], bots["apart"]) == (0, 1)


@pytest.mark.skipif(not ON_GLIBC, reason="another C library")
def test_who_sets_the_number_of_arenas_gets_it() -> None:
    assert counted("bot", MALLOC_ARENA_MAX="4")["arenas"] > MAX_ARENAS


async def test_what_the_bot_has_loaded_is_not_looked_through_for_garbage(
    playground: Playground, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url="http://127.0.0.1:9",
        DARKROOM_DATA=tmp_path / "data",
    )
    gc.collect()
    before = len(gc.get_objects())
    running = asyncio.create_task(run_bot(settings))
    try:
        async with Member(playground.url, "Ada") as ada:
            await ada.wait_for_bot()
        assert gc.get_freeze_count() >= before
        assert len(gc.get_objects()) < before / 4
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        # This process has other tests to run.
        gc.unfreeze()
