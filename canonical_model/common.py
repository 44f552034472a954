"""Values that several documents share: what was given, references to items and parties, reasons, addresses.

What a partner wrote always stays beside what it means.
"""

from __future__ import annotations

from canonical_model.base import Body, Country, Gln, Gtin, Id, ItemId, Text, field, optional
from canonical_model.quantity import Quantity

__all__ = ["Address", "Given", "ItemRef", "PartyRef", "Quantity", "Reason"]


class Given(Body):
    """A code as the partner wrote it, with the scheme that it belongs to."""

    scheme: Id = field(
        "Whose code it is: a code set's table (sap-hq:item) or a standard (gtin, gln, buyer, supplier).",
        ubl="ID/@schemeID",
        gs1="additionalTradeItemIdentification/@additionalTradeItemIdentificationTypeCode",
        sap="E1EDP19-QUALF",
    )
    code: Id = field("The code, unchanged.", ubl="ID", gs1="additionalTradeItemIdentification", sap="E1EDP19-IDTNR")


class ItemRef(Body):
    """An item at one packaging level."""

    id: ItemId = field(
        "The item: its GTIN of 14 digits where that is known everywhere, else <code set>:<code>.",
        ubl="Item/StandardItemIdentification/ID",
        gs1="gtin",
        sap="E1EDP19-IDTNR",
    )
    gtin: Gtin | None = optional(
        "The GTIN of 14 digits of this packaging level.", ubl="Item/StandardItemIdentification/ID", gs1="gtin", sap="MARM-EAN11"
    )
    extension: Id | None = optional(
        "Extension of the GTIN inside one brand or agent; never part of the GTIN's identity.",
        ubl="Item/StandardItemIdentification/ExtendedID",
        gs1="AI (240) additional product identification",
        sap="E1EDP19-IDTNR QUALF 001",
    )
    level: Id | None = optional(
        "Packaging level that the code named, as a unit of the item.",
        ubl="Item/PackQuantity/@unitCode",
        gs1="tradeItemUnitDescriptorCode",
        sap="MARM-MEINH",
    )
    given: tuple[Given, ...] = optional(
        "Every code by which the partner named the item.",
        ubl="Item/BuyersItemIdentification, Item/SellersItemIdentification",
        gs1="additionalTradeItemIdentification",
        sap="E1EDP19",
        default=(),
    )


class PartyRef(Body):
    """A party in one of its roles in a document."""

    party: Id = field(
        "The hub's id of the party.", ubl="Party/PartyIdentification/ID", gs1="additionalPartyIdentification", sap="E1EDKA1-PARTN"
    )
    name: Text | None = optional(
        "Its name as the document gives it.", ubl="Party/PartyName/Name", gs1="organisationName", sap="E1EDKA1-NAME1"
    )
    gln: Gln | None = optional("Its GLN.", ubl="Party/PartyIdentification/ID[@schemeID='GLN']", gs1="gln", sap="E1EDKA1-ILNNR")
    given: tuple[Given, ...] = optional(
        "Every code by which the partner named it.",
        ubl="Party/PartyIdentification",
        gs1="additionalPartyIdentification",
        sap="E1EDKA1-LIFNR",
        default=(),
    )


class Reason(Body):
    """Why an answer is what it is: a code of ``codes.order_reasons`` or the sender's own, and words."""

    code: Id = field("Code of the reason.", ubl="OrderResponse/ResponseCode", gs1="responseReasonCode", sap="E1EDP01-ABGRU")
    text: Text = field("The reason in words.", ubl="Note", gs1="responseReasonDescription", sap="E1EDPT2-TDLINE")


class Address(Body):
    """A postal address."""

    street: Text | None = optional("Street and house number.", ubl="PostalAddress/StreetName", gs1="streetAddressOne", sap="E1KNA1M-STRAS")
    city: Text | None = optional("City.", ubl="PostalAddress/CityName", gs1="city", sap="E1KNA1M-ORT01")
    postal_code: Id | None = optional("Postal code.", ubl="PostalAddress/PostalZone", gs1="postalCode", sap="E1KNA1M-PSTLZ")
    region: Text | None = optional(
        "Province or region, as a name or a code.", ubl="PostalAddress/CountrySubentity", gs1="provinceCode", sap="E1KNA1M-REGIO"
    )
    country: Country | None = optional(
        "Country of ISO 3166-1 alpha-2.", ubl="PostalAddress/Country/IdentificationCode", gs1="countryCode", sap="E1KNA1M-LAND1"
    )
