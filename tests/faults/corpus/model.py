"""One document of the corpus, and what must come of it. Nothing here knows the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

How = Literal["once", "case", "superseded", "times", "sequence"]
"""``once``: applied once, or not at all where a higher revision was. ``case``: one case, no effect unless a person applied it.
``superseded``: closed by what corrects it. ``times``: an event that is that many events. ``sequence``: applied as often as it
stands in the sequence of its key (a stock that goes back to what it was)."""


@dataclass(frozen=True, slots=True)
class Doc:
    """A document as its sender knows it.

    ``content`` names what it says: copies of one content are one fact, whoever sends them and how often. ``what`` is what a
    writer needs (``tests.faults.corpus.writing``), ``phase`` orders the documents of one key that must follow each other,
    ``control`` a number of the interchange that is not its packet's own; such a document travels alone.
    """

    key: str
    content: str
    kind: str
    system: str
    way: str
    what: Any
    how: How = "once"
    v: int | None = None
    phase: int = 0
    times: int = 1
    control: int | None = None
    alone: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """One act of sending: its documents in order. ``number`` is dense over the corpus."""

    number: int
    system: str
    way: str
    docs: tuple[Doc, ...]
    control: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the corpus: all documents of some keys, and the packets they travel in, in the order of sending."""

    number: int
    packets: tuple[Packet, ...]

    @property
    def docs(self) -> list[Doc]:
        return [doc for packet in self.packets for doc in packet.docs]
