"""How far the traffic is: kills wait for it, so that they are spread over all of it and find the hub at work."""

from __future__ import annotations

import time
from pathlib import Path

from canonical_model.problems import HubError
from hub.cli.settings import load_config
from hub.store import work
from hub.store.database import Store

SLACK = 0.05
"""Share of all kills that may be ahead of what is acknowledged."""
LARGE, BACKLOG = 150, 1_500
"""Documents a kill from which on also the backlog is waited for, and the messages that may wait then."""
LOOK = 0.5
"""Seconds between two looks."""


class Traffic:
    """What the senders were told, and what waits in the store."""

    def __init__(self, folder: Path, documents: int, kills: int, *, placed: bool = False) -> None:
        self.folder, self.documents, self.placed = folder, documents, placed
        self.large = documents / max(1, kills) > LARGE
        self._store = Store(load_config(folder / "hub.yaml").store_url())
        self._looked, self._behind = 0.0, False

    def behind(self, share: float) -> bool:
        """Whether the traffic is behind a share of the kills."""
        if self.placed and not (self.folder / "given").exists():
            return True
        now = time.monotonic()
        if now > self._looked + LOOK:
            self._looked = now
            self._behind = self._acknowledged() < share - SLACK or (self.large and self._backlog() >= BACKLOG)
        return self._behind

    def _acknowledged(self) -> float:
        try:
            return int((self.folder / "acked").read_text() or 0) / self.documents
        except (FileNotFoundError, ValueError):
            return 0.0

    def _backlog(self) -> int:
        try:
            with self._store.read() as connection:
                return work.count(connection, BACKLOG)
        except HubError:
            return 0

    def close(self) -> None:
        """Give back the connection."""
        self._store.close()
