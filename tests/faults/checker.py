"""Asks the invariants that hold at any moment, again and again while others kill. ``asked.jsonl``: each time, and what was broken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from canonical_model.problems import HubError
from hub.cli.settings import load_config
from hub.store.database import Store
from hub.store.invariants import broken
from tests.faults.plan import write_line

LOG = "invariants.jsonl"
PAUSE, REST = 0.4, 9


def open_store() -> Store:
    """The store, to look into."""
    return Store(load_config(Path("hub.yaml")).store_url())


def main(words: Sequence[str]) -> int:
    """Until killed; rests ``REST`` times as long as it asked, so that it is not the load: of a million documents it asks for seconds."""
    store = open_store()
    while True:
        began = time.monotonic()
        try:
            with store.read() as connection:
                found = broken(connection, at_rest=False)
            write_line(LOG, broken={name: [str(row) for row in rows[:5]] for name, rows in found.items()})
        except HubError as error:
            write_line("checker.log", unreachable=str(error)[:200])
        time.sleep(PAUSE + REST * (time.monotonic() - began))
