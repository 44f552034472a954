"""The senders' side: every content of the corpus against what became of its documents, block by block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, text

from hub.services.inventory.tables import differences
from hub.store.invariants import broken
from hub.store.lane_tables import cases, document, effect, message
from hub.store.messages import raw_hash
from hub.store.records import message_of
from hub.store.schema import among
from tests.faults.corpus.model import Block, Doc, Packet
from tests.faults.corpus.writing import written
from tests.faults.plan import Plan, read_lines
from tests.faults.prepare import PROLOGUE
from tests.faults.verdict.findings import Findings
from tests.faults.verdict.judge import Entry, judge

_messages = select(message.c.seq, message.c.sha)
_documents = select(
    document.c.id, document.c.message, document.c.system, document.c.k, document.c.state, document.c.way, document.c.place
).where(among(document.c.message, "messages"))
_effects = select(effect.c.document, effect.c.kseq).where(among(effect.c.document, "documents"))
_cases = select(cases.c.document, cases.c.kind).where(among(cases.c.document, "documents"))


class Acknowledgement(NamedTuple):
    """What a sender was told: this packet is kept as that message."""

    message: int
    key: int
    repeated: bool


class Inward:
    """After ``run``: ``answered`` and ``scarce`` say of which orders receivers must have heard how often."""

    def __init__(self, plan: Plan, connection: Connection, found: Findings) -> None:
        self.plan, self.connection, self.found = plan, connection, found
        self.answered: dict[str, int] = {}
        self.scarce: set[str] = set()
        self.applied: set[int] = set()
        self.told = _acknowledged(found)
        self.decided = {line["document"] for line in read_lines(Path("decided.jsonl")) if line["apply"]}
        prologue = select(message.c.seq).where(message.c.delivery_id == PROLOGUE)
        self.prologue = set(connection.execute(prologue).scalars())
        self.mended = {line["owner"] for line in read_lines(Path("retried.jsonl")) if line["kind"] == "message"}
        self._matched = 0

    def run(self) -> None:
        """Every block, then the store as a whole."""
        for block in self.plan.corpus.blocks():
            self.found.counts["documents"] += len(block.docs)
            self._block(block)
        self._whole()

    def _block(self, block: Block) -> None:
        by_sha: dict[bytes, Packet] = {}
        shas = {packet.number: raw_hash(written(packet)) for packet in block.packets}
        for packet in block.packets:
            by_sha.setdefault(shas[packet.number], packet)
            if packet.number not in self.told:
                self.found.fault("unknown", f"packet {packet.number} of {packet.system} was never acknowledged")
        sent = {row.seq: by_sha[bytes(row.sha)] for row in self._messages(list(by_sha))}
        self._kept(block, sent, shas)
        entries = self._entries(sent)
        by_key: dict[str, list[Doc]] = defaultdict(list)
        for doc in block.docs:
            by_key[doc.key].append(doc)
        for key, docs in by_key.items():
            late = {entry.id for entry in entries.get(key, []) if message_of(entry.id)[0] in self.mended}
            if late and docs[0].kind != "deadly":
                self.found.counts["keys_mended_late"] += 1
            judge(docs, entries.get(key, []), self.found, self.decided, late)
            self._expect_answers(key, docs, entries.get(key, []))

    def _kept(self, block: Block, sent: dict[int, Packet], shas: dict[int, bytes]) -> None:
        """Every message that a sender was told of is there with its bytes."""
        for packet in block.packets:
            for said in self.told.get(packet.number, ()):
                there = sent.get(said.message)
                if there is None or shas[there.number] != shas[packet.number]:
                    names = ", ".join(doc.content for doc in packet.docs[:5])
                    self.found.fault("lost", f"message {said.message} was acknowledged and is not there: {names} of {packet.system}")

    def _entries(self, sent: dict[int, Packet]) -> dict[str, list[Entry]]:
        """Documents of these messages by key, each with the content that its place in its packet says."""
        rows = self._rows(_documents, messages=sorted(sent))
        ids = [row.id for row in rows]
        kseqs = {row.document: row.kseq for row in self._rows(_effects, documents=ids)}
        kinds: dict[int, list[str]] = defaultdict(list)
        for row in self._rows(_cases, documents=ids):
            kinds[row.document].append(row.kind)
        found: dict[str, list[Entry]] = defaultdict(list)
        for row in rows:
            seq, n = message_of(row.id)
            docs = sent[seq].docs
            if n > len(docs):
                self.found.fault("unknown", f"document {row.id} of {row.system} stands behind the end of its message")
                continue
            doc = docs[n - 1]
            self._matched += 1
            found[doc.key].append(Entry(doc, row.id, row.system, row.k, row.state, row.way, row.place, kseqs.get(row.id), kinds[row.id]))
        self.applied.update(kseqs)
        return found

    def _expect_answers(self, key: str, docs: Sequence[Doc], entries: Sequence[Entry]) -> None:
        if docs[0].answered:
            self.answered[key] = sum(entry.kseq is not None for entry in entries)
        if docs[0].kind == "scarce":
            self.scarce.add(key)

    def _messages(self, shas: list[bytes]) -> Iterator[Any]:
        for at in range(0, len(shas), 500):
            yield from self.connection.execute(_messages.where(message.c.sha.in_(shas[at : at + 500])))

    def _rows(self, query: Any, **values: Any) -> Sequence[Any]:
        return self.connection.execute(query, values).all()

    def _whole(self) -> None:
        """Nothing else is in the store, the invariants hold at rest, the stock's books agree."""
        counted = select(func.count()).select_from(document).where(document.c.message.not_in(self.prologue))
        total = self.connection.execute(counted).scalar_one()
        if total != self._matched:
            self.found.fault("unknown", f"{total} documents are in the store, and {self._matched} of them the senders know")
        for name, rows in broken(self.connection).items():
            rows = [row for row in rows if name != "4 order" or message_of(row[0])[0] not in self.mended]
            if rows:
                self.found.fault("invariants", f"at rest, {name}: {[tuple(row) for row in rows[:3]]}")
        for row in differences(self.connection):
            self.found.fault("oversold", f"the stock's books differ: {row}")
        held = "select owner_kind, owner, cause, cause_key from hold where cause not in ('unreadable')"
        for row in self.connection.execute(text(held)):
            self.found.fault("stuck_holds", f"{row.owner_kind} {row.owner} is held for ever: {row.cause} {row.cause_key}")


def _acknowledged(found: Findings) -> dict[int, list[Acknowledgement]]:
    told: dict[int, list[Acknowledgement]] = defaultdict(list)
    for line in _lines(Path("acknowledged.tsv")):
        packet, seq, key, repeated = line.split("\t")
        told[int(packet)].append(Acknowledgement(int(seq), int(key), repeated == "1"))
        found.counts["acknowledgements"] += 1
        found.counts["repeated_acknowledgements"] += repeated == "1"
    return told


def _lines(path: Path) -> Iterator[str]:
    with path.open() as file:
        yield from (line.rstrip("\n") for line in file)
