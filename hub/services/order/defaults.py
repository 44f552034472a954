"""Which rules run, and what each reason is called in the formats that answers are written in. The one place to change either.

``REASONS``: our code -> text and the codes of the answer's formats. X12 668 is ACK01 (line item status), EDIFACT 1229 the
action of LIN in ORDRSP, UBL the LineStatusCode of an OrderResponse line (UNCL 1229, as Peppol uses it); ``action`` is the
word of E1EDP01-ACTION and UBL-like formats. A mapping reads the code and translates it with a code table made from this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.services.order.rules import (
    BuyerAllowed,
    CurrencyAccepted,
    ItemKnown,
    LineCurrency,
    LineDate,
    LotSize,
    OrderDate,
    OrderRules,
    PriceDeviation,
    QuantityPositive,
    ShipTo,
    UnitAllowed,
)

DEFAULT_RULES = OrderRules(
    lines=(QuantityPositive(), ItemKnown(), UnitAllowed(), LotSize(), LineDate(), LineCurrency(), PriceDeviation()),
    header=(BuyerAllowed(), ShipTo(), OrderDate(), CurrencyAccepted()),
    shortage="backorder",
    release=True,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a reason or a line status is said: English text, X12 668, EDIFACT 1229, UBL line status, E1EDP01-ACTION."""

    text: str
    x12_668: str
    edifact_1229: str
    ubl: str
    action: str = ""


STATUSES: dict[str, Answer] = {
    "accepted": Answer("accepted as ordered", "IA", "5", "5", "004"),
    "changed": Answer("accepted with a change", "IC", "3", "3", "002"),
    "backordered": Answer("accepted, not yet available in full", "IB", "3", "3", "002"),
    "rejected": Answer("not accepted", "IR", "7", "7", "003"),
}

REASONS: dict[str, Answer] = {
    "item_unknown": Answer("item not known", "IR", "7", "7", "003"),
    "item_blocked": Answer("item blocked", "IR", "7", "7", "003"),
    "item_discontinued": Answer("item discontinued", "IR", "7", "7", "003"),
    "unit_not_allowed": Answer("unit not allowed for the item", "IR", "7", "7", "003"),
    "quantity_not_positive": Answer("quantity is not above zero", "IR", "7", "7", "003"),
    "below_minimum_quantity": Answer("quantity below the minimum", "IR", "7", "7", "003"),
    "not_a_multiple": Answer("quantity is not a multiple of the lot", "IR", "7", "7", "003"),
    "date_before_issue": Answer("requested before the order was issued", "IR", "7", "7", "003"),
    "date_beyond_horizon": Answer("requested too far in the future", "IR", "7", "7", "003"),
    "price_deviation": Answer("price deviates from the agreed price", "IR", "7", "7", "003"),
    "currency_mismatch": Answer("line currency differs from the order's", "IR", "7", "7", "003"),
    "currency_not_accepted": Answer("currency not accepted", "IR", "7", "7", "003"),
    "duplicate_line": Answer("line id occurs twice", "IR", "7", "7", "003"),
    "line_unknown": Answer("the order has no such line", "IR", "7", "7", "003"),
    "below_shipped": Answer("quantity below what was shipped", "IR", "7", "7", "003"),
    "item_changed_after_shipment": Answer("item cannot change after a shipment", "IR", "7", "7", "003"),
    "item_missing": Answer("a new line names no item or no quantity", "IR", "7", "7", "003"),
    "ship_to_unknown": Answer("ship-to party not known", "IR", "7", "7", "003"),
    "ship_to_blocked": Answer("ship-to party blocked", "IR", "7", "7", "003"),
    "buyer_blocked": Answer("buyer blocked", "IR", "7", "7", "003"),
    "out_of_stock": Answer("not available", "IR", "7", "7", "003"),
    "partly_out_of_stock": Answer("only part is available", "IQ", "3", "3", "002"),
    "backordered": Answer("not yet available, will follow", "IB", "3", "3", "002"),
    "cancelled": Answer("cancelled", "ID", "2", "3", "003"),
    "order_rejected": Answer("the order was rejected", "IR", "7", "7"),
    "order_cancelled": Answer("the order was cancelled before", "IR", "7", "7"),
    "order_held": Answer("the order is held", "IR", "7", "7"),
    "order_shipped": Answer("the order has been shipped", "IR", "7", "7"),
    "order_closed": Answer("the order is closed", "IR", "7", "7"),
    "order_not_held": Answer("the order is not held", "IR", "7", "7"),
    "nothing_open": Answer("nothing is open", "IR", "7", "7"),
    "nothing_allocated": Answer("nothing is allocated", "IR", "7", "7"),
    "nothing_shipped": Answer("nothing was shipped", "IR", "7", "7"),
    "already_delivered": Answer("delivered before", "IR", "7", "7"),
    "already_invoiced": Answer("invoiced before", "IR", "7", "7"),
}
