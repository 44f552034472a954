"""Windows that are made to meet: a wait between looking and writing, and a second lane where the hub has one."""

from __future__ import annotations

import time
from copy import copy
from typing import Any

from hub.codebook import Codebook
from hub.stages.window import Lane
from hub.worker import Worker
from hub.worker.loop import Loop
from hub.worker.windows import Windows


def put(owner: Any, name: str, made: Any) -> None:
    """Put something in the place of a part of the hub, in this process."""
    setattr(owner, name, made)


def widen(lane: type[Lane], stale: Any, seconds: float) -> None:
    """Look before the transaction, wait, then run it with that look in ``stale.connection``."""
    original = lane._commit

    def commit(self: Lane, planned: Any) -> Any:
        with self.store.read() as before:
            before.exec_driver_sql("select count(*) from business_key")
            stale.connection = before
            time.sleep(seconds)
            try:
                return original(self, planned)
            finally:
                stale.connection = None

    put(lane, "_commit", commit)


def second_lane() -> None:
    """A worker runs two lanes, each with a codebook of its own, over whatever partition is free."""
    original, loops = Worker.__init__, Worker.loops.fget  # type: ignore[attr-defined]

    def made(self: Worker, hub: Any) -> None:
        original(self, hub)
        flow = copy(hub.flow)
        flow.lane = Lane(hub.store, Codebook(), hub.ports, hub.signals)
        windows = Windows(flow)
        put(self, "second", Loop("second lane", windows.step, idle=windows.idle))

    def both(self: Worker) -> list[Loop]:
        return [*loops(self), vars(self)["second"]]

    put(Worker, "__init__", made)
    put(Worker, "loops", property(both))
