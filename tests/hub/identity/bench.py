"""One key's line without a database: documents arrive, a fake service says yes, codes come later."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from canonical_model.problems import Cause, Problem
from hub.stages.admit import Line, Tables, Terms
from hub.stages.arrival import arrive
from hub.stages.line import walk
from hub.store.records import Content, Document, Head, State, Way, document_id

NATURES = {"order": "full", "change": "change", "cancel": "cancel", "event": "append"}


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


@dataclass
class Bench:
    """``missing`` are codes that nobody knows yet; a document's content may name one as ``?X``."""

    terms_of: dict[str, Terms] = field(default_factory=lambda: {name: Terms(nature) for name, nature in NATURES.items()})  # type: ignore[arg-type]
    line: Line = field(default_factory=lambda: Line(Head("K")))
    others: dict[str, Line] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    known_codes: set[str] = field(default_factory=set)
    applied: list[tuple[int, bool]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    docs: list[Document] = field(default_factory=list)
    repeats: dict[int, int] = field(default_factory=dict)
    retranslated: dict[int, bytes] = field(default_factory=dict)

    def terms(self, doc: Document) -> Terms:
        return self.terms_of[doc.type]

    def again(self, earlier: Content, like: Document) -> bytes | None:
        return self.retranslated.get(earlier.document)

    def fresh(self, doc: Document) -> bool:
        content = doc.numbers[0][1]
        doc.drop(Cause.MISSING_CODE)
        missing = [part for part in content.split() if part.startswith("?") and part not in self.known_codes]
        for code in missing:
            doc.hold(Problem(Cause.MISSING_CODE, f"item:n:{code}:", f"{code} is missing"))
        doc.f = None if missing else digest("body " + content.lower())
        doc.body = None if missing else b"{}"
        doc.fresh = True
        return True

    def apply(self, doc: Document, head: Head, effective: bool) -> tuple[Problem, ...]:
        self.applied.append((doc.id, effective))
        return ()

    def refuse(self, doc: Document, why: str) -> None:
        self.refused.append(doc.id)

    def difference(self, earlier: int | None, doc: Document) -> list[Any] | None:
        return []

    def repeated(self, doc: Document) -> int | None:
        return self.repeats.get(doc.id)

    def send(
        self, content: str, type: str = "order", *, t: str | None = None, v: str | None = None, k: str | None = "K", message: int = 0,
        system: str = "n", inputs: str = "i", way: Way = Way.TABLE, against: int | None = None,
    ) -> Document:  # fmt: skip
        """A document arrives and the line is walked."""
        number = document_id(message or len(self.docs) + 1, sum(doc.message == message for doc in self.docs) + 1)
        doc = Document(number, message or len(self.docs) + 1, system, "r", type, t, k, digest(content), v, inputs, number,
                       numbers=(("content", content),), way=way, accepted_against=against)  # fmt: skip
        self.docs.append(doc)
        self.fresh(doc)
        line = self.line if k == "K" else self.others.setdefault(k or "", Line(Head(k or "")))
        arrive(doc, line, self.tables, self)
        if k is not None:
            walk(line, self)
        return doc

    def learn(self, *codes: str) -> None:
        """Codes become known: what waited for them is looked at again."""
        self.known_codes.update(codes)
        for doc in self.line.waiting:
            self.fresh(doc)
        walk(self.line, self)

    def accept(self, doc: Document, head: int | None) -> None:
        """A person applies a parked conflict against the head that he saw."""
        doc.drop(Cause.CONFLICT)
        doc.way, doc.accepted_against = Way.ACCEPTED, head
        walk(self.line, self)

    def states(self) -> list[str]:
        return [str(doc.state) for doc in self.docs]

    def policy(self, type: str = "order", **words: Any) -> None:
        self.terms_of[type] = Terms(NATURES[type], **words)  # type: ignore[arg-type]


def causes(doc: Document) -> set[str]:
    return {cause for cause, _ in doc.holds}


__all__ = ["Bench", "State", "causes", "digest"]
