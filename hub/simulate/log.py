"""What a simulated partner wrote down for itself: one object a line. ``balance`` reads these, never the hub's store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any


class Log:
    """A partner's own log file. Lines are written whole, from any thread."""

    def __init__(self, folder: Path, partner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.partner = partner
        self._file = (folder / f"{partner}.jsonl").open("a", encoding="utf-8")
        self._lock = Lock()

    def write(self, event: str, **fields: Any) -> None:
        """``event``: sent, kept (the hub said so), refused, received, acknowledged."""
        line = json.dumps({"partner": self.partner, "event": event, **fields}, ensure_ascii=False, sort_keys=True)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def read_logs(folder: Path) -> Iterator[dict[str, Any]]:
    """Every line of every partner's log."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield dict(json.loads(line))
