"""One running hub a store: the embedded lane is the only writer that works by itself.

A lock on a file beside the store, held as long as the process lives: the system takes it away from a process that dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from canonical_model.problems import Misconfigured


@contextmanager
def only_runner(store: Path) -> Iterator[None]:
    """Be the one that runs this store until the end of the block. Raises Misconfigured when another process is."""
    store.parent.mkdir(parents=True, exist_ok=True)
    place = Path(f"{store}.run")
    with place.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            fix = "stop that one first, or give this one a store of its own (hub.store)"
            raise Misconfigured(f"a hub runs on this store already: {who}", at=str(store), fix=fix) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


def runner(store: Path) -> str:
    """Who runs this store now, as ``process N``; empty: nobody does."""
    try:
        with only_runner(store):
            return ""
    except Misconfigured as running:
        return running.fact.rpartition(": ")[2]
