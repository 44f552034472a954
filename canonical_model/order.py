"""The order and its answers: Order, OrderChange, OrderCancel, OrderResponse (UBL 2.4 names).

An order's ``number`` is the buyer's; a line's ``id`` is the sender's own text, echoed unchanged in every answer.
"""

from __future__ import annotations

from typing import Literal

from canonical_model.base import Body, Currency, Date, Id, Text, field, optional
from canonical_model.common import ItemRef, PartyRef, Reason
from canonical_model.money import Price
from canonical_model.quantity import Quantity


class OrderLine(Body):
    """One item that is ordered."""

    id: Id = field("The sender's own line id.", ubl="OrderLine/LineItem/ID", gs1="lineItemNumber", sap="E1EDP01-POSEX")
    item: ItemRef = field("What is ordered.", ubl="OrderLine/LineItem/Item", gs1="transactionalTradeItem", sap="E1EDP19")
    description: Text | None = optional(
        "The item in the sender's words.", ubl="Item/Description", gs1="tradeItemDescription", sap="E1EDP19-KTEXT"
    )
    quantity: Quantity = field("The ordered quantity, as ordered.", ubl="LineItem/Quantity", gs1="requestedQuantity", sap="E1EDP01-MENGE")
    base_quantity: Quantity | None = optional(
        "The same quantity in the item's base unit.",
    )
    price: Price | None = optional("The price that the sender expects.", ubl="LineItem/Price", gs1="netPrice", sap="E1EDP01-VPREI")
    requested_on: Date | None = optional(
        "Delivery day asked for, where it differs from the order's.",
        ubl="LineItem/Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDP20-EDATU",
    )
    note: Text | None = optional("Words to this line.", ubl="OrderLine/Note", gs1="note", sap="E1EDPT2-TDLINE")


class Order(Body):
    """A buyer asks for goods."""

    number: Id = field(
        "The buyer's order number; part of the business key.", ubl="Order/ID", gs1="orderIdentification", sap="E1EDK02-BELNR QUALF 001"
    )
    seller_number: Id | None = optional(
        "The seller's order number.", ubl="Order/SalesOrderID", gs1="salesOrderNumber", sap="E1EDK02-BELNR QUALF 002"
    )
    issued_on: Date | None = optional("Day of the order.", ubl="Order/IssueDate", gs1="creationDateTime", sap="E1EDK03-DATUM IDDAT 012")
    requested_on: Date | None = optional(
        "Delivery day asked for.",
        ubl="Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDK03-DATUM IDDAT 002",
    )
    currency: Currency = field("Currency of every price in it.", ubl="DocumentCurrencyCode", gs1="currencyCode", sap="E1EDK01-CURCY")
    buyer: PartyRef = field("Who orders.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1EDKA1 PARVW AG")
    seller: PartyRef | None = optional("Who is to deliver.", ubl="SellerSupplierParty", gs1="seller", sap="E1EDKA1 PARVW LF")
    ship_to: PartyRef | None = optional("Where the goods go.", ubl="Delivery/DeliveryParty", gs1="shipTo", sap="E1EDKA1 PARVW WE")
    bill_to: PartyRef | None = optional("Who gets the invoice.", ubl="AccountingCustomerParty", gs1="billTo", sap="E1EDKA1 PARVW RE")
    lines: tuple[OrderLine, ...] = field(
        "What is ordered.", ubl="OrderLine", gs1="orderLineItem", sap="E1EDP01", min_length=1, max_length=100_000
    )
    note: Text | None = optional("Words to the whole order.", ubl="Order/Note", gs1="note", sap="E1EDKT2-TDLINE")


class OrderChangeLine(Body):
    """What is to change in one line: ``add`` and ``change`` say what it shall be, ``delete`` that it shall not be."""

    id: Id = field("The sender's own line id.", ubl="OrderLine/LineItem/ID", gs1="lineItemNumber", sap="E1EDP01-POSEX")
    action: Literal["add", "change", "delete"] = field("What happens to the line.", gs1="lineItemActionCode", sap="E1EDP01-ACTION")
    item: ItemRef | None = optional("The item; needed for add.", ubl="LineItem/Item", gs1="transactionalTradeItem", sap="E1EDP19")
    quantity: Quantity | None = optional(
        "The new quantity; needed for add.", ubl="LineItem/Quantity", gs1="requestedQuantity", sap="E1EDP01-MENGE"
    )
    base_quantity: Quantity | None = optional(
        "The new quantity in the item's base unit.",
    )
    price: Price | None = optional("The new price.", ubl="LineItem/Price", gs1="netPrice", sap="E1EDP01-VPREI")
    requested_on: Date | None = optional(
        "The new delivery day.",
        ubl="LineItem/Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDP20-EDATU",
    )
    note: Text | None = optional("Words to this line.", ubl="OrderLine/Note", gs1="note", sap="E1EDPT2-TDLINE")


