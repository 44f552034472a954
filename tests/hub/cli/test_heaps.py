"""The heaps that a process of the hub has for its threads, counted by the C library itself, and what its collector looks through."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

THREADS = 12
COUNT = f"""
import ctypes, sys, threading
from hub.cli.heaps import share_heaps

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
together = threading.Barrier({THREADS})

def use():
    together.wait()
    libc.malloc(3_000)
    together.wait()

share_heaps()
threads = [threading.Thread(target=use) for _ in range({THREADS})]
for one in threads: one.start()
for one in threads: one.join()
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="another C library than glibc")
@pytest.mark.parametrize(("given", "heaps"), [({}, {2}), ({"MALLOC_ARENA_MAX": "5"}, {3, 4, 5})])
def test_many_threads_share_two_heaps_unless_told_otherwise(tmp_path: Path, given: dict[str, str], heaps: set[int]) -> None:
    report = tmp_path / "heaps.xml"
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | given
    subprocess.run([sys.executable, "-c", COUNT, report], env=environment, check=True, timeout=60)
    assert report.read_text().count("<heap nr=") in heaps


SETTLED = """
import gc, weakref
from hub.cli.heaps import settle

class Ring:
    def __init__(self):
        self.me = self

stands = [[] for _ in range(200_000)]
gone = weakref.ref(Ring())
settle()
assert gone() is None, "a ring of the start stays for ever"
assert gc.isenabled() and len(gc.get_objects()) < 5_000, "the start is looked through again"
later = weakref.ref(Ring())
gc.collect()
assert later() is None, "a ring of later is not looked for"
"""


def test_the_start_is_looked_through_once_and_what_comes_later_again_and_again() -> None:
    found = subprocess.run([sys.executable, "-c", SETTLED], check=False, timeout=60, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
