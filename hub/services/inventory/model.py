"""Stock as the service keeps it in memory for a window. Quantities are millionths of the base unit.

A *bucket* is (location, item, owner, lot, state). Every change of stock is a movement from one bucket to another of the same
item, owner and lot; goods that come or go cross the bucket state ``outside``. So the sum over all buckets never changes, and
a balance is the fold of the ledger. ``available`` and ``reserved`` together are *sellable*: what physically may be shipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, Self

from hub.store.effects import Applicable

AVAILABLE, RESERVED, IN_TRANSIT, OUTSIDE = "available", "reserved", "in_transit", "outside"
SELLABLE = frozenset({AVAILABLE, RESERVED})
PHYSICAL = ("quality_inspection", "blocked", "damaged", "returned")
"""States that a report sets besides the sellable ones; one that it does not name is empty. ``in_transit`` is only set when named."""

Place = tuple[str, str, str]
"""(location, owner, lot) of an item."""
Bucket = tuple[str, str, str, str, str]
"""(location, item, owner, lot, state)."""


class Movement(NamedTuple):
    """One row of the ledger, never changed. ``at`` is when it happened, ``recorded_at`` when the hub learned of it."""

    document: int
    effect: int
    at: int
    recorded_at: int
    item: str
    owner: str
    lot: str
    from_location: str
    from_state: str
    to_location: str
    to_state: str
    quantity: int
    reason: str
    order_key: str
    line: str


class Demand(NamedTuple):
    """An order as stock knows it: who buys, who sells, where it goes, the numbers it is known by, the items it wants."""

    order: str
    number: str
    reference: str
    buyer: str
    seller: str
    ship_to: str
    items: tuple[str, ...] = ()


class Held(NamedTuple):
    """Key of a reservation inside its order."""

    line: str
    item: str
    location: str
    owner: str
    lot: str


class PartyFacts(Protocol):
    """What the party master says of a location or a party."""

    @property
    def tier(self) -> str: ...
    @property
    def parent(self) -> str: ...


class Parties(Protocol):
    """Question to the party master."""

    def party_facts(self, party: str) -> PartyFacts | None: ...


class StockItems(Protocol):
    """Which item stock is counted in, for many items at once: read while loading. Unknown items are left out."""

    def __call__(self, connection: Any, items: Iterable[str]) -> Mapping[str, str]: ...


class Why(NamedTuple):
    """What a movement is booked for."""

    cause: Applicable
    at: int
    reason: str
    order: str = ""
    line: str = ""


@dataclass
class Stock:
    """The window's stock. ``balances`` and ``reservations`` are complete for what was loaded; ``changed`` sets go to the flush.

    ``reported``: (location, item) -> as-of time of the last report; ``later``: physical movements by (location, item) that
    a report of an earlier time must not undo; ``added``: what was added to reservations in this window.
    """

    balances: dict[Bucket, int] = field(default_factory=dict)
    places: dict[str, set[Place]] = field(default_factory=dict)
    sources: dict[tuple[str, str], bool] = field(default_factory=dict)
    reported: dict[tuple[str, str], int] = field(default_factory=dict)
    reservations: dict[str, dict[Held, int]] = field(default_factory=dict)
    added: dict[tuple[str, Held], int] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    expiries: dict[tuple[str, str], str] = field(default_factory=dict)
    later: dict[tuple[str, str], list[Movement]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    effects: dict[int, int] = field(default_factory=dict)
    changed_balances: set[Bucket] = field(default_factory=set)
    changed_stock: set[tuple[str, str]] = field(default_factory=set)
    changed_demands: set[str] = field(default_factory=set)
    changed_lots: set[tuple[str, str]] = field(default_factory=set)
    parties: Parties | None = None

    def copy(self) -> Self:
        """Independent of this one; the questions must be wired again. Lists of earlier movements are never changed in place."""
        return replace(
            self,
            balances=dict(self.balances),
            places={item: set(places) for item, places in self.places.items()},
            sources=dict(self.sources),
            reported=dict(self.reported),
            reservations={order: dict(held) for order, held in self.reservations.items()},
            added=dict(self.added),
            demands=dict(self.demands),
            expiries=dict(self.expiries),
            later={key: list(movements) for key, movements in self.later.items()},
            movements=list(self.movements),
            effects=dict(self.effects),
            changed_balances=set(self.changed_balances),
            changed_stock=set(self.changed_stock),
            changed_demands=set(self.changed_demands),
            changed_lots=set(self.changed_lots),
            parties=None,
        )

    def stock_item(self, item: str) -> str:
        """Item that stock of ``item`` is counted in."""
        return self.items.get(item, item)

    def balance(self, location: str, item: str, owner: str, lot: str, state: str) -> int:
        """What is in a bucket."""
        return self.balances.get((location, item, owner, lot, state), 0)

    def places_at(self, item: str, location: str) -> list[Place]:
        """Places of an item at one location: the first to expire first, unknown lots last."""
        return sorted((place for place in self.places.get(item, ()) if place[0] == location), key=lambda place: self.fefo(item, place))

    def in_sequence(self, item: str) -> list[Place]:
        """All places of an item: the first to expire first."""
        places = self.places.get(item, ())
        return list(places) if len(places) < 2 else sorted(places, key=lambda place: self.fefo(item, place))

    def fefo(self, item: str, place: Place) -> tuple[bool, str, str, str]:
        """Sort key of a place: first expired, first out; lots of unknown expiry after the known, no lot last."""
        return place[2] == "", self.expiries.get((item, place[2]), "9999-12-31"), place[2], place[1]

    def move(self, why: Why, item: str, source: tuple[Place, str], target: tuple[Place, str], quantity: int) -> None:
        """Book one movement of ``quantity`` > 0 from (place, state) to (place, state); owner and lot are the source's."""
        (place, state), (to, to_state) = source, target
        _, owner, lot = place
        effect = self.effects.get(why.cause.id, 0)
        self.effects[why.cause.id] = effect + 1
        movement = Movement(
            why.cause.id, effect, why.at, why.cause.now, item, owner, lot,
            place[0], state, to[0], to_state, quantity, why.reason, why.order, why.line,
        )  # fmt: skip
        self.movements.append(movement)
        self._add(place, item, state, -quantity)
        self._add((to[0], owner, lot), item, to_state, quantity)
        if state not in SELLABLE or to_state not in SELLABLE:
            for location in {place[0], to[0]}:
                self.later.setdefault((location, item), []).append(movement)

    def _add(self, place: Place, item: str, state: str, quantity: int) -> None:
        if state == OUTSIDE:
            return
        bucket = (place[0], item, place[1], place[2], state)
        self.balances[bucket] = self.balances.get(bucket, 0) + quantity
        self.changed_balances.add(bucket)
        self.places.setdefault(item, set()).add(place)

    def hold(self, order: str, held: Held, quantity: int) -> None:
        """Add to (or take from) the reservation of an order line."""
        mine = self.reservations.setdefault(order, {})
        mine[held] = mine.get(held, 0) + quantity
        self.added[(order, held)] = self.added.get((order, held), 0) + quantity

    def held_for(self, order: str, *, line: str | None = None, item: str | None = None) -> Iterator[tuple[Held, int]]:
        """Reservations of an order that are not used up, of one line or item if given."""
        for held, quantity in self.reservations.get(order, {}).items():
            if quantity and (line is None or held.line == line) and (item is None or held.item == item):
                yield held, quantity
