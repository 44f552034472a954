"""How much the relay publishes at once, and when again: what a broker refuses has reached the other queues all the same.

One full queue makes the broker refuse a publication that every other queue has taken. To send a batch again at once would fill
those with repeats for as long as the full one is full.
"""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST, LONGEST = 0.5, 30.0
"""Seconds until the next attempt after a refusal: at first, and at most. It doubles in between."""


class Pace:
    """Everything at once while all is confirmed; after a refusal nothing for a while, then one row, then twice as many each time, so
    that at most as many come twice as were taken just before. The pause is short again once nothing is left or a whole batch went."""

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self.size, self._most, self._now = most, most, now
        self._pause, self._again = 0.0, 0.0

    def open(self) -> bool:
        """Whether the pause is over; whoever wakes the relay before that wakes it in vain."""
        return self._now() >= self._again

    def told(self, sent: int, confirmed: int, *, more: bool) -> None:
        """So many went out, so many were taken; ``more`` when others may wait behind them. Fewer than ``size`` with more behind them are a
        batch that its bytes have ended, and a whole one."""
        if confirmed < sent:
            self._pause = min(2 * self._pause, LONGEST) or FIRST
            self.size, self._again = 1, self._now() + self._pause
        elif not more or sent == self._most:
            self._pause, self.size = 0.0, self._most
        else:
            self._pause = 0.0 if sent < self.size else self._pause
            self.size = min(2 * sent, self._most)
