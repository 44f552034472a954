"""The order service as the apply stage sees it: what it loads for a window, how it decides, what it writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.services.order import tables
from hub.services.order.decide import decide
from hub.services.order.defaults import DEFAULT_RULES
from hub.services.order.hear import hear
from hub.services.order.model import Orders, StockItems
from hub.services.order.rules import OrderRules
from hub.store.effects import Applicable, Effects, Event

if TYPE_CHECKING:
    from sqlalchemy import Connection

_STOCK = ("inventory_report/1",)
_OWN = ("order/1", "order_change/1", "order_cancel/1")
_NAMING = ("despatch_advice/1",)


class OrderState(Orders):
    """The window's orders, with their way into the database."""

    def flush(self, connection: Connection) -> None:
        """Write what changed: two statements, whatever the number of orders."""
        tables.write(self, connection)


def same_items(connection: Any, items: Iterable[str]) -> dict[str, str]:
    """No product master: stock of an item is counted in the item itself."""
    return {}


@dataclass(frozen=True, slots=True)
class OrderService:
    """Applies orders, their changes and cancels. ``stock_items`` says which item stock is counted in."""

    rules: OrderRules = DEFAULT_RULES
    stock_items: StockItems = field(default=same_items)
    name: str = "order"
    types: tuple[str, ...] = _OWN
    tells: tuple[str, ...] = tuple(f"order_{word}/1" for word in ("accepted", "changed", "rejected", "cancelled", "held"))

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> OrderState:
        """Lock and load the orders that the documents are, name, or may bring stock for."""
        window = list(documents)
        keys = [document.key for document in window if document.type in _OWN]
        numbers = [document.body["order_number"] for document in window if document.type in _NAMING and "order_number" in document.body]
        given = {line["item"]["id"] for document in window if document.type in _STOCK for line in document.body["lines"]}
        counted = self.stock_items(connection, given) if given else {}
        state = OrderState()
        tables.load_into(state, connection, keys=keys, numbers=numbers, items={counted.get(item, item) for item in given})
        return state

    def decide(self, document: Applicable, state: Any) -> Effects:
        """Apply one document; see ``decide``."""
        return decide(document, state, self.rules)

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        """React to an event; see ``hear``."""
        return hear(event, cause, state, self.rules)
