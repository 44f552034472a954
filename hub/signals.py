"""What the path tells whoever listens, after the commit only, and the named points at which a test may stop it.

A listener that fails is logged and forgotten: watching never disturbs the lane. ``reach`` is for the fault harness:
without a probe it costs one look into an empty mapping.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

RECEIVED = "received"
TRANSLATED = "translated"
ADMITTED = "admitted"
APPLIED = "applied"
DELIVERED = "delivered"
HELD = "held"
RELEASED = "released"
PUBLISHED = "published"
ALERT = "alert"
STEPS = (RECEIVED, TRANSLATED, ADMITTED, APPLIED, DELIVERED)
"""The steps of one message in the order of its path; ``hub/flow.py`` shows the same."""

Listener = Callable[[str, dict[str, Any]], None]


class Signals:
    """Name -> listeners. ``emit`` is called after a commit, never inside a transaction."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def connect(self, listener: Listener, *names: str) -> None:
        """Listen to the named signals, or to all."""
        for name in names or ("",):
            self._listeners[name].append(listener)

    def emit(self, name: str, **facts: Any) -> None:
        """Tell the listeners; their failures are logged."""
        for listener in (*self._listeners.get(name, ()), *self._listeners.get("", ())):
            try:
                listener(name, facts)
            except Exception:
                log.exception("a listener of %s failed", name)


POINTS = (
    "receive.before_commit",  # message and work row written; nothing committed, nothing accepted
    "receive.after_commit",  # kept, but its sender has not heard so
    "window.translated",  # planned outside of the transaction, nothing locked
    "window.locked",  # partition, keys, services' rows locked and loaded; nothing decided
    "window.decided",  # decided, under the codebook's lock where holds change; nothing written
    "window.flushing",  # in the middle of the flush: documents and holds written, work not settled
    "window.before_commit",  # everything written
    "window.after_commit",  # committed; the wake-up is not settled
    "window.refused",  # the store refused a window: it is rolled back, its halves have not begun
    "wake_up.before_done",  # a partition is empty; its wake-up is not settled
    "deliver.rendered",  # the bytes are made; nothing is marked
    "deliver.before_sending",  # marked as being sent; not committed
    "deliver.sending",  # marked and committed; no byte has left
    "deliver.sent",  # the receiver has it; the mark is not set
    "deliver.marked",  # what came of it is committed; an uncertain one is not settled yet
    "relay.before_publish",  # rows read; nothing published
    "relay.after_publish",  # published and confirmed; the rows are there still
    "relay.after_delete",  # the confirmed rows are gone
    "release.before_commit",  # a fact, its revision and what it freed are written
    "release.batch",  # a batch of a release above 1,000 is written
    "release.between_batches",  # one batch of a release above 1,000 is committed
    "command.before_commit",  # what a person changed is written, without its audit
    "migrate.step",  # one step of a migration is done, in the transaction of all
)
"""Every point at which a test may stop or kill the path; a test compares them with the calls of ``reach``."""

_probes: dict[str, Callable[[], None]] = {}


def probe(point: str, action: Callable[[], None] | None) -> None:
    """Run ``action`` whenever the path reaches ``point`` (None takes it away). For the fault harness and tests."""
    if action is None:
        _probes.pop(point, None)
    else:
        _probes[point] = action


def reach(point: str) -> None:
    """The path is at ``point``, e.g. ``window.before_commit``."""
    if point in _probes:
        _probes[point]()
