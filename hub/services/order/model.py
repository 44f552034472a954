"""Orders as the service keeps them, and what it asks of others. Quantities are millionths of the base unit.

A line carries its quantities: ``ordered = open + allocated + shipped + cancelled`` at any time; ``backordered`` is part of
``open``, ``released`` of ``allocated``, ``delivered`` and ``invoiced`` of ``shipped``; ``over`` is what left beyond the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

from hub.services.order.states import State, derive
from hub.store.effects import Applicable


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a line or an order is not simply accepted: a code of ``defaults.REASONS`` and the fact."""

    code: str
    text: str


@dataclass(slots=True)
class Line:
    """One line. ``quantity`` counts millionths of the ordered unit, everything else millionths of the base unit.

    ``item`` is the reference as it was given; ``stock_item`` the item that stock is counted in; ``price`` the given price;
    ``at`` location -> allocated there, together ``allocated``.
    """

    position: int
    id: str
    item: Mapping[str, Any]
    stock_item: str
    asked: Mapping[str, Any]
    unit: str
    base_unit: str
    quantity: int
    ordered: int
    price: Mapping[str, Any] | None = None
    requested_on: str | None = None
    open: int = 0
    allocated: int = 0
    backordered: int = 0
    released: int = 0
    shipped: int = 0
    delivered: int = 0
    invoiced: int = 0
    over: int = 0
    cancelled: int = 0
    rejected: bool = False
    reasons: tuple[Reason, ...] = ()
    at: Mapping[str, int] = field(default_factory=dict)

    def shift(self, parts: Mapping[str, int], sign: int) -> None:
        """Add to (1) or take from (-1) what is allocated at each location; ``at`` is replaced, never changed."""
        at = dict(self.at)
        for location, part in parts.items():
            at[location] = at.get(location, 0) + sign * part
        self.at = {location: part for location, part in at.items() if part}
        self.allocated = sum(self.at.values())
        self.released = min(self.released, self.allocated)

    @property
    def step(self) -> int:
        """Base millionths of one whole ordered unit: what may be allocated at a time; 1 when cases are not whole."""
        whole, part = divmod(self.ordered * 1_000_000, self.quantity)
        return whole if not part and self.quantity % 1_000_000 == 0 else 1


@dataclass(slots=True)
class Order:
    """One order with its lines by id of the sender (a repeated id is kept, rejected, under ``id#position``).

    ``number`` is the buyer's, ``reference`` ours. ``parties`` are the references as given, echoed in every answer.
    """

    key: str
    number: str
    reference: str
    system: str
    buyer: str
    seller: str
    ship_to: str
    currency: str
    parties: Mapping[str, Any]
    document: int
    created_at: int
    changed_at: int
    requested_on: str | None = None
    revision: int = 0
    held: tuple[Reason, ...] = ()
    lines: dict[str, Line] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Derived from the lines, every time."""
        return derive(self.lines.values(), held=bool(self.held))

    def copy(self) -> Order:
        return replace(self, lines={id: replace(line) for id, line in self.lines.items()})


class Availability(Protocol):
    """What the order service asks of stock; answered from the stock of the same window, so nothing is sold twice."""

    def stock_item(self, item: str) -> str:
        """Item that stock of ``item`` is counted in (a case of 12 is counted in pieces)."""

    def announce(self, order: str, *, number: str, reference: str, buyer: str, seller: str, ship_to: str, items: Sequence[str]) -> None:
        """Make an order known: who may serve it, and the numbers by which a despatch advice may name it."""

    def reserve(self, order: str, line: str, item: str, quantity: int, *, step: int, cause: Applicable) -> Mapping[str, int]:
        """Reserve up to ``quantity`` base millionths in whole multiples of ``step``; location -> reserved."""

    def release(self, order: str, line: str, quantity: int, *, cause: Applicable) -> Mapping[str, int]:
        """Give back what was reserved for a line; location -> given back."""


class ProductFacts(Protocol):
    """What the product master says of one item. ``units`` are the canonical units it may be ordered in."""

    @property
    def status(self) -> str: ...
    @property
    def units(self) -> frozenset[str]: ...


class Products(Protocol):
    """Question to the product master. ``loaded`` is False while no product is known at all."""

    @property
    def loaded(self) -> bool: ...
    def product(self, item: str) -> ProductFacts | None: ...
    def ratio(self, item: str, unit: str) -> tuple[str, int, int] | None:
        """(base unit, numerator, denominator): ``numerator`` base units are in ``denominator`` of ``unit``."""


class PartyFacts(Protocol):
    """What the party master says of one party."""

    @property
    def status(self) -> str: ...
    @property
    def parent(self) -> str: ...


class Parties(Protocol):
    """Question to the party master. ``parties_loaded`` is False while no party is known at all."""

    @property
    def parties_loaded(self) -> bool: ...
    def party_facts(self, party: str) -> PartyFacts | None: ...


class StockItems(Protocol):
    """Which item stock is counted in, for many items at once: read while loading. Unknown items are left out."""

    def __call__(self, connection: Any, items: Iterable[str]) -> Mapping[str, str]: ...


@dataclass
class Orders:
    """The window's orders in memory, and who may be asked: filled by whoever wires the services (``hub.services.together``).

    ``waiting``: orders by item that they wait for; ``freed``: items that the document at hand gave back.
    """

    orders: dict[str, Order] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    freed: list[str] = field(default_factory=list)
    availability: Availability | None = None
    products: Products | None = None
    parties: Parties | None = None

    def copy(self) -> Self:
        """Independent of this one; the questions must be wired again."""
        return replace(
            self,
            orders={key: order.copy() for key, order in self.orders.items()},
            changed=set(self.changed),
            waiting={item: list(keys) for item, keys in self.waiting.items()},
            freed=list(self.freed),
            availability=None,
            products=None,
            parties=None,
        )

    def add(self, order: Order) -> None:
        """Keep a new order; it will be written by the flush."""
        self.orders[order.key] = order
        self.changed.add(order.key)

    def wait(self, key: str, line: Line) -> None:
        """Note that an order waits for stock of the line's item."""
        self.waiting.setdefault(line.stock_item, []).append(key)

    def touch(self, order: Order, document: Applicable) -> None:
        """Note that an order changed because of a document."""
        order.document, order.changed_at = document.id, document.now
        self.changed.add(order.key)
