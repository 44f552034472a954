"""The contract of a channel: the store is the truth, a queue only a wake-up (decision 0006).

``inbound`` and ``outbound`` say "partition p has work"; which work, the store says. ``canonical`` carries admitted documents
and events to other subscribers, numbered per key: a subscriber keeps (key, n), drops what it has and asks "again from n".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of ``canonical``. ``body`` is None for a reference to a large document. ``n`` is dense per key."""

    k: str
    n: int
    type: str
    document: int
    body: bytes | None
    at: int


Subscriber = Callable[[Publication], None]


class WakeUps(Protocol):
    """Who has work. A wake-up may be lost: it costs delay, no document."""

    def wake(self, partition: int) -> None:
        """After a commit: this partition has work."""

    def wait(self, seconds: float) -> set[int]:
        """Partitions that were woken since the last call; at most ``seconds`` of waiting, an empty set means look yourself."""


class Fanout(Protocol):
    """Publishing ``canonical``. Gives what is confirmed: only that leaves the outbox."""

    def publish(self, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        """Publish (outbox id, publication) in order; the ids that are confirmed."""
