"""The contract of a channel: the store is the truth, a queue only a wake-up (decision 0006).

``inbound`` and ``outbound`` say "partition p has work"; which work, the store says. ``canonical`` carries admitted documents
and events to other subscribers, numbered per key: a subscriber keeps (key, n), drops what it has and asks "again from n".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from canonical_model.problems import HubError

INBOUND_PARTITIONS = 8
"""As many as a store is made with."""
OUTBOUND_PARTITIONS = 8


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of ``canonical``. ``body`` is None for a reference to what is above 256 KB: ``again_from`` has it. ``n`` is dense per key.
    ``trace`` is the W3C ``traceparent`` of the message that caused it."""

    k: str
    n: int
    type: str
    document: int
    body: bytes | None
    at: int
    trace: str = ""


Subscriber = Callable[[Publication], None]


class WakeUps(Protocol):
    """Who has work. A wake-up may be lost or come twice: it costs delay or an empty look, no document."""

    @property
    def connected(self) -> bool:
        """Whether wake-ups of other processes arrive here now; while not, look at the store yourself."""

    def wake(self, partition: int, trace: str = "") -> None:
        """After a commit: this partition has work."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, quickly and from any thread, whenever something was woken."""

    def taken(self) -> Mapping[int, bool]:
        """Partitions that were woken since the last call -> whether somebody had this wake-up before and did not come to an end."""

    def done(self, partition: int) -> None:
        """A look that began after ``taken`` left no work there: the wake-ups that were taken are settled."""


class Fanout(Protocol):
    """Publishing ``canonical``. Gives what is confirmed: only that leaves the outbox."""

    def ready(self) -> bool:
        """Before each batch: whether it would get to everybody to whom it was promised, as far as can be known."""

    def publish(self, batch: Iterable[tuple[int, Publication]]) -> list[int]:
        """Publish (outbox id, publication) in order; the ids that are confirmed."""


class Channels(Protocol):
    """All channels of one process."""

    @property
    def inbound(self) -> WakeUps: ...

    @property
    def outbound(self) -> WakeUps: ...

    @property
    def fanout(self) -> Fanout: ...

    @property
    def fault(self) -> HubError | None:
        """What keeps wake-ups and publications from flowing now, with its fix; None when all is well."""

    def start(self, *, consume: bool) -> None:
        """Begin to carry; with ``consume`` wake-ups of other processes are taken too. Does not wait for a broker."""

    def rest(self) -> None:
        """Take no more wake-ups: they go to other processes, and so do those that are not done. Publishing goes on."""

    def stop(self) -> None:
        """End in good order; wake-ups that are not done go to others."""
