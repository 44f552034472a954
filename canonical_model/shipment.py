"""Goods on their way: ShippingOrder (what a warehouse is told to ship, X12 940) and DespatchAdvice (what it shipped, 856, DESADV)."""

from __future__ import annotations

from canonical_model.base import Body, Date, Id, Sscc, Text, field, optional
from canonical_model.common import ItemRef, PartyRef
from canonical_model.quantity import Quantity


class ShippingOrderLine(Body):
    """One item to ship."""

    id: Id = field("The order line's id.", ubl="DespatchLine/OrderLineReference/LineID", gs1="lineItemNumber", sap="E1EDL24-POSNR")
    item: ItemRef = field("What to ship.", ubl="DespatchLine/Item", gs1="transactionalTradeItem", sap="E1EDL24-MATNR")
    quantity: Quantity = field("How much to ship.", ubl="DespatchLine/DeliveredQuantity", gs1="requestedQuantity", sap="E1EDL24-LFIMG")
    base_quantity: Quantity = field("The same in the item's base unit.", sap="E1EDL24-LGMNG")
    requested_on: Date | None = optional(
        "Day for this line, where it differs.",
        ubl="Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDL24-MBDAT",
    )
    lot: Id | None = optional(
        "Lot to ship from.", ubl="Item/ItemInstance/LotIdentification/LotNumberID", gs1="batchNumber", sap="E1EDL24-CHARG"
    )


class ShippingOrder(Body):
    """A warehouse is told to ship."""

    number: Id = field("The hub's number of the order: our key.", ubl="ID", gs1="warehousingOutboundInstruction", sap="E1EDL20-VBELN")
    order_number: Id = field("The buyer's order number.", ubl="OrderReference/ID", gs1="purchaseOrder", sap="E1EDL41-BSTNR")
    issued_on: Date | None = optional("Day of the instruction.", ubl="IssueDate", gs1="creationDateTime", sap="E1EDT13-NTANF QUALF 015")
    buyer: PartyRef = field("Who ordered.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1ADRM1 PARTNER_Q AG")
    ship_to: PartyRef = field("Where the goods go.", ubl="DeliveryCustomerParty", gs1="shipTo", sap="E1ADRM1 PARTNER_Q WE")
    warehouse: PartyRef = field("Who ships.", ubl="DespatchSupplierParty", gs1="shipFrom", sap="E1EDL20-LGNUM")
    requested_on: Date | None = optional(
        "Delivery day asked for.",
        ubl="Delivery/RequestedDeliveryPeriod/StartDate",
        gs1="requestedDeliveryDateTime",
        sap="E1EDT13-NTANF QUALF 007",
    )
    lines: tuple[ShippingOrderLine, ...] = field(
        "What to ship.", ubl="DespatchLine", gs1="outboundInstructionLineItem", sap="E1EDL24", min_length=1, max_length=100_000
    )
    note: Text | None = optional("Words to the warehouse.", ubl="Note", gs1="note", sap="E1TXTP9-TDLINE")


class LogisticUnit(Body):
    """A pallet or carton that travels under an SSCC."""

    sscc: Sscc = field("Its SSCC.", ubl="TransportHandlingUnit/ID", gs1="sscc", sap="E1EDL37-EXIDV")
    parent: Sscc | None = optional(
        "SSCC of the unit that it stands on.",
        ubl="TransportHandlingUnit/ReferencedPackage/ID",
        gs1="parentLogisticUnit",
        sap="E1EDL44-EXIDV",
    )
    package: Id | None = optional(
        "Kind of package, Recommendation 21.", ubl="TransportHandlingUnitTypeCode", gs1="packageTypeCode", sap="E1EDL37-VHILM"
    )
    gross_weight: Quantity | None = optional(
        "Weight with packaging.", ubl="MeasurementDimension[AttributeID=AAB]", gs1="grossWeight", sap="E1EDL37-BRGEW"
    )


class DespatchLine(Body):
    """One item that was shipped."""

    id: Id = field("The sender's own line id.", ubl="DespatchLine/ID", gs1="lineItemNumber", sap="E1EDL24-POSNR")
    order_line: Id | None = optional(
        "The order line that it fulfils.", ubl="OrderLineReference/LineID", gs1="purchaseOrder/lineItemNumber", sap="E1EDL24-VGPOS"
    )
    item: ItemRef = field("What was shipped.", ubl="DespatchLine/Item", gs1="transactionalTradeItem", sap="E1EDL24-MATNR")
    quantity: Quantity = field("The shipped quantity.", ubl="DeliveredQuantity", gs1="despatchedQuantity", sap="E1EDL24-LFIMG")
    base_quantity: Quantity | None = optional("The same in the item's base unit.", sap="E1EDL24-LGMNG")
    lot: Id | None = optional("Lot.", ubl="Item/ItemInstance/LotIdentification/LotNumberID", gs1="batchNumber", sap="E1EDL24-CHARG")
    expires_on: Date | None = optional(
        "Last day of use.", ubl="LotIdentification/ExpiryDate", gs1="itemExpirationDate", sap="E1EDL24-VFDAT"
    )
    ordered: Quantity | None = optional("The quantity that was asked for.", ubl="OutstandingQuantity", gs1="requestedQuantity")
    units: tuple[Sscc, ...] = optional(
        "SSCCs of the logistic units it is in.", ubl="TransportHandlingUnit/ID", gs1="sscc", sap="E1EDL44-EXIDV", default=()
    )


class DespatchAdvice(Body):
    """A shipper says what has left."""

    number: Id = field(
        "The shipper's number of the despatch.", ubl="DespatchAdvice/ID", gs1="despatchAdviceIdentification", sap="E1EDL20-VBELN"
    )
    issued_on: Date | None = optional(
        "Day of the advice.", ubl="DespatchAdvice/IssueDate", gs1="creationDateTime", sap="E1EDT13-NTANF QUALF 015"
    )
    despatched_on: Date | None = optional(
        "Day the goods left.", ubl="Despatch/ActualDespatchDate", gs1="despatchDateTime", sap="E1EDT13-ISDD QUALF 006"
    )
    order_number: Id | None = optional("The buyer's order number.", ubl="OrderReference/ID", gs1="purchaseOrder", sap="E1EDL41-BSTNR")
    ship_from: PartyRef | None = optional("Where the goods left.", ubl="DespatchSupplierParty", gs1="shipFrom", sap="E1EDL20-VSTEL")
    ship_to: PartyRef | None = optional("Where the goods go.", ubl="DeliveryCustomerParty", gs1="shipTo", sap="E1ADRM1 PARTNER_Q WE")
    buyer: PartyRef | None = optional("Who ordered.", ubl="BuyerCustomerParty", gs1="buyer", sap="E1ADRM1 PARTNER_Q AG")
    lines: tuple[DespatchLine, ...] = field(
        "What was shipped.", ubl="DespatchLine", gs1="despatchAdviceLineItem", sap="E1EDL24", min_length=1, max_length=100_000
    )
    units: tuple[LogisticUnit, ...] = optional(
        "The logistic units.", ubl="Shipment/TransportHandlingUnit", gs1="despatchAdviceLogisticUnit", sap="E1EDL37", default=()
    )
