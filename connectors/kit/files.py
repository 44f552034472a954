"""Files that are written once and whole, for connectors that share a file system with the other side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from canonical_model.problems import Misconfigured, SystemUnreachable
from connectors.base import Receipt, SendRefused


class Outbox:
    """Writes one name once: ``<name>.part`` holds the bytes, ``<name>.sent`` their hash, then the part is renamed to
    its target. A part beside a hash says that the rename is still to come; a hash alone that it was done."""

    def __init__(self, out: Path, target: Path, state: Path) -> None:
        self._out, self._target = out, target
        self._part, self._sent = state / (target.name + ".part"), state / (target.name + ".sent")

    def put(self, payload: bytes) -> Receipt:
        """Write the bytes if this name was not written before. Raises SendRefused when it was, with other bytes; OSError."""
        digest = sha256(payload).hexdigest()
        said = self._sent.read_text("ascii") if self._sent.exists() else None
        if said is not None and said != digest:
            raise SendRefused(f"{self._target.name} was written before with other bytes")
        if said is not None and not self._part.exists():
            return Receipt(self._target.name, "was written before")
        if self._target.exists():
            return self._already(payload, digest)
        if said is None:
            durable(self._part, payload)
            durable(self._sent, digest.encode())
        self._part.rename(self._target)
        _sync_folder(self._out)
        return Receipt(self._target.name)

    def _already(self, payload: bytes, digest: str) -> Receipt:
        """The name stands there without our having finished it."""
        if self._target.read_bytes() != payload:
            raise SendRefused(f"{self._target.name} stands in the folder with other bytes")
        durable(self._sent, digest.encode())
        self._part.unlink(missing_ok=True)
        return Receipt(self._target.name, "was there before")


def durable(path: Path, payload: bytes) -> None:
    """Write a file so that it is there, whole, after a loss of power."""
    fresh = path.with_name(path.name + "~")
    with fresh.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def regular_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Name and state of every file that is no link and no folder."""
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            if entry.is_file(follow_symlinks=False):
                yield entry.name, entry.stat(follow_symlinks=False)


def check_folder(word: str, folder: Path) -> None:
    """Raise SystemUnreachable when a folder of the setting ``word`` is not there or not ours to write, Misconfigured when
    it is no folder."""
    fix = f"create it, or correct `{word}:`"
    if not folder.exists():
        raise SystemUnreachable(f"{word} is not there", at=str(folder), fix=f"{fix}; a share may not be mounted")
    if not folder.is_dir():
        raise Misconfigured(f"{word} is not a folder", at=str(folder), fix=fix)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise SystemUnreachable(f"{word} may not be read and written", at=str(folder), fix="give the hub's user rights to it")


def shown_name(name: str) -> str:
    """A file's name for people and databases: one that an old program wrote in GBK is decoded, not UTF-8 with holes.

    >>> shown_name(os.fsdecode("销售.csv".encode("gbk")))
    '销售.csv'
    """
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


@contextmanager
def reachable(path: Path, fact: str) -> Iterator[None]:
    """An error of the operating system as SystemUnreachable with ``fact`` and what to look at."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SystemUnreachable(
            f"{fact}: {reason}", at=str(error.filename or path), fix="check the share and the rights of the hub's user"
        ) from error
