"""A reader at his terminal. ``hub`` is called in this process, so that a page of commands does not load the program for each;
``hub run`` is a process, and every other line is given to bash."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docs.bench import typed
from tests.docs.steps import Step

PLAIN = re.compile(r"hub [^|<>&;$`]*")
RUN = "hub run > hub.log 2>&1 &"
STOP = "kill %1"
PATIENCE, LOOK = 100, 0.1
"""Seconds that a wait may take, and between two looks."""


class Shell:
    """One terminal. As a context it ends what it left running."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self._environment = folder, dict(environment)
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def do(self, step: Step) -> tuple[str, int]:
        """(output, exit code of the last line)."""
        if step.kind == "save":
            place = self.folder / step.word
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(step.text, encoding="utf-8")
            return "", 0
        return self._wait(step.text) if step.kind == "wait" else self._type(step.text)

    def _type(self, text: str) -> tuple[str, int]:
        said, code = "", 0
        for line in text.splitlines():
            more, code = self._line(line)
            said += more
        return said, code

    def _line(self, line: str) -> tuple[str, int]:
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
        elif line == RUN:
            with (self.folder / "hub.log").open("wb") as log:
                command = [sys.executable, "-m", "hub.cli", "run"]
                self._running = subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=log, stderr=log)
        elif line == STOP:
            self._stop()
        elif PLAIN.fullmatch(line):
            return typed(shlex.split(line), self.folder)
        else:
            return self._bash(line)
        return "", 0

    def _bash(self, line: str) -> tuple[str, int]:
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self._environment, timeout=PATIENCE, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        return done.stdout, done.returncode

    def _wait(self, command: str) -> tuple[str, int]:
        end = time.monotonic() + PATIENCE
        said, code = self._bash(command)
        while code and time.monotonic() < end:
            time.sleep(LOOK)
            said, code = self._bash(command)
        return said, code

    def _stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(PATIENCE)
            self._running = None
