"""What keeps publications from the queues of named subscribers, in words: fact, place, fix."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from math import ceil

from canonical_model.problems import HubError, SystemUnreachable
from connectors.kit.amqp_faults import place_of
from connectors.kit.amqp_look import Depth
from hub.store.clock import Clock, to_datetime

log = logging.getLogger(__name__)
SHOWN = 600.0
"""Seconds for which a queue that was declared again is told as a fault: it is there, and what it lost has to be sent again by somebody."""
REFUSING = 90.0
"""Seconds for which a refusal is told: the relay tries every 30 s, and where another process's relay goes on none follows here."""


class Named:
    """The faults of these queues; one is told in the log when it begins."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock
        self._refused: tuple[HubError, float] | None = None
        self._gone: tuple[HubError, float] | None = None

    @property
    def fault(self) -> HubError | None:
        """What somebody should look at now; None when all is well."""
        return self._still(self._refused) or self._still(self._gone)

    def _still(self, told: tuple[HubError, float] | None) -> HubError | None:
        return told[0] if told is not None and self._clock.monotonic() < told[1] else None

    def gone(self, names: Sequence[str], seconds: float) -> None:
        """These queues were not there and are declared again; ``seconds`` ago they were."""
        last = to_datetime(self._clock.now() - ceil(seconds * 1_000_000)).isoformat(timespec="seconds").replace("+00:00", "Z")
        fact = f"{', '.join(names)}: the queue of a named subscriber was deleted, and is declared again"
        fix = (
            f"what lay unread in it is gone, and what was published in the last {ceil(seconds)} s may be missing there: "
            f"hub republish --since {last} --why 'queue deleted', or since an earlier moment, where its subscriber had not read everything "
            "or publications had waited; find out who deleted it"
        )
        fault = SystemUnreachable(fact, at=place_of(self._url), fix=fix)
        self._gone = fault, self._clock.monotonic() + SHOWN
        log.warning("%s", fault)

    def refused(self, count: int, of: int, depths: Mapping[str, Depth | None]) -> None:
        """The broker said no to so many of them. Which queue it was it does not say."""
        fact = f"the broker refused {count} of {of} publications, and canonical waits: a queue that is bound to it is full, or fails"
        named = f": {', '.join(_told(*one) for one in sorted(depths.items(), key=_suspicion))};" if depths else ";"
        fix = (
            f"look for a queue with max-length and overflow reject-publish (rabbitmqctl list_policies, list_bindings){named} "
            "start its reader, purge it or raise its limit; the hub tries again, at the latest after 30 s"
        )
        fault = SystemUnreachable(fact, at=place_of(self._url), fix=fix)
        if self._still(self._refused) is None:
            log.warning("%s", fault)
        self._refused = fault, self._clock.monotonic() + REFUSING

    def taken(self) -> None:
        """Everything that was sent was taken."""
        self._refused = None


def _suspicion(one: tuple[str, Depth | None]) -> tuple[bool, int]:
    """The likeliest first: a queue that nobody reads, then the one in which most lies."""
    depth = one[1] or Depth(0, 1)
    return depth.consumers > 0, -depth.messages


def _told(name: str, depth: Depth | None) -> str:
    return f"{name} (was not there)" if depth is None else f"{name} ({depth.messages} messages, {depth.consumers} readers)"
