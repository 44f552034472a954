"""The corpus as blocks: keys drawn from the seed, their documents shuffled within the block and cut into packets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from random import Random
from typing import NamedTuple

from tests.faults.corpus import scripts
from tests.faults.corpus.model import Block, Doc, Packet

KEYS = 120
"""Keys of a block: what is shuffled, and what the verdict holds in memory at a time."""
WEIGHTS: dict[scripts.Script, float] = {
    scripts.plain: 20, scripts.twin: 8, scripts.table: 6, scripts.corrected: 3, scripts.rejected: 1,
    scripts.changed_x12: 1.5, scripts.refused: 0.5,
    scripts.doubtful: 4, scripts.revised: 18, scripts.answered: 6, scripts.changed: 4, scripts.scarce: 4, scripts.product: 1,
    scripts.stock: 4, scripts.depot: 3, scripts.events: 18, scripts.blocked: 2, scripts.rows: 4, scripts.deltas: 4,
}  # fmt: skip
SPECIAL: dict[int, tuple[scripts.Script, ...]] = {
    0: (scripts.large, scripts.unreadable), 1: (scripts.many, scripts.deadly), 2: (scripts.unreadable,),
}  # fmt: skip
"""Blocks that bring what there is once: a packet of hundreds, more than a thousand that wait, a document that kills."""
SIZES = (1, 1, 2, 3, 5, 8, 20, 60)
"""Documents of a packet; one more size is the whole block's."""


class Corpus(NamedTuple):
    """Seed, least number of documents, and whether what there is once is in it."""

    seed: int
    documents: int
    special: bool = True
    only: tuple[str, ...] = ()

    def blocks(self) -> Iterator[Block]:
        """Every block in order; the same at every call. Ends with the block that reaches the number of documents."""
        total = packets = number = 0
        while total < self.documents:
            block = self._block(number, packets)
            yield block
            total, packets, number = total + len(block.docs), packets + len(block.packets), number + 1

    def _block(self, number: int, first: int) -> Block:
        docs = [doc for index in range(number * KEYS, (number + 1) * KEYS) for doc in self._key(index)]
        special = SPECIAL.get(number, ()) if self.special else ()
        for n, script in enumerate(special):
            docs += script(self._draw("special", number, n), 90_000_000 + 10 * number + n)
        return Block(number, tuple(_packets(docs, self._draw("block", number), first)))

    def _key(self, index: int) -> Iterator[Doc]:
        draw = self._draw("key", index)
        wanted = {script: weight for script, weight in WEIGHTS.items() if not self.only or script.__name__ in self.only}
        return draw.choices(list(wanted), list(wanted.values()))[0](draw, index)

    def _draw(self, *parts: object) -> Random:
        return Random(f"{self.seed}:{parts}")


def _packets(docs: list[Doc], draw: Random, first: int) -> Iterator[Packet]:
    """Documents of one way, the phases one after the other, shuffled within; cut into packets; packets of ways interleaved."""
    streams: dict[tuple[str, str], list[Doc]] = defaultdict(list)
    for doc in docs:
        streams[doc.system, doc.way].append(doc)
    cut = [_cut(_shuffled(stream, draw), draw) for stream in streams.values()]
    order = sorted(((n, draw.random(), piece) for pieces in cut for n, piece in enumerate(pieces)), key=lambda item: item[:2])
    for number, (_, _, piece) in enumerate(order, start=first + 1):
        head = piece[0]
        yield Packet(number, head.system, head.way, tuple(piece), head.control or number)


def _shuffled(stream: list[Doc], draw: Random) -> list[Doc]:
    """Phases in order; the rows of a growing file stay together and in order."""
    ranked = []
    for (phase, file), group in groupby(sorted(stream, key=lambda doc: doc.phase), lambda doc: (doc.phase, _file(doc))):
        rank = draw.random()
        ranked += [(phase, rank if file else draw.random(), n, doc) for n, doc in enumerate(group)]
    return [doc for _, _, _, doc in sorted(ranked, key=lambda item: item[:3])]


def _file(doc: Doc) -> str:
    return doc.kind if doc.how == "times" else ""


def _cut(docs: list[Doc], draw: Random) -> list[list[Doc]]:
    """Into packets of drawn sizes; a growing file is one, whole."""
    pieces: list[list[Doc]] = []
    room = 0
    for doc in docs:
        last = pieces[-1][-1] if pieces else None
        if last is None or not _together(last, doc) or (room <= 0 and not _file(doc)):
            pieces.append([])
            room = draw.choice((*SIZES, 1000))
        pieces[-1].append(doc)
        room -= 1
    return pieces


def _together(before: Doc, doc: Doc) -> bool:
    """May two documents travel in one packet: IDocs of one basic type; a growing file alone; what goes alone never."""
    if _file(before) or _file(doc):
        return _file(before) == _file(doc) and before.phase == doc.phase
    return not (before.alone or doc.alone) and (doc.way != "idoc" or before.what.basic == doc.what.basic)
