"""What varies in the inventory service, as objects: who owns the stock of a location, which locations serve which order, in
which sequence, and what happens to goods that left. The one place to change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.services.inventory.model import Demand, Parties


@dataclass(frozen=True, slots=True)
class Ownership:
    """Owner of the stock of a location: as listed; else the parent of a warehouse in the party tree; else the location itself."""

    owners: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, location: str, parties: Parties | None) -> str:
        listed = self.owners.get(location)
        if listed is not None:
            return listed
        facts = parties.party_facts(location) if parties is not None else None
        return facts.parent if facts is not None and facts.tier == "warehouse" and facts.parent else location


@dataclass(frozen=True, slots=True)
class Sourcing:
    """Which locations may serve an order, and in which sequence.

    ``sources`` lists a seller's locations; without a list: locations whose owner is the seller (of the order; else the
    buyer's parent in the party tree), or whose owner nobody has stated. Never the buyer's own, never a store.
    Sequence: ``priority``, then those that can serve the line alone, then the fullest, then by name.
    """

    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    priority: tuple[str, ...] = ()
    split: bool = True

    def serves(self, location: str, parties: Parties | None) -> bool:
        """Whether a location may serve orders at all: read with its stock, so that stores' stock is not loaded for orders."""
        facts = parties.party_facts(location) if parties is not None else None
        return facts is None or facts.tier != "store"

    def eligible(self, location: str, owner: str, demand: Demand, parties: Parties | None) -> bool:
        """Whether this order may be served from this location's stock of this owner."""
        seller = demand.seller or self._parent(demand.buyer, parties)
        listed = self.sources.get(seller)
        if listed is not None:
            return location in listed
        if owner == demand.buyer or location in (demand.buyer, demand.ship_to):
            return False
        stated = parties is not None and parties.party_facts(location) is not None
        return not (seller and stated) or owner == seller

    def _parent(self, party: str, parties: Parties | None) -> str:
        facts = parties.party_facts(party) if parties is not None else None
        return facts.parent if facts is not None else ""

    def rank(self, location: str, available: int, wanted: int) -> tuple[int, bool, int, str]:
        """Sort key of a location that has ``available`` of the ``wanted`` quantity."""
        place = self.priority.index(location) if location in self.priority else len(self.priority)
        return place, available < wanted, -available, location


@dataclass(frozen=True, slots=True)
class InventoryRules:
    """``in_transit``: goods that left are in transit to the ship-to party until a report of that location says otherwise;
    without it they are gone.
    ``complete``: a report that does not name an item of its location says that there is none."""

    ownership: Ownership = Ownership()
    sourcing: Sourcing = Sourcing()
    in_transit: bool = False
    complete: bool = False


DEFAULT_RULES = InventoryRules()
