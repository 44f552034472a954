"""How the demo's hub runs: embedded as one process, or on servers as production does: one door, two workers.

Only the lines ``store:`` and ``channels:`` of ``hub.yaml`` tell the two apart.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EMBEDDED = {"STORE": "sqlite:///var/hub.db", "CHANNELS": "local"}
START_SECONDS, END_SECONDS = 120, 60
"""How long a start and an end may take, also on a machine that is busy with other work."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the store and of the broker, or ``env:NAME`` of where they stand; None: the embedded default."""

    store: str | None = None
    channels: str | None = None

    def words(self, folder: Path) -> Mapping[str, str]:
        """What stands in ``hub.yaml``. An address may hold a password, so it is kept in a file that only its owner reads."""
        given = {"STORE": self.store, "CHANNELS": self.channels}
        return EMBEDDED | {name: _reference(folder / name.lower(), url) for name, url in given.items() if url is not None}

    def before(self) -> list[tuple[str, ...]]:
        """Commands of the hub's command line before it starts."""
        return [("migrate",)] if self.store else []

    def processes(self) -> Mapping[str, tuple[str, ...]]:
        """Name -> words of the hub's command line."""
        if self.store or self.channels:
            return {"hub-api": ("api",), "hub-worker-1": ("worker",), "hub-worker-2": ("worker",)}
        return {"hub": ("run",)}

    @contextmanager
    def running(self, folder: Path, ready: Callable[[], bool]) -> Iterator[float]:
        """Start them, wait until the door says that it is ready; gives how many seconds that took. Stopped in good order, else
        SystemExit with the end of a log."""
        began, started = time.monotonic(), dict[str, subprocess.Popen[bytes]]()
        try:
            for name, words in self.processes().items():
                started[name] = _start(folder, name, words)
            while not ready():
                _need_alive(folder, started, late=time.monotonic() - began > START_SECONDS)
                time.sleep(0.05)
            yield time.monotonic() - began
            _need_alive(folder, started, late=False)
        finally:
            codes = _end(started)
        for name, code in codes.items():
            if code:
                raise SystemExit(f"{name} ended with {code}:\n{_log(folder, name)}")


def _reference(file: Path, url: str) -> str:
    if url.startswith("env:"):
        return url
    file.touch(0o600)
    file.write_text(url, "utf-8")
    return f"file:{file.name}"


def _start(folder: Path, name: str, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen([sys.executable, "-m", "hub.cli", *words], cwd=folder, stdout=log, stderr=log)


def _need_alive(folder: Path, started: Mapping[str, subprocess.Popen[bytes]], *, late: bool) -> None:
    """Raises SystemExit where one has ended, or where the door is not ready in time."""
    for name, process in started.items():
        if process.poll() is not None:
            raise SystemExit(f"{name} ended with {process.returncode}:\n{_log(folder, name)}")
    if late:
        door = next(iter(started))
        raise SystemExit(f"{door} is not ready after {START_SECONDS} s:\n{_log(folder, door)}")


def _end(started: Mapping[str, subprocess.Popen[bytes]]) -> dict[str, int]:
    """Ask all of them to end; one that does not is killed."""
    for process in started.values():
        process.terminate()
    codes = {}
    for name, process in started.items():
        try:
            codes[name] = process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            codes[name] = process.wait()
    return codes


def _log(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]
