"""The conductor's side of the nursery: start a role, send it signals, learn of its end. A context manager: all end with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGABRT, SIGCONT, SIGKILL, SIGTERM
from typing import Any, Self

from tests.services.processes import ROOT


@dataclass
class Child:
    """One process. ``code`` is None while it runs; negative: the signal that ended it."""

    name: str
    role: str
    pid: int = 0
    code: int | None = None
    armed: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class Family:
    """Names are the caller's; a name may be started again once its process has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.children = folder, dict[str, Child]()
        self._by_pid: dict[int, Child] = {}
        self._waiting: dict[str, Child] = {}
        self._told = threading.Condition()
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        with (self.folder / "nursery.log").open("ab") as log:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"}, start_new_session=True,
            )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        if not self._ready.wait(60):
            raise RuntimeError(f"the nursery did not start: {(self.folder / 'nursery.log').read_text()[-2000:]}")
        return self

    def __exit__(self, *error: object) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        try:
            self._nursery.wait(10)
        except subprocess.TimeoutExpired:
            self._nursery.kill()

    def move(self, folder: Path) -> None:
        """Whoever is started from now on works in another folder; everybody else is ended."""
        for child in [child for child in self.children.values() if child.code is None]:
            self.signal(child, SIGKILL)
            child.ended.wait(10)
        self.folder, self.children = folder, {}

    def _listen(self) -> None:
        assert self._nursery.stdout is not None
        for line in self._nursery.stdout:
            said = json.loads(line)
            with self._told:
                self._hear(said)
                self._told.notify_all()

    def _hear(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._ready.set()
        elif "started" in said:
            child = self._waiting.pop(said["started"])
            child.pid = said["pid"]
            self._by_pid[child.pid] = child
        else:
            child = self._by_pid.pop(said["pid"])
            child.code = said["code"]
            child.ended.set()

    def _order(self, order: Mapping[str, Any]) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(json.dumps(order).encode() + b"\n")
        self._nursery.stdin.flush()

    def start(self, name: str, role: str, *words: str, env: Mapping[str, str] | None = None) -> Child:
        """Start a role under a name; returns once it has a process."""
        with self._told:
            child = self.children[name] = self._waiting[name] = Child(name, role)
            self._order({"name": name, "role": role, "words": words, "env": dict(env or {}), "folder": str(self.folder)})
            if not self._told.wait_for(lambda: child.pid > 0, 20):
                raise RuntimeError(f"{name} was not started")
        return child

    def run(self, name: str, role: str, *words: str, env: Mapping[str, str] | None = None, seconds: float = 600) -> int:
        """Start a role and wait for its end; gives its exit code."""
        return self.wait(self.start(name, role, *words, env=env), seconds)

    def wait(self, child: Child, seconds: float) -> int:
        """Wait for a process; one that does not end in time is killed, after it has told where its threads stand."""
        if not child.ended.wait(seconds):
            self.signal(child, SIGABRT)
            child.ended.wait(5)
            self.signal(child, SIGKILL)
            child.ended.wait(10)
        return -SIGKILL if child.code is None else child.code

    def signal(self, child: Child, number: int) -> None:
        """Send it a signal."""
        with self._told:
            self._order({"signal": int(number), "pid": child.pid})

    def alive(self, role: str) -> list[Child]:
        """Processes of a role that run."""
        return [child for child in self.children.values() if child.role == role and child.code is None]

    def stop(self, children: Sequence[Child], seconds: float = 40) -> list[Child]:
        """End them in good order; gives those that did not end by themselves with 0."""
        for child in children:
            self.signal(child, SIGCONT)
            self.signal(child, SIGTERM)
        return [child for child in children if self.wait(child, seconds) != 0]

    def log(self, name: str) -> str:
        """The end of what it has written."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""
