"""InventoryReport: what a place says it has, by state. A newer report of one place and day replaces the older one."""

from __future__ import annotations

from canonical_model.base import Body, Date, Id, Instant, field, optional
from canonical_model.codes.stock_states import StockState
from canonical_model.common import ItemRef, PartyRef
from canonical_model.quantity import Quantity


class InventoryLine(Body):
    """One item in one state (and lot)."""

    id: Id | None = optional("The sender's own line id.", ubl="InventoryReportLine/ID", gs1="lineItemNumber", sap="E1MBXYI-ZEILE")
    item: ItemRef = field("What is there.", ubl="InventoryReportLine/Item", gs1="transactionalTradeItem", sap="E1MBXYI-MATNR")
    quantity: Quantity = field(
        "How much, as reported; negative where the sender's book is.",
        ubl="InventoryReportLine/Quantity",
        gs1="quantityOfUnits",
        sap="E1MBXYI-ERFMG",
    )
    base_quantity: Quantity | None = optional("The same in the item's base unit.", sap="E1MBXYI-MENGE")
    state: StockState = field(
        "What may be done with it.",
        ubl="InventoryReportLine/AvailabilityStatusCode",
        gs1="inventoryStatusType / CBV disposition",
        sap="E1MBXYI-INSMK",
    )
    lot: Id | None = optional("Lot.", ubl="Item/ItemInstance/LotIdentification/LotNumberID", gs1="batchNumber", sap="E1MBXYI-CHARG")
    expires_on: Date | None = optional("Last day of use.", ubl="LotIdentification/ExpiryDate", gs1="itemExpirationDate")


class InventoryReport(Body):
    """A place reports its stock as of one day or one instant."""

    number: Id | None = optional(
        "The sender's number of the report.", ubl="InventoryReport/ID", gs1="inventoryReportIdentification", sap="E1MBXYH-XBLNR"
    )
    location: PartyRef = field(
        "Which place.", ubl="InventoryLocation", gs1="inventoryReportingParty / inventoryLocation", sap="E1MBXYI-LGORT"
    )
    reported_at: Instant | None = optional(
        "As of when, where the sender names an instant.",
        ubl="InventoryPeriod/EndTime",
    )
    reported_on: Date | None = optional("As of which day.", ubl="InventoryPeriod/EndDate", gs1="inventoryDateTime", sap="E1MBXYH-BUDAT")
    lines: tuple[InventoryLine, ...] = field(
        "What is there.", ubl="InventoryReportLine", gs1="inventoryItemLocationInformation", sap="E1MBXYI", max_length=1_000_000
    )