class OrderChange(Body):
    """A buyer changes an order; what is not named stays."""

    number: Id = field(
        "The buyer's order number.", ubl="OrderChange/OrderReference/ID", gs1="orderIdentification", sap="E1EDK02-BELNR QUALF 001"
    )
    issued_on: Date | None = optional(
        "Day of the change.", ubl="OrderChange/IssueDate", gs1="creationDateTime", sap="E1EDK03-DATUM IDDAT 012"
    )
    buyer: PartyRef = field("Who orders.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1EDKA1 PARVW AG")
    currency: Currency | None = optional(
        "Currency of every price in it.", ubl="DocumentCurrencyCode", gs1="currencyCode", sap="E1EDK01-CURCY"
    )
    requested_on: Date | None = optional(
        "The new delivery day.",
        ubl="Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDK03-DATUM IDDAT 002",
    )
    ship_to: PartyRef | None = optional("Where the goods go now.", ubl="Delivery/DeliveryParty", gs1="shipTo", sap="E1EDKA1 PARVW WE")
    lines: tuple[OrderChangeLine, ...] = field(
        "The lines that change.", ubl="OrderLine", gs1="orderLineItem", sap="E1EDP01", max_length=100_000
    )
    note: Text | None = optional("Words to the change.", ubl="OrderChange/Note", gs1="note", sap="E1EDKT2-TDLINE")


class OrderCancel(Body):
    """A buyer takes an order back."""

    number: Id = field(
        "The buyer's order number.", ubl="OrderCancellation/OrderReference/ID", gs1="orderIdentification", sap="E1EDK02-BELNR QUALF 001"
    )
    issued_on: Date | None = optional(
        "Day of the cancellation.", ubl="OrderCancellation/IssueDate", gs1="creationDateTime", sap="E1EDK03-DATUM IDDAT 012"
    )
    buyer: PartyRef = field("Who ordered.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1EDKA1 PARVW AG")
    reason: Text | None = optional("Why, in the buyer's words.", ubl="CancellationNote", gs1="note", sap="E1EDKT2-TDLINE")


class OrderResponseLine(Body):
    """The seller's answer to one line."""

    id: Id = field("The buyer's own line id.", ubl="OrderLine/LineItem/ID", gs1="lineItemNumber", sap="E1EDP01-POSEX")
    status: Literal["accepted", "changed", "backordered", "rejected"] = field(
        "What becomes of the line.", ubl="LineItem/LineStatusCode", gs1="lineItemActionCode", sap="E1EDP01-ACTION"
    )
    item: ItemRef = field("The item, with what the buyer called it.", ubl="LineItem/Item", gs1="transactionalTradeItem", sap="E1EDP19")
    quantity: Quantity = field(
        "The confirmed quantity; 0 when rejected.", ubl="LineItem/Quantity", gs1="confirmedQuantity", sap="E1EDP20-WMENG"
    )
    ordered: Quantity = field("The ordered quantity.", ubl="LineItem/OriginalQuantity", gs1="requestedQuantity", sap="E1EDP01-MENGE")
    price: Price | None = optional("The price that holds.", ubl="LineItem/Price", gs1="netPrice", sap="E1EDP01-VPREI")
    requested_on: Date | None = optional(
        "Delivery day asked for.", ubl="Delivery/RequestedDeliveryPeriod/StartDate", gs1="requestedDeliveryDateTime", sap="E1EDP20-EDATU"
    )
    promised_on: Date | None = optional(
        "Delivery day promised.", ubl="Delivery/PromisedDeliveryPeriod/StartDate", gs1="confirmedDeliveryDateTime", sap="E1EDP20-EDATU"
    )
    reasons: tuple[Reason, ...] = optional(
        "Why, where it is not accepted as ordered.", ubl="LineItem/Note", gs1="responseReasonCode", sap="E1EDP01-ABGRU", default=()
    )


class OrderResponse(Body):
    """The seller's answer to an order, a change or a cancellation."""

    number: Id = field(
        "The buyer's order number.", ubl="OrderResponse/OrderReference/ID", gs1="originalOrder", sap="E1EDK02-BELNR QUALF 001"
    )
    seller_number: Id | None = optional(
        "The seller's order number.", ubl="OrderResponse/SalesOrderID", gs1="salesOrderNumber", sap="E1EDK02-BELNR QUALF 002"
    )
    order_type: Literal["order", "change", "cancel"] = field(
        "What is answered.", ubl="OrderReference/OrderTypeCode", gs1="responseDocumentReference", sap="E1EDK01-ACTION"
    )
    status: Literal["accepted", "changed", "rejected", "pending"] = field(
        "The answer as a whole; pending: received, not decided.", ubl="OrderResponseCode", gs1="responseStatusCode", sap="E1EDK01-ACTION"
    )
    issued_on: Date = field("Day of the answer.", ubl="OrderResponse/IssueDate", gs1="creationDateTime", sap="E1EDK03-DATUM IDDAT 012")
    currency: Currency | None = optional(
        "Currency of every price in it.", ubl="DocumentCurrencyCode", gs1="currencyCode", sap="E1EDK01-CURCY"
    )
    buyer: PartyRef = field("Who ordered.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1EDKA1 PARVW AG")
    seller: PartyRef | None = optional("Who answers.", ubl="SellerSupplierParty", gs1="seller", sap="E1EDKA1 PARVW LF")
    ship_to: PartyRef | None = optional("Where the goods go.", ubl="Delivery/DeliveryParty", gs1="shipTo", sap="E1EDKA1 PARVW WE")
    lines: tuple[OrderResponseLine, ...] = field(
        "The answer line by line.", ubl="OrderLine", gs1="orderResponseLineItem", sap="E1EDP01", max_length=100_000
    )
    reasons: tuple[Reason, ...] = optional(
        "Why, for the whole.", ubl="RejectionNote", gs1="responseReasonCode", sap="E1EDKT2-TDLINE", default=()
    )
