"""Where the CPU of a process of the hub goes: by thread, and by step of the lane, measured inside it.

A step's time is its own: what it calls that is a step too is taken off. The clocks count the CPU of one thread.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import orjson

from hub.channels import relay
from hub.services import together
from hub.services.inventory import service as inventory
from hub.services.order import service as order
from hub.stages import flush, plan, receive, translate, window
from hub.store import outgoing, publications

_spent: dict[str, int] = defaultdict(int)
_open = threading.local()
_file = ""
STEPS: tuple[tuple[Any, str, str], ...] = (
    (plan.Planner, "plan", "window: read work and messages"),
    (translate, "translate_document", "translate"),
    (window, "load", "window: load state"),
    (together.Together, "load", "services: load stock, orders, parties"),
    (window, "decide", "admit and apply: decide"),
    (together.Together, "decide", "services: decide"),
    (window.Lane, "_commit", "window: locks, commit, signals"),
    (window.Lane, "_own", "window: take over a partition"),
    (flush.Flush, "_documents", "flush: document"),
    (flush.Flush, "_identity", "flush: technical id, key"),
    (flush.Flush, "_effects", "flush: effect"),
    (publications, "publish", "flush: published, outbox"),
    (outgoing, "create", "flush: delivery, numbers"),
    (order.OrderState, "flush", "flush: orders, lines"),
    (inventory.InventoryState, "flush", "flush: stock, ledger, reservations"),
    (flush.Flush, "_people", "flush: counters, feed, search numbers"),
    (flush.Flush, "_messages", "flush: message"),
    (flush.Flush, "_work", "flush: work"),
    (relay.Relay, "run", "relay"),
    (receive, "packed", "intake: hash, compress"),
    (receive.Receiving, "receive", "intake: wait for the commit"),
)


def begin(file: str) -> None:
    """Measure from now on; ``file`` is where ``write`` says what was found."""
    vars(__import__(__name__, fromlist=["_file"]))["_file"] = file
    for owner, name, label in STEPS:
        setattr(owner, name, _timed(getattr(owner, name), label))


def _timed(function: Callable[..., Any], label: str) -> Callable[..., Any]:
    @wraps(function)
    def timed(*arguments: Any, **words: Any) -> Any:
        inner, _open.inner = getattr(_open, "inner", 0), 0
        began = time.thread_time_ns()
        try:
            return function(*arguments, **words)
        finally:
            took = time.thread_time_ns() - began
            _spent[label] += took - _open.inner
            _open.inner = inner + took

    return timed


def write() -> None:
    """CPU seconds so far by step and by thread."""
    if _file:
        threads: dict[str, float] = defaultdict(float)
        for thread in threading.enumerate():
            if thread.ident is not None:
                threads[thread.name.partition("-")[0]] += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        Path(_file).write_bytes(orjson.dumps({"steps": {name: ns / 1e9 for name, ns in _spent.items()}, "threads": threads}))
