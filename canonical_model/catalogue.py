"""The document types: what each is called, which class it is, and what the lane does with it.

One line a type. ``same_key`` says what another document of the same business key means (decision 0004), ``valid_on`` which
date of the body codes are asked for (decision 0002), ``latest`` that a newer unsent delivery replaces an older one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from canonical_model.acknowledgement import Acknowledgement
from canonical_model.base import Body
from canonical_model.inventory import InventoryReport
from canonical_model.order import Order, OrderCancel, OrderChange, OrderResponse
from canonical_model.party import Party
from canonical_model.problems import Cause, Hold, Misconfigured, Problem, cause_key
from canonical_model.product import Product
from canonical_model.shipment import DespatchAdvice, ShippingOrder

Kind = Literal["full", "change", "cancel", "append"]
SameKey = Literal["conflict", "replace", "append"]
Revision = Literal["integer", "dotted", "timestamp"]


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A canonical document type.

    ``name`` is what mappings and stored documents say: ``order/1``. ``kind``: full replaces the whole object, change and
    cancel need one (``needs_predecessor``), append is an event. ``object_kind`` is the middle of the business key.
    ``revision`` is how revisions compare; ``contiguous``: no revision may be left out. ``changes_codebook``: applying it
    changes codes, packaging or parties, so its window runs alone (decision 0003).
    """

    name: str
    model: type[Body]
    object_kind: str
    kind: Kind = "full"
    same_key: SameKey = "conflict"
    valid_on: str | None = None
    revision: Revision = "integer"
    contiguous: bool = False
    changes_codebook: bool = False
    latest: bool = False

    @property
    def word(self) -> str:
        """The name without its version: ``order``."""
        return self.name.partition("/")[0]

    @property
    def version(self) -> int:
        """The major version."""
        return int(self.name.partition("/")[2])

    @property
    def needs_predecessor(self) -> bool:
        """Whether it is held until the object it speaks of is there."""
        return self.kind in ("change", "cancel")


TYPES: Mapping[str, DocumentType] = {
    type_.name: type_
    for type_ in (
        DocumentType("order/1", Order, "order", valid_on="issued_on"),
        DocumentType("order_change/1", OrderChange, "order", kind="change", valid_on="issued_on"),
        DocumentType("order_cancel/1", OrderCancel, "order", kind="cancel", valid_on="issued_on"),
        DocumentType("order_response/1", OrderResponse, "order_response", same_key="replace", valid_on="issued_on"),
        DocumentType("shipping_order/1", ShippingOrder, "shipping_order", valid_on="issued_on", latest=True),
        DocumentType("despatch_advice/1", DespatchAdvice, "despatch", valid_on="despatched_on"),
        DocumentType(
            "inventory_report/1",
            InventoryReport,
            "inventory_report",
            same_key="replace",
            valid_on="reported_on",
            revision="timestamp",
            latest=True,
        ),
        DocumentType(
            "product/1",
            Product,
            "product",
            same_key="replace",
            revision="timestamp",
            valid_on="valid_from",
            changes_codebook=True,
            latest=True,
        ),
        DocumentType(
            "party/1", Party, "party", same_key="replace", revision="timestamp", valid_on="valid_from", changes_codebook=True, latest=True
        ),
        DocumentType("acknowledgement/1", Acknowledgement, "acknowledgement", kind="append", same_key="append"),
    )
}
"""Name -> type."""


def document_type(name: str) -> DocumentType:
    """The type of a name; the newest version where the name has none. Raises Misconfigured with what there is.

    >>> document_type("order").name
    'order/1'
    """
    found = TYPES.get(name)
    if found is None and "/" not in name:
        versions = [type_ for type_ in TYPES.values() if type_.word == name]
        found = max(versions, key=lambda type_: type_.version, default=None)
    if found is None:
        raise Misconfigured(f"{name!r} is not a canonical document type", fix=f"one of {', '.join(TYPES)}")
    return found


def revision_key(how: Revision, text: str) -> tuple[int, ...]:
    """A revision as something that compares: the greater one is the newer. Raises Hold when the text is not of that form.

    >>> revision_key("integer", "0012"), revision_key("dotted", "1.10") > revision_key("dotted", "1.9")
    ((12,), True)
    >>> revision_key("timestamp", "20261125083000") == revision_key("timestamp", "2026-11-25T08:30:00Z")
    True
    """
    if len(text) <= 40 and _REVISIONS[how].fullmatch(text):
        if how == "timestamp":
            return (int(re.sub("[^0-9]", "", text).ljust(20, "0")),)
        return tuple(int(part) for part in text.split("."))
    fact = f"revision {text[:80]!r} does not compare as {how}"
    raise Hold(
        Problem(
            Cause.INVALID_VALUE, cause_key("revision", text[:80]), fact, "name another path for revision: in the mapping", value=text[:80]
        )
    )


_REVISIONS: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"[0-9]+", re.ASCII),
    "dotted": re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII),
    "timestamp": re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T ]?[0-9]{2}:?[0-9]{2}(?::?[0-9]{2}(?:\.?[0-9]{1,6})?)?Z?)?", re.ASCII),
}

Upcaster = Callable[[Mapping[str, Any]], Mapping[str, Any]]

UPCASTERS: Mapping[str, tuple[str, Upcaster]] = {}
"""Older type name -> (the next one, how its body becomes that). Pure functions; kept for two major versions."""


def upcast(name: str, body: Mapping[str, Any], upcasters: Mapping[str, tuple[str, Upcaster]] = UPCASTERS) -> tuple[str, Mapping[str, Any]]:
    """A stored body under the newest version of its type: (name, body), unchanged where it is the newest already."""
    while name in upcasters:
        name, step = upcasters[name]
        body = step(body)
    return name, body
