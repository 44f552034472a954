"""Party: a partner's master data and its place in the tree of headquarters, agents, stores, warehouses and carriers."""

from __future__ import annotations

from typing import Literal

from canonical_model.base import Body, Date, Gln, Id, Text, field, optional
from canonical_model.common import Address, PartyRef


class Party(Body):
    """A partner's master data in one code set."""

    party: Id | None = optional(
        "The hub's id of the party; absent while it is new.",
        ubl="Party/PartyIdentification/ID",
        gs1="partyIdentification",
        sap="E1KNA1M-KUNNR",
    )
    code: Id = field(
        "The party's code in its owner's code set.",
        ubl="PartyIdentification/ID/@schemeID",
        gs1="additionalPartyIdentification",
        sap="E1KNA1M-KUNNR",
    )
    name: Text = field("Name.", ubl="PartyName/Name", gs1="organisationName", sap="E1KNA1M-NAME1")
    tier: Literal["headquarters", "agent", "store", "warehouse", "carrier"] = field(
        "Its tier in the distribution.", gs1="partyRole", sap="E1KNA1M-KTOKD"
    )
    parent: PartyRef | None = optional("The party above it.", ubl="AgentParty", gs1="parentPartyGLN", sap="E1KNVHM-HKUNNR")
    gln: Gln | None = optional("GLN.", ubl="PartyIdentification/ID[@schemeID='GLN']", gs1="gln", sap="E1KNA1M-BBBNR")
    address: Address | None = optional("Postal address.", ubl="PostalAddress", gs1="address", sap="E1KNA1M")
    status: Id | None = optional(
        "Status in its owner's words: active, blocked, closed.",
        sap="E1KNA1M-SPERR",
    )
    valid_from: Date | None = optional(
        "Day from which this holds.", ubl="ValidityPeriod/StartDate", gs1="effectiveDateTime", sap="E1KNVHM-DATAB"
    )
