"""A process of the hub as the benchmark runs it: ``python -m benchmarks._lane.process WORDS``, the words of ``hub``.

The same code with other sizes (BENCH_SIZES: documents a window, messages a commit, publications a confirm, prefetch). SIGUSR1 keeps
windows from being run, SIGUSR2 lets them go. BENCH_SENDERS=0: deliveries are made and not sent. BENCH_STEPS names a file into which
SIGUSR1 and SIGUSR2 write the CPU that each step has taken so far.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from threading import Event
from types import FrameType

from benchmarks._lane import shares
from hub.bootstrap import Hub, build
from hub.channels.sizes import Sizes
from hub.cli import main, running
from hub.worker import Worker

SIZES, SENDERS, STEPS = "BENCH_SIZES", "BENCH_SENDERS", "BENCH_STEPS"


class HeldWorker(Worker):
    """A worker whose windows can be held back, so that a backlog comes together before it is worked off."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.free = Event()
        self.free.set()
        self.windows._step = self._when_free(self.windows._step)
        if os.environ.get(SENDERS) == "0":
            self.deliveries = {}

    def _when_free(self, step: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: self.free.is_set() and step()

    def start(self) -> None:
        """Begin, and obey the two signals."""
        signal.signal(signal.SIGUSR1, self._hold)
        signal.signal(signal.SIGUSR2, self._go)
        super().start()

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self.free.clear()
        shares.write()

    def _go(self, number: int, frame: FrameType | None) -> None:
        shares.write()
        self.free.set()
        self.windows.wake()


def started() -> None:
    """Run the command line with what the environment says."""
    signal.signal(signal.SIGUSR1, lambda number, frame: shares.write())
    if STEPS in os.environ:
        shares.begin(os.environ[STEPS])
    vars(running)["build"] = partial(build, sizes=Sizes(*(int(word) for word in os.environ[SIZES].split(","))))
    vars(running)["Worker"] = HeldWorker
    main()


if __name__ == "__main__":
    started()
