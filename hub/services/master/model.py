"""Products and parties as the services ask for them. Ids are canonical: a GTIN of 14 digits or ``<code set>:<code>``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Product:
    """One item with its packaging levels. ``ratios``: unit -> (numerator, denominator), base units per unit.

    ``ids`` are all ids that name it or one of its levels; ``item`` is the base level, in which stock is counted.
    """

    item: str
    code_set: str
    code: str
    base_unit: str
    status: str
    description: str
    ratios: Mapping[str, tuple[int, int]]
    ids: tuple[str, ...]
    document: int

    @property
    def units(self) -> frozenset[str]:
        """Units in which the item may be ordered."""
        return frozenset(self.ratios)


@dataclass(frozen=True, slots=True)
class Party:
    """One party: its tier in the distribution and who is above it (empty: nobody)."""

    party: str
    code_set: str
    code: str
    name: str
    tier: str
    parent: str
    gln: str
    status: str
    document: int


@dataclass
class Masters:
    """The window's share of the master data. ``loaded`` and ``parties_loaded``: whether there is any at all."""

    products: dict[str, Product] = field(default_factory=dict)
    base_of: dict[str, str] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    loaded: bool = False
    parties_loaded: bool = False
    changed_products: set[str] = field(default_factory=set)
    changed_parties: set[str] = field(default_factory=set)

    def copy(self) -> Self:
        """Independent of this one."""
        return replace(
            self,
            products=dict(self.products),
            base_of=dict(self.base_of),
            parties=dict(self.parties),
            changed_products=set(self.changed_products),
            changed_parties=set(self.changed_parties),
        )

    def product(self, item: str) -> Product | None:
        """The product that an id of any packaging level names."""
        return self.products.get(self.base_of.get(item, item))

    def ratio(self, item: str, unit: str) -> tuple[str, int, int] | None:
        """(base unit, numerator, denominator) of a unit of an item, if both are known."""
        product = self.product(item)
        found = product.ratios.get(unit) if product is not None else None
        return (product.base_unit, *found) if product is not None and found is not None else None

    def party_facts(self, party: str) -> Party | None:
        """What is known of a party."""
        return self.parties.get(party)
