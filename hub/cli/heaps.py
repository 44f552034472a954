"""How a process of the hub treats its memory: few heaps, and a start that the collector does not look through again."""

from __future__ import annotations

import ctypes
import gc
import os

M_ARENA_MAX, ARENAS = -8, 2
"""glibc's number of that setting in mallopt(3), and how many heaps all threads share."""


def share_heaps() -> None:
    """Before the first thread: a heap for each thread, glibc's way, gives little back, and a worker has one thread a subscription;
    measured, it grew by 4 to 8 MB an hour. MALLOC_ARENA_MAX in the environment goes before; another C library has no such heaps."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(M_ARENA_MAX, ARENAS)


def settle() -> None:
    """Once everything is built and nothing runs: what stands now stays until the end, and the collector of reference rings need not
    look through it again, which takes a tenth of a second each time. CPython 3.11 looks through everything only when a quarter has come on
    top; the second collection makes it count that from here, which freezing alone does not."""
    gc.collect()
    gc.freeze()
    gc.collect()
