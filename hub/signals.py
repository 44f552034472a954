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
