"""A process of the hub as the harness starts it: ``hub run|api|worker`` of the hub's own command line, with what the environment asks
for put in from outside: a point to die at, the deadly document, a broken rule, and embedded the subscriber of ``canonical``.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from threading import Lock
from typing import Any

from hub.channels.base import Publication
from hub.channels.local import LocalChannels
from hub.cli import main as command_line
from hub.cli import running
from hub.stages.routes import Ways
from tests.faults import deaths, rules
from tests.faults.corpus.goods import DEADLY
from tests.faults.overlap import put
from tests.faults.plan import load, told, write_line

ASKED = "HUB_FAULTS"
UP = "up.jsonl"


def main(words: Sequence[str]) -> int:
    """Become a process of the hub."""
    plan, asked = load(), json.loads(os.environ.get(ASKED, "{}"))
    if "point" in asked:
        deaths.arm(asked["point"], asked["hits"])
    _deadly_documents()
    if not plan.production:
        _subscribe(plan.reader)
    if plan.broken:
        rules.BREAKS[plan.broken](plan)
    _say_when_up()
    sys.argv = ["hub", *words]
    command_line()
    return 0


def _say_when_up() -> None:
    """Tell the killer that this process works now."""
    original = running._tell

    def tell(*arguments: Any, **words: Any) -> None:
        original(*arguments, **words)
        write_line(UP, pid=os.getpid())

    put(running, "_tell", tell)


def _deadly_documents() -> None:
    """Whoever translates the deadly document dies, until the repair."""
    original = Ways.translate

    def translate(self: Ways, message: Any, raw: bytes, codes: Any, only: Any = None) -> Any:
        if DEADLY in raw and not told("repaired"):
            deaths.die("deadly document")
        return original(self, message, raw, codes, only)

    put(Ways, "translate", translate)


class Subscriber:
    """Hands each publication to the reader's process and waits for its word; raises when that does not come."""

    def __init__(self, port: int) -> None:
        self._port, self._lock = port, Lock()
        self._socket: socket.socket | None = None

    def __call__(self, item: Publication) -> None:
        with self._lock:
            try:
                self._socket = self._socket or socket.create_connection(("127.0.0.1", self._port), timeout=10)
                self._socket.sendall(f"{item.k}\t{item.n}\t{item.document}\t{item.type}\n".encode())
                if self._socket.recv(1) != b"+":
                    raise ConnectionError("the reader hung up")
            except OSError:
                self._socket = None
                raise


def _subscribe(port: int) -> None:
    """Embedded, subscribers are functions of the process: give it one."""
    subscriber = Subscriber(port)
    original = LocalChannels.__init__

    def made(self: LocalChannels, subscribers: Any = ()) -> None:
        original(self, [*subscribers, subscriber])

    put(LocalChannels, "__init__", made)
