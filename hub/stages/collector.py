"""The collector of reference rings waits while a window runs: a window makes hundreds of thousands of objects that all live until its
commit and die by their counts after it, and looking through them again and again took a third of its CPU."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_windows = 0


@contextmanager
def collector_waits() -> Iterator[None]:
    """No collection begins until the last of those that asked for it is through. Where it was switched off it stays off."""
    global _windows
    with _lock:
        mine = gc.isenabled() or _windows > 0
        _windows += mine
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _windows -= mine
            if mine and not _windows:
                gc.enable()
