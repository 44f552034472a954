"""The master data service as the apply stage sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.services.master import tables
from hub.services.master.decide import decide
from hub.services.master.defaults import DEFAULT_RULES, MasterRules
from hub.services.master.model import Masters
from hub.store.effects import Applicable, Effects, Event

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROLES = ("buyer", "seller", "ship_to", "ship_from", "location", "parent")


class MasterState(Masters):
    """The window's master data, with its way into the database."""

    def flush(self, connection: Connection) -> None:
        """Write what changed: at most three statements."""
        tables.write(self, connection)


@dataclass(frozen=True, slots=True)
class MasterService:
    """Applies products and parties; answers what other services ask about them."""

    rules: MasterRules = DEFAULT_RULES
    name: str = "master"
    types: tuple[str, ...] = ("product/1", "party/1")
    tells: tuple[str, ...] = ("product_changed/1", "party_changed/1")

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> MasterState:
        """Load the products and parties that the window's documents name. Rows are not locked: a window that changes them
        holds the codebook lock, and no other document (decision 0003)."""
        state = MasterState()
        items: set[str] = set()
        names: set[str] = set()
        for document in documents:
            items |= _items(document.body)
            names |= {str(document.body[role]["party"]) for role in _ROLES if role in document.body}
            names |= {str(document.body["party"])} if document.type == "party/1" and "party" in document.body else set()
        tables.load_into(state, connection, items, names)
        return state

    def decide(self, document: Applicable, state: Any) -> Effects:
        """Apply one document; see ``decide``."""
        return decide(document, state, self.rules)

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        """Master data changes by its own documents only."""
        return Effects()


def _items(body: Mapping[str, Any]) -> set[str]:
    """Item ids in a document: of its lines, or of a product and its levels."""
    found = {line["item"]["id"] for line in body.get("lines", ()) if "item" in line}
    found |= {body["item"]["id"]} if "item" in body else set()
    for level in body.get("units", ()):
        found |= {id for id in (level.get("gtin"), *level.get("other_gtins", ())) if id}
    return found
