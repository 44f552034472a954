"""Where a process of the hub dies by itself: at the n-th time it reaches a named point. Told before, since afterwards nobody can."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from threading import Lock

from hub.signals import probe
from tests.faults.plan import write_line

DEATHS = "deaths.jsonl"
POINTS: Mapping[str, Mapping[str, int]] = {
    "api": {"receive.before_commit": 25, "receive.after_commit": 25},
    "worker": {
        "window.translated": 8, "window.locked": 8, "window.decided": 8, "window.flushing": 8, "window.before_commit": 8,
        "window.after_commit": 8, "window.refused": 2, "wake_up.before_done": 8, "deliver.rendered": 4, "deliver.before_sending": 4,
        "deliver.sending": 4, "deliver.sent": 4, "deliver.marked": 4, "relay.before_publish": 8, "relay.after_publish": 8,
        "relay.after_delete": 8, "release.batch": 1, "release.between_batches": 1, "release.before_commit": 1,
    },
    "person": {"command.before_commit": 8, "release.before_commit": 6},
}  # fmt: skip
"""Kind of process -> points that it comes to, and the most hits that are waited for there."""


def points(kind: str) -> Mapping[str, int]:
    """Of a process by its command: ``run`` is both."""
    return {**POINTS["api"], **POINTS["worker"]} if kind == "run" else POINTS[kind]


def arm(point: str, hits: int) -> None:
    """Die with SIGKILL when the point is reached for the n-th time."""
    lock, left = Lock(), [hits]

    def hit() -> None:
        with lock:
            left[0] -= 1
            if left[0] == 0:
                die(point)

    probe(point, hit)


def die(why: str) -> None:
    """The end, without any more words."""
    write_line(DEATHS, point=why, pid=os.getpid())
    os.kill(os.getpid(), signal.SIGKILL)
