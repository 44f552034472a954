"""Receive: a connector's act of sending -> a stored message and its place in channel ``inbound``. Only then ``accept()``.

One commit keeps the raw bytes, the envelope and the work row. A repeat of (system, delivery id, raw bytes) stores nothing and
is accepted alike; the same delivery id with another body is refused at the door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canonical_model.problems import Reject
from connectors.base import Inbound
from hub import signals as names
from hub.signals import Signals, reach
from hub.store import messages, work
from hub.store.database import Refused, Store
from hub.store.records import sayable
from hub.store.unit import UnitOfWork
from hub.store.writing import MOST, Writer

SIZE_LIMIT = 200_000_000
LONGEST_ID = 2048
"""Bytes of a delivery id: it stands in an index, whose rows PostgreSQL ends at 2704."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where something came in: its system, the name of the way in, what keeps order besides the system (``header:NAME`` or
    ``file_name:REGEX`` with one group), and the largest message it takes, in bytes."""

    system: str
    route: str = ""
    partition_by: str | None = None
    limit: int = SIZE_LIMIT

    def order(self, inbound: Inbound) -> str:
        """Messages of one such text stay in order. Without the header, or a name that fits, it is the system alone."""
        kind, _, of = (self.partition_by or "").partition(":")
        if kind == "header":
            found = next((text for name, text in inbound.headers.items() if name.lower() == of.lower()), None)
        else:
            match = re.search(of, file_name(inbound)) if kind == "file_name" else None
            found = match[1] if match else None
        return self.system if found is None else f"{self.system}:{sayable(found)}"


def file_name(inbound: Inbound) -> str:
    """The name of what came in, without its folders."""
    return inbound.origin.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it. ``repeat``: it was there already, nothing was stored."""

    message: int
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message on its way into the store. ``strict``: its sender said that one id means one body."""

    packed: messages.Packed
    strict: bool = False

    @property
    def act(self) -> messages.Act | None:
        """What names this act of sending."""
        row = self.packed.row
        return None if row["delivery_id"] is None else (row["system"], row["delivery_id"])


class Receiving:
    """The receive stage of a process. Calls of several threads share a commit, and its statements."""

    def __init__(self, store: Store, signals: Signals | None = None, at_once: int = MOST) -> None:
        self.store, self.signals = store, signals or Signals()
        self.writer = Writer(store, _store, at_once)

    def receive(self, inbound: Inbound, door: Door) -> Received:
        """Store one act of sending and tell its sender. Raises Reject (refused at the door) and Retry; then nothing is stored."""
        try:
            _check(inbound, door)
            received = self._kept(Arriving(packed(inbound, door, self.store.partitions), "idempotency-key" in inbound.headers))
        except Reject as reject:
            inbound.refuse(str(reject))
            raise
        reach("receive.after_commit")
        inbound.accept()
        self.signals.emit(names.RECEIVED, message=received.message, system=door.system, route=door.route, repeat=received.repeat)
        return received

    def _kept(self, arriving: Arriving) -> Received:
        """Where another process stores the same delivery at this moment the second look finds it."""
        try:
            return self.writer.write(arriving)
        except Refused:
            return self.writer.write(arriving)


def _store(unit: UnitOfWork, batch: Sequence[Arriving]) -> list[Received | Exception]:
    """Write what is new of a batch. Of an act of sending that stands in it twice the second is looked at once the first is written."""
    messages.lock_acts(unit.connection, [one.act for one in batch if one.strict and one.act is not None])
    outcomes: dict[int, Received | Exception] = {}
    while left := [(place, one) for place, one in enumerate(batch) if place not in outcomes]:
        first: dict[Any, tuple[int, Arriving]] = {}
        for place, one in left:
            first.setdefault(one.act or place, (place, one))
        outcomes |= _store_different(unit, list(first.values()))
    reach("receive.before_commit")
    return [outcomes[place] for place in range(len(batch))]


def _store_different(unit: UnitOfWork, items: Sequence[tuple[int, Arriving]]) -> dict[int, Received | Exception]:
    """Messages of different acts of sending, by their places in the batch."""
    there = messages.acts(unit.connection, [one.act for _, one in items if one.act is not None])
    known = {place: found for place, one in items if (found := _known(one, there.get(one.act or ("", ""), {})))}
    new = [(place, one) for place, one in items if place not in known]
    seqs = messages.save(unit.connection, [one.packed for _, one in new], unit.now)
    return {**known, **{place: Received(seq) for (place, _), seq in zip(new, seqs, strict=True)}}


def _known(one: Arriving, there: Mapping[bytes, int]) -> Received | Reject | None:
    """What becomes of it by what is stored under its act of sending: a repeat, or refused, or nothing, as it is new."""
    row = one.packed.row
    if row["sha"] in there:
        return Received(there[row["sha"]], True)
    if not there or not one.strict:
        return None
    fact = f"idempotency key {row['delivery_id']!r} was used for message {min(there.values())} with another body"
    return Reject(fact, at=row["system"], fix="send the changed body under a key of its own")


def packed(inbound: Inbound, door: Door, partitions: int, corrects: int | None = None) -> messages.Packed:
    """An act of sending as the store keeps it; of texts that come beside the payload, what no database takes stands as an escape."""
    headers = {sayable(name): sayable(text) for name, text in inbound.headers.items()}
    facts = {
        "system": door.system, "delivery_id": inbound.delivery_id, "name": sayable(file_name(inbound)), "origin": sayable(inbound.origin),
        "headers": headers, "route": door.route, "partition": work.partition_of(door.order(inbound), partitions), "corrects": corrects,
    }  # fmt: skip
    return messages.packed(inbound.payload, facts)


def _check(inbound: Inbound, door: Door) -> None:
    if len(inbound.payload) > door.limit:
        fact = f"{len(inbound.payload)} bytes, and {door.limit} is the most"
        raise Reject(fact, at=f"{door.system} {inbound.origin}", fix="send smaller messages, or raise limits.message_bytes of the way in")
    id = inbound.delivery_id or ""
    if sayable(id) != id or len(id.encode()) > LONGEST_ID:
        fact = f"the id of this delivery has a NUL, half a character, or more than {LONGEST_ID} bytes: {sayable(id[:40])!r}"
        raise Reject(fact, at=f"{door.system} {inbound.origin}", fix="send it under a shorter id, as a UUID")
