"""Acknowledgement: a receiver says what became of something that the hub sent (997, 999, CONTRL, ALEAUD, APERAK, TA1)."""

from __future__ import annotations

from typing import Literal

from canonical_model.base import Body, Id, Instant, Text, field, optional


class Acknowledged(Body):
    """What is acknowledged, by the numbers that the hub gave it."""

    format: Id = field(
        "Format of what was sent: idoc, x12, edifact ...",
        ubl="DocumentReference/DocumentTypeCode",
        gs1="documentType",
        sap="EDI_DC40-MESTYP",
    )
    type: Id | None = optional(
        "Its type: 856, DESADV, ORDRSP ...", ubl="DocumentReference/DocumentType", gs1="documentType", sap="E1ADHDR-MESTYP"
    )
    interchange: Id | None = optional("Number of the interchange.", gs1="instanceIdentifier", sap="EDI_DC40-REFINT")
    group: Id | None = optional("Number of the group.", gs1="batchIdentifier", sap="EDI_DC40-REFGRP")
    control: Id = field("Number of the message itself.", ubl="DocumentReference/ID", gs1="documentIdentifier", sap="E1STATE-DOCNUM")


class AcknowledgedError(Body):
    """One complaint of the receiver."""

    code: Id = field("The receiver's code.", ubl="LineResponse/Response/ResponseCode", gs1="errorCode", sap="E1STATE-STACOD")
    text: Text = field("The complaint in words.", ubl="Response/Description", gs1="errorDescription", sap="E1STATE-STATXT")
    segment: Id | None = optional("Segment complained of.", sap="E1STATE-SEGNUM")
    position: Id | None = optional("Place of the segment in the message, counted from 1.", ubl="LineReference/LineID", sap="E1STATE-SEGNUM")
    element: Id | None = optional("Element complained of.", sap="E1STATE-STAPA1")
    value: Text | None = optional("The value complained of.", sap="E1STATE-STAPA2")


class Acknowledgement(Body):
    """The receiver's word on one message."""

    of: Acknowledged = field("What is acknowledged.", ubl="DocumentResponse/DocumentReference", gs1="originalMessage", sap="E1ADHDR")
    status: Literal["accepted", "accepted_with_errors", "rejected"] = field(
        "The receiver's word.", ubl="DocumentResponse/Response/ResponseCode", gs1="responseStatusCode", sap="E1STATE-STATUS"
    )
    received_at: Instant | None = optional("When the receiver says it.", ubl="ApplicationResponse/ResponseTime", gs1="creationDateTime")
    errors: tuple[AcknowledgedError, ...] = optional(
        "What was complained of.", ubl="DocumentResponse/LineResponse", gs1="messageError", sap="E1STATE", default=()
    )
