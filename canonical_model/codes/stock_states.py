"""The seven states of stock and what they are called elsewhere.

Sub-reasons (expired, recalled), owner, lot and tier are axes of their own, never further states.
Sources: GS1 Core Business Vocabulary 2.0, section 7.2 (dispositions), https://ref.gs1.org/cbv/; SAP stock types of
table MARD (LABST unrestricted, INSME in quality inspection, SPEME blocked, UMLME in transfer, RETME returns).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StockState(StrEnum):
    """What may be done with a quantity that is somewhere."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    IN_TRANSIT = "in_transit"
    QUALITY_INSPECTION = "quality_inspection"
    BLOCKED = "blocked"
    DAMAGED = "damaged"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class StateCodes:
    """A state in other vocabularies. ``cbv`` is the disposition to write, ``cbv_read`` all that mean this state."""

    cbv: str
    cbv_read: frozenset[str]
    sap: str


STOCK_STATES: Mapping[StockState, StateCodes] = {
    StockState.AVAILABLE: StateCodes("sellable_accessible", frozenset({"sellable_accessible"}), "LABST"),
    StockState.RESERVED: StateCodes("reserved", frozenset({"reserved"}), "RESERVED"),
    StockState.IN_TRANSIT: StateCodes("in_transit", frozenset({"in_transit"}), "UMLME"),
    StockState.QUALITY_INSPECTION: StateCodes("sellable_not_accessible", frozenset({"sellable_not_accessible"}), "INSME"),
    StockState.BLOCKED: StateCodes("unavailable", frozenset({"unavailable", "recalled", "mismatch_quantity"}), "SPEME"),
    StockState.DAMAGED: StateCodes("damaged", frozenset({"damaged", "expired"}), "SPEME"),
    StockState.RETURNED: StateCodes("returned", frozenset({"returned"}), "RETME"),
}
"""State -> its codes. CBV has no quality inspection: goods are there and may not be sold yet."""


def state_of_disposition(disposition: str) -> StockState | None:
    """The state of a CBV disposition, by its bare name or its URI; None for those that say nothing of stock.

    >>> state_of_disposition("https://ref.gs1.org/cbv/Disp-in_transit")
    <StockState.IN_TRANSIT: 'in_transit'>
    """
    bare = disposition.rpartition("Disp-")[2].rpartition(":")[2]
    return next((state for state, codes in STOCK_STATES.items() if bare in codes.cbv_read), None)
