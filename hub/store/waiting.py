"""How much waits before the hub, looked at now and then: every sender asks, and counting a long line for each makes it longer."""

from __future__ import annotations

from threading import Lock

from hub.store import work
from hub.store.database import Store

AGAIN_AFTER = 0.25
"""Seconds for which a look is true while there is room."""
ROOM = 1000
"""Rows below the limit: more than come in until the next look. With less room each sender has a look of its own."""


class Line:
    """Whether more work is open than may be: ``limit`` rows. Any thread may ask."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store, self._limit, self._lock = store, limit, Lock()
        self._free_until = 0.0

    def crowded(self) -> bool:
        """Whether the doors close now."""
        with self._lock:
            now = self._store.clock.monotonic()
            if now < self._free_until:
                return False
            with self._store.read() as connection:
                open = work.count(connection, self._limit)
            self._free_until = now + AGAIN_AFTER if self._limit - open > ROOM else 0.0
            return open >= self._limit
