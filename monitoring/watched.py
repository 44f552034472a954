"""What monitoring asks of the hub: small values and a Protocol; bootstrap hands in the queries (hub.store.views).

Every query takes the parties whose documents may be seen, None for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Parties = frozenset[str] | None
"""Whose documents may be seen; None = everybody's."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One route and how many of its documents are in each state now (from the counter rows)."""

    route: str
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """One cause with everything that waits for it. ``since`` is when the oldest began to wait (aware UTC)."""

    cause: str
    key: str
    count: int
    since: datetime
    fact: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change feed: something entered a state. ``at`` is aware UTC."""

    at: datetime
    kind: str
    ref: str
    state: str
    system: str
    route: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is still to be sent for one subscription: how many, and since when the oldest waits (aware UTC)."""

    subscription: str
    count: int
    since: datetime


class Watched(Protocol):
    """The queries of this package."""

    def now(self) -> datetime:
        """The hub's clock, aware UTC."""

    def flows(self, parties: Parties) -> Sequence[Flow]:
        """Every route that ever had a document, sorted by name."""

    def held(self, parties: Parties) -> Sequence[Held]:
        """Open causes, the oldest first."""

    def latest(self, parties: Parties) -> Sequence[Change]:
        """The last changes, newest first."""

    def waiting(self) -> int:
        """Messages that wait to be translated."""

    def waiting_since(self) -> datetime | None:
        """When the oldest of them began to wait; None when there is none."""

    def leaving(self) -> Sequence[Leaving]:
        """Open deliveries of every subscription that has any."""

    def unpublished(self) -> int:
        """Publications of ``canonical`` that the broker has not confirmed yet."""
