"""Product: an item with its packaging levels, each with an integer ratio to the base unit and its own GTIN (as MARM)."""

from __future__ import annotations

from canonical_model.base import Body, Date, Gtin, Id, Text, Unit, Whole, field, optional
from canonical_model.common import ItemRef
from canonical_model.quantity import Quantity


class ProductUnit(Body):
    """One packaging level: ``numerator`` base units are in ``denominator`` units of this level."""

    unit: Unit = field("Unit of this level.", ubl="Item/PackQuantity/@unitCode", gs1="tradeItemUnitDescriptorCode", sap="E1MARMM-MEINH")
    numerator: Whole = field("Base units ...", sap="E1MARMM-UMREZ")
    denominator: Whole = field(
        "... in so many units of this level.", ubl="Item/PackQuantity", gs1="quantityOfChildren", sap="E1MARMM-UMREN"
    )
    gtin: Gtin | None = optional("GTIN of this level.", ubl="StandardItemIdentification/ID", gs1="gtin", sap="E1MARMM-EAN11")
    other_gtins: tuple[Gtin, ...] = optional(
        "Further GTINs of this level.", ubl="AdditionalItemIdentification/ID", gs1="gtin", sap="E1MEANM-EAN11", default=()
    )
    gross_weight: Quantity | None = optional(
        "Weight with packaging.", ubl="Dimension[AttributeID=AAB]", gs1="grossWeight", sap="E1MARMM-BRGEW"
    )
    level: Id | None = optional(
        "What the level is called: each, inner, case, layer, pallet.",
        ubl="PackLevelCode",
        gs1="tradeItemUnitDescriptorCode",
        sap="E1MARMM-MEINH",
    )


class Product(Body):
    """An item's master data in one code set."""

    code: Id = field(
        "The item's code in its owner's code set.",
        ubl="SellersItemIdentification/ID",
        gs1="additionalTradeItemIdentification",
        sap="E1MARAM-MATNR",
    )
    item: ItemRef | None = optional("The item at its base level.", ubl="Item", gs1="tradeItem", sap="E1MARAM-EAN11")
    description: Text | None = optional("Short text.", ubl="Item/Name", gs1="tradeItemDescription", sap="E1MAKTM-MAKTX")
    base_unit: Unit = field(
        "The unit that stock is counted in.", ubl="Item/PackQuantity/@unitCode", gs1="tradeItemUnitDescriptorCode", sap="E1MARAM-MEINS"
    )
    brand: Text | None = optional("Brand.", ubl="Item/BrandName", gs1="brandName", sap="E1MARAM-BRAND_ID")
    status: Id | None = optional(
        "Status in its owner's words: active, blocked, discontinued.",
        gs1="tradeItemStatus",
        sap="E1MARAM-MSTAE",
    )
    valid_from: Date | None = optional("Day from which this holds.", ubl="ValidityPeriod/StartDate", gs1="effectiveDateTime")
    units: tuple[ProductUnit, ...] = field(
        "Packaging levels, the base unit among them.",
        ubl="Item/PackQuantity",
        gs1="nextLowerLevelTradeItemInformation",
        sap="E1MARMM",
        min_length=1,
        max_length=1000,
    )
