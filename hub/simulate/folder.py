"""The folder that a demo works in: emptied at its beginning, its own until its end."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from canonical_model.problems import Misconfigured

MARK = ".demo"
"""A file by which a folder is known as a demo's, so that the next one may empty it; who works there has it locked."""


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """Empty ``folder``, made where it is not there, and keep other demos out of it until the end of the block or of the process.

    Raises Misconfigured, with nothing touched, where it has files that are no demo's or another demo runs in it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        fix = "name a folder that is empty or not there (--keep)"
        raise Misconfigured("the folder has files that are no demo's", at=str(folder), fix=fix)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MARK).open("a+") as mark:
        _lock(mark.fileno(), folder)
        for one in folder.iterdir():
            if one.name != MARK:
                _remove(one)
        mark.truncate(0)
        mark.write(f"process {os.getpid()}")
        mark.flush()
        yield


def _lock(mark: int, folder: Path) -> None:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = (folder / MARK).read_text() or "another process"
        raise Misconfigured(
            f"a demo runs in this folder: {who}", at=str(folder), fix="wait for its end, or give this one another --seed or --keep"
        ) from None


def _remove(one: Path) -> None:
    if one.is_dir() and not one.is_symlink():
        shutil.rmtree(one)
    else:
        one.unlink()
