"""A loop of a worker: one step again and again in a thread of its own, until it is stopped in good order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Event, Thread

from canonical_model.problems import Retry
from hub.store.database import StoreFault

log = logging.getLogger(__name__)

SHORTEST, IDLE = 0.005, 0.1
"""Seconds between two looks while there is nothing to do: the first and the longest."""
RETRY = 2.0
"""Seconds until a loop that met a Retry looks again."""


class Loop:
    """Calls ``step`` until stopped: at once again while it says it did something, else after a rising wait. ``idle`` gives the
    longest wait as it is now. ``wake`` ends the wait at once. A fault of the store ends the loop and is told to ``fault``."""

    def __init__(
        self, name: str, step: Callable[[], bool], shortest: float = SHORTEST, idle: Callable[[], float] = lambda: IDLE,
        fault: Callable[[StoreFault], None] = lambda fault: None,
    ) -> None:  # fmt: skip
        self._fault = fault
        self.name, self._step, self._shortest, self._idle = name, step, shortest, idle
        self._changed, self._stopping, self._woken = Condition(), Event(), False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Finish the step that runs and end."""
        self._stopping.set()
        self.wake()

    def join(self, seconds: float) -> bool:
        """Wait for the end; False when it still runs. One that never began has ended."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = self._shortest
        while not self._stopping.is_set():
            if self._once():
                pause = self._shortest
                continue
            woken = self._wait(pause)
            pause = self._shortest if woken else min(pause * 2, max(self._idle(), self._shortest))

    def _once(self) -> bool:
        try:
            return self._step()
        except Retry as error:
            log.warning("%s: %s", self.name, error)
        except StoreFault as error:
            log.critical("%s stops: %s", self.name, error)
            self._stopping.set()
            self._fault(error)
        except Exception:
            log.exception("%s failed; it goes on", self.name)
        self._stopping.wait(RETRY)
        return False

    def _wait(self, seconds: float) -> bool:
        with self._changed:
            if not self._woken and not self._stopping.is_set():
                self._changed.wait(seconds)
            woken, self._woken = self._woken, False
            return woken
