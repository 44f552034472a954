"""Is the process alive, and may it be given work? Checks are functions that raise; they are handed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from canonical_model.problems import HubError

log = logging.getLogger(__name__)

Check = Callable[[], None]
"""Raises what is wrong (HubError with its fix, or anything)."""


class Health:
    """``ready()`` asks every check: store, mappings. Alive is who can answer at all. ``notes`` are told beside them and do not
    count: a broker that is away costs delay, and no sender is to be sent away for it."""

    def __init__(self, checks: Mapping[str, Check], notes: Mapping[str, Check] | None = None) -> None:
        self.checks, self.notes = dict(checks), dict(notes or {})

    def ready(self) -> dict[str, str]:
        """Check -> ``ok`` or what is wrong, as the hub's own errors say it; other errors are logged and only named."""
        return {name: _asked(name, check) for name, check in self.checks.items()}

    def beside(self) -> dict[str, str]:
        """The notes, in the same words."""
        return {name: _asked(name, note) for name, note in self.notes.items()}


def _asked(name: str, check: Check) -> str:
    try:
        check()
    except HubError as error:
        return str(error)
    except Exception as error:
        log.warning("the health check %s failed", name, exc_info=True)
        return f"failed: {type(error).__name__}"
    return "ok"
