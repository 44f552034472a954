"""Terms of identity for one route: what the catalogue says of the type, what the route says otherwise, and the format's habit."""

from __future__ import annotations

from functools import lru_cache

from canonical_model.catalogue import TYPES, DocumentType
from hub.config import Route as RouteBlock
from hub.stages.admit import Terms
from hub.stages.routes import Way, Ways

RESTARTS = ("x12", "edifact")
"""Formats whose control numbers wrap and restart: a technical id counts only together with its business key."""


class RouteTerms:
    """``terms(system, route, type)`` for the lane; a route that is gone has the catalogue's terms."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self.terms = lru_cache(maxsize=4096)(self._terms)

    def _terms(self, system: str, route: str, type: str) -> Terms:
        way = self._ways.ways.get((system, route.partition(":")[0]))
        known = TYPES.get(type)
        if way is None or known is None:
            return Terms()
        return _made(way, way.block(route), known)


def _made(way: Way, block: RouteBlock | None, type: DocumentType) -> Terms:
    same_key = (block.same_key if block else None) or type.same_key
    append = type.kind == "append" or same_key == "append"
    trust = (block.technical_id if block else None) or ("within_key" if way.format.name in RESTARTS else "trust")
    return Terms(
        nature="append" if append else type.kind,
        same_key="replace" if same_key == "replace" else "conflict",
        predecessor=type.needs_predecessor and not append,
        contiguous=type.contiguous,
        revisions=type.revision,
        changed_resend=block.changed_resend if block else "park",
        technical_id=trust,
        repeats=(block.repeats if block else None) or "",
        exclusive=type.changes_codebook,
        scattered=way.scattered,
        zone=(block.zone if block else None) or way.zone,
        settings={"codes": way.code_set, **({"complete": block.complete, "answer_within": block.answer_within} if block else {})},
    )
