"""Why an order line is answered as it is, and how each answer format says so: one table, all formats.

Columns: X12 855 ACK01 (data element 668), EDIFACT ORDRSP LIN 1229, UBL LineStatusCode (the values of 1229, as Peppol
BIS Ordering uses them), SAP ORDRSP E1EDP01-ACTION (001 new, 002 changed, 003 deleted, 004 unchanged). The answer as a whole:
BAK02 (587), BGM 1225, UBL OrderResponseCode (values of 4343), E1EDK01-ACTION.
Sources: X12 005010 data elements 587 and 668; UN/EDIFACT D.96A code lists 1225, 1229, 4343
(https://service.unece.org/trade/untdid/d96a/uncl/), https://docs.peppol.eu/poacc/upgrade-3/codelist/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from canonical_model.decimals import refused

LineStatus = Literal["accepted", "changed", "backordered", "rejected"]


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """One reason: the line status it goes with, its words, and its code in each answer format."""

    status: LineStatus
    text: str
    x12: str
    edifact: str
    ubl: str
    sap: str


@dataclass(frozen=True, slots=True)
class StatusCodes:
    """The answer as a whole in each answer format."""

    x12: str
    edifact: str
    ubl: str
    sap: str


def _refusing(text: str) -> ReasonCodes:
    return ReasonCodes("rejected", text, "IR", "7", "7", "003")


ORDER_REASONS: Mapping[str, ReasonCodes] = {
    "accepted": ReasonCodes("accepted", "accepted as ordered", "IA", "5", "5", "004"),
    "quantity_changed": ReasonCodes("changed", "accepted with another quantity", "IQ", "3", "3", "002"),
    "partly_out_of_stock": ReasonCodes("changed", "only part is in stock", "IQ", "3", "3", "002"),
    "price_changed": ReasonCodes("changed", "accepted at another price", "IP", "3", "3", "002"),
    "date_changed": ReasonCodes("changed", "accepted for another day", "DR", "3", "3", "002"),
    "substituted": ReasonCodes("changed", "another item in its place", "IS", "3", "3", "002"),
    "backordered": ReasonCodes("backordered", "not in stock, follows later", "IB", "3", "3", "002"),
    "rejected": _refusing("not accepted"),
    "out_of_stock": _refusing("not in stock"),
    "item_unknown": _refusing("the item is not known"),
    "item_missing": _refusing("no item is named"),
    "item_discontinued": _refusing("the item is no longer sold"),
    "item_blocked": _refusing("the item is blocked"),
    "item_not_allowed": _refusing("the item is not sold to this buyer"),
    "quantity_not_positive": _refusing("the quantity is not above zero"),
    "below_minimum_quantity": _refusing("below the smallest quantity"),
    "not_a_multiple": _refusing("not a multiple of the pack"),
    "unit_not_allowed": _refusing("the item is not sold in this unit"),
    "price_deviation": _refusing("the price is not ours"),
    "duplicate_line": _refusing("the line id occurs more than once"),
    "line_unknown": _refusing("the order has no such line"),
    "below_shipped": _refusing("more has been shipped already"),
    "item_changed_after_shipment": _refusing("another item after goods were shipped"),
    "date_before_issue": _refusing("the day lies before the order"),
    "date_beyond_horizon": _refusing("the day lies too far ahead"),
    "currency_mismatch": _refusing("the price is in another currency than the order"),
    "currency_not_accepted": _refusing("the currency is not accepted"),
    "buyer_blocked": _refusing("the buyer is blocked"),
    "ship_to_unknown": _refusing("the place of delivery is not known"),
    "ship_to_blocked": _refusing("the place of delivery is blocked"),
    "credit_exceeded": _refusing("the credit limit does not allow it"),
    "too_late": _refusing("the order has gone too far to be changed"),
    "deleted": ReasonCodes("rejected", "deleted at the buyer's wish", "ID", "2", "7", "003"),
}
"""Reason code -> its codes. The first reason of a status is its default."""

ORDER_STATUSES: Mapping[str, StatusCodes] = {
    "accepted": StatusCodes("AD", "29", "AP", "000"),
    "changed": StatusCodes("AC", "4", "CA", "002"),
    "rejected": StatusCodes("RD", "27", "RE", "003"),
    "pending": StatusCodes("AK", "12", "AB", "000"),
}
"""Status of an order response -> its codes; ``pending`` says received, not yet decided."""


def reason_for(status: LineStatus, codes: tuple[str, ...] = ()) -> ReasonCodes:
    """What to write for a line: the first of its reason codes that the table knows, else the default of its status.

    >>> reason_for("changed", ("price_changed",)).x12, reason_for("backordered").x12
    ('IP', 'IB')
    """
    known = next((ORDER_REASONS[code] for code in codes if code in ORDER_REASONS), None)
    return known or next(reason for reason in ORDER_REASONS.values() if reason.status == status)


def reason_of_x12(code: str) -> str:
    """The reason code of an ACK01 that a partner sends; Hold (``invalid_value``) for one that the table has not.

    >>> reason_of_x12("IB")
    'backordered'
    """
    default = next((name for name, reason in ORDER_REASONS.items() if reason.x12 == code), None)
    if default is None:
        raise refused(
            f"ACK01 {code!r} is not a line status that the hub knows", value=code, fix="map it in a code table", kind="order_reason"
        )
    return default
