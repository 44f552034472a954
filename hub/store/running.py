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
    with _asked(store) as who:
        if who:
            fix = "stop that one first, or give this one a store of its own (hub.store)"
            raise Misconfigured(f"a hub runs on this store already: {who}", at=str(store), fix=fix)
        yield


def runner(store: Path) -> str:
    """Who runs this store now, as ``process N``; empty: nobody does."""
    with _asked(store) as who:
        return who


@contextmanager
def _asked(store: Path) -> Iterator[str]:
    """Take the lock until the end of the block; gives who has it already, empty where it is ours."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{store}.run").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            yield file.read().strip() or "another process"
            return
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield ""
