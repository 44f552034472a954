"""One process that has loaded the hub once and forks others from it: a kill costs the hub's own start, not Python's.

It speaks lines of JSON: ``{"name", "role", "words", "env", "folder"}`` or ``{"signal", "pid"}`` in, ``{"started", "pid"}`` and
``{"ended", "pid", "code"}`` out. When its input ends, so does everybody it started.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.warm import warm

ROLES = {
    "hub": "tests.faults.inside", "partner": "tests.faults.partner", "receivers": "tests.faults.receivers",
    "reader": "tests.faults.reader", "person": "tests.faults.person", "checker": "tests.faults.checker",
    "verdict": "tests.faults.verdict", "prepare": "tests.faults.prepare",
}  # fmt: skip
"""Role -> the module whose ``main(words)`` it runs; gives its exit code."""


class Nursery:
    """The children by process id."""

    def __init__(self) -> None:
        self.children: dict[int, str] = {}
        self._rest, self._warm = b"", False

    def serve(self) -> None:
        """Until the input ends."""
        while True:
            ready, _, _ = select.select([0], [], [], 0.03)
            if ready:
                data = os.read(0, 65_536)
                if not data:
                    return
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._do(json.loads(line))
            self._reap()

    def _do(self, order: dict[str, Any]) -> None:
        if "signal" in order:
            if order["pid"] in self.children:
                with suppress(ProcessLookupError):
                    os.kill(order["pid"], order["signal"])
            return
        if not self._warm:
            warm(Path(order["folder"], "hub.yaml"))
            gc.freeze()
            self._warm = True
        pid = os.fork()
        if pid == 0:
            _become(order)
        self.children[pid] = order["name"]
        _say(started=order["name"], pid=pid)

    def _reap(self) -> None:
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _say(ended=self.children.pop(pid), pid=pid, code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """Kill whoever is left."""
        for pid in self.children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _say(**facts: Any) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """The child: its own log, its own chance, then the role's main."""
    code = 70
    try:
        os.chdir(order["folder"])
        log = os.open(f"{order['name']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        null = os.open(os.devnull, os.O_RDWR)
        for old, new in ((null, 0), (log, 1), (log, 2)):
            os.dup2(old, new)
        os.environ.update(order.get("env", {}))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        random.seed()
        code = import_module(ROLES[order["role"]]).main(order["words"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Load what takes long, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.flush()
    for name in ("hub.cli.running", "hub.cli.app", "hub.bootstrap", "hub.worker", "pika", "psycopg", *ROLES.values()):
        import_module(name)
    gc.collect()
    nursery = Nursery()
    _say(ready=os.getpid())
    try:
        nursery.serve()
    finally:
        nursery.end()


if __name__ == "__main__":
    main()
