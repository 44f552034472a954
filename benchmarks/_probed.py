"""``hub worker`` that writes down what it does, and ends or stands still at a named point when it is told to.

As a program: ``python -m benchmarks._probed worker``, with TRACE naming the file of its lines. SIGUSR1 arms it: it reads ``POINT SIGNAL``
from the file TRACE.arm, and sends itself that signal when it reaches the point next. Lines are JSON objects with ``at`` in microseconds:

  {"plan": [P], "documents": [ids]}    a window of these partitions was planned: these documents were translated for it
  {"commit": [P], "documents": N}      it was committed
  {"wake": P, "again": true}           a wake-up came; ``again``: somebody else had it before
  {"relay": N}, {"deliver": SUBSCRIPTION, "sent": N}
  {"fault": SIGNAL, "point": POINT}    it is about to send itself the signal
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from hub import signals
from hub.channels.rabbitmq import RabbitWakeUps
from hub.channels.relay import Relay
from hub.cli import main
from hub.stages.deliver import Delivering
from hub.stages.plan import Plan, Planner
from hub.stages.window import Lane

FILE = Path(os.environ.get("TRACE", "trace"))
ARM = FILE.with_suffix(".arm")


class Trace:
    """The file of lines; one line a write, so that what was written is there also after kill -9."""

    def __init__(self) -> None:
        self._file = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(self, **facts: Any) -> int:
        return os.write(self._file, orjson.dumps({"at": time.time_ns() // 1000, **facts}) + b"\n")


def watch(trace: Trace) -> None:
    """Write down what the path does."""
    after(Planner, "plan", lambda self, words, plan: plan.work and trace.say(plan=plan.partitions, documents=_ids(plan)))
    after(Lane, "_commit", lambda self, words, done: done and trace.say(commit=words[0].partitions, documents=done.documents))
    after(Delivering, "run_one", lambda self, words, sent: sent and trace.say(deliver=words[0].id, sent=sent))
    after(Relay, "_batch", lambda self, words, sent: sent and trace.say(relay=sent))
    taker = RabbitWakeUps._taker

    def taking(self: Any, p: int) -> Any:
        take = taker(self, p)

        def came(arrived: Any) -> None:
            if self.kind == "inbound":
                trace.say(wake=p, again=arrived.redelivered)
            take(arrived)

        return came

    RabbitWakeUps._taker = taking  # type: ignore[method-assign]


def _ids(plan: Plan) -> list[int]:
    return [doc.id for doc in plan.arrivals]


def after(owner: type, name: str, told: Callable[[Any, tuple[Any, ...], Any], object]) -> None:
    """Call ``told`` with what a method was called with and what it gave."""
    method = getattr(owner, name)

    def watched(self: Any, *words: Any) -> Any:
        found = method(self, *words)
        told(self, words, found)
        return found

    setattr(owner, name, watched)


def arm(trace: Trace) -> None:
    """Be ready to meet a fault."""

    def armed(number: int, frame: Any) -> None:
        point, name = ARM.read_text().split()

        def act() -> None:
            signals.probe(point, None)
            trace.say(fault=name, point=point)
            os.kill(os.getpid(), getattr(signal, name))

        signals.probe(point, act)

    signal.signal(signal.SIGUSR1, armed)


if __name__ == "__main__":
    told = Trace()
    watch(told)
    arm(told)
    sys.argv[0] = "hub"
    main()
