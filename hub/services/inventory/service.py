"""The inventory service as the apply stage sees it: what it loads for a window, how it decides, what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.services.inventory import tables
from hub.services.inventory.decide import decide, event_time
from hub.services.inventory.defaults import DEFAULT_RULES, InventoryRules
from hub.services.inventory.model import Demand, Stock, StockItems
from hub.services.inventory.reserve import release, reserve
from hub.store.effects import Applicable, Effects, Event

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REPORT, _DESPATCH = "inventory_report/1", "despatch_advice/1"
_ORDERS = ("order/1", "order_change/1", "order_cancel/1")


@dataclass
class InventoryState(Stock):
    """The window's stock: answers the order service, and goes its way into the database."""

    rules: InventoryRules = DEFAULT_RULES

    def flush(self, connection: Connection) -> None:
        """Write what changed: at most seven statements, whatever the number of documents."""
        tables.write(self, connection)

    def announce(self, order: str, *, number: str, reference: str, buyer: str, seller: str, ship_to: str, items: Sequence[str]) -> None:
        """Make an order known: who may serve it, and the numbers by which a despatch advice may name it."""
        demand = Demand(order, number, reference, buyer, seller, ship_to, tuple(items))
        if self.demands.get(order) != demand:
            self.demands[order] = demand
            self.changed_demands.add(order)

    def reserve(self, order: str, line: str, item: str, quantity: int, *, step: int, cause: Applicable) -> Mapping[str, int]:
        """Reserve for an order line; see ``reserve``. The order must have been announced."""
        return reserve(self, self.rules, self.demands[order], line, item, quantity, step=step, cause=cause)

    def release(self, order: str, line: str, quantity: int, *, cause: Applicable) -> Mapping[str, int]:
        """Give back what was reserved for an order line; see ``release``."""
        return release(self, order, line, quantity, cause=cause)


def same_items(connection: Any, items: Iterable[str]) -> dict[str, str]:
    """No product master: stock of an item is counted in the item itself."""
    return {}


@dataclass(frozen=True, slots=True)
class InventoryService:
    """Applies reports of stock and despatch advices. ``stock_items`` says which item stock is counted in."""

    rules: InventoryRules = DEFAULT_RULES
    stock_items: StockItems = field(default=same_items)
    name: str = "inventory"
    types: tuple[str, ...] = (_REPORT, _DESPATCH)
    tells: tuple[str, ...] = ("order_shipped/1", "stock_available/1", "stock_discrepancy/1", "shipment_discrepancy/1")

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> InventoryState:
        """Lock and load the stock that the window's reports, despatches and orders may touch."""
        window = [document for document in documents if document.type in (*_ORDERS, *self.types)]
        state = InventoryState(rules=self.rules)
        given = {line["item"]["id"] for document in window for line in document.body.get("lines", ()) if "item" in line}
        state.items = dict(self.stock_items(connection, given))
        keys = [document.key for document in window if document.type in _ORDERS]
        numbers = [document.body["order_number"] for document in window if "order_number" in document.body]
        tables.load_demands(state, connection, keys, numbers)
        items = {state.stock_item(item) for item in given} | {item for demand in state.demands.values() for item in demand.items}
        tables.lock(state, connection, items, self._touched(window, state, connection))
        tables.load_balances(state, connection)
        reports = [document for document in window if document.type == _REPORT]
        if reports:
            since = min(event_time(document, "reported_at", "reported_on") for document in reports)
            tables.load_later(state, connection, {item for _, item in state.sources}, {_location(document) for document in reports}, since)
        return state

    def _touched(self, window: list[Applicable], state: InventoryState, connection: Connection) -> set[tuple[str, str]]:
        """(item, location) that reports and despatches speak of, and where the window's orders have reservations."""
        touched = {(held.item, held.location) for order in state.reservations.values() for held in order}
        whole = []
        for document in window:
            if document.type in self.types:
                lines = document.body["lines"]
                touched |= {(state.stock_item(line["item"]["id"]), at) for line in lines for at in _locations(document, self.rules)}
                whole += [_location(document)] if self.rules.complete or document.settings.get("complete") else []
        return touched | set(tables.all_items_at(connection, whole) if whole else ())

    def decide(self, document: Applicable, state: Any) -> Effects:
        """Apply one document; see ``decide``."""
        return decide(document, state, self.rules)

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        """Nothing that others tell changes stock: the order service asks for what it needs."""
        return Effects()


def _location(document: Applicable) -> str:
    """Where the document says that stock is or was."""
    name = "location" if document.type == _REPORT else "ship_from"
    return str(document.body[name]["party"]) if name in document.body else document.party


def _locations(document: Applicable, rules: InventoryRules) -> list[str]:
    to = [document.body["ship_to"]["party"]] if rules.in_transit and "ship_to" in document.body else []
    return [_location(document), *(to if document.type == _DESPATCH else [])]
