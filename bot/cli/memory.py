"""What becomes of memory that is given back, and what Python looks through for such memory."""

import ctypes
import gc
import os

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""What `mallopt` of glibc calls them (malloc.h)."""

MAX_ARENAS = 2
LARGE_BYTES = 256 * 1024


def keep_little_free_memory() -> bool:
    """Have what is no longer used go back to the system. False where the C library is another.

    Each thread would get memory from a part of its own, of which there are eight for each core, and
    pictures would leave gaps in them: the process would grow for hours, with nothing in it. With a
    fixed threshold, what is large is taken from the system and given back by itself.
    `MALLOC_ARENA_MAX` counts more, as everywhere. To be called before there are threads.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    if "MALLOC_ARENA_MAX" not in os.environ:
        set_option(ARENA_MAX, MAX_ARENAS)
    return bool(set_option(MMAP_THRESHOLD, LARGE_BYTES))


def keep_what_is_loaded() -> None:
    """Have Python not look for garbage in what there is now: modules, texts, tables, commands.

    It stays until the end. To look through it takes a tenth of a second and more, again and again,
    in which nobody is answered.
    """
    gc.freeze()
