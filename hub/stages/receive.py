"""Receive: a connector's act of sending -> a stored message and its place in channel ``inbound``. Only then ``accept()``.

One commit keeps the raw bytes, the envelope and the work row. A repeat of (system, delivery id, raw bytes) stores nothing and
is accepted alike; the same delivery id with another body is refused at the door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from canonical_model.problems import Reject
from connectors.base import Inbound
from hub import signals as names
from hub.signals import Signals, reach
from hub.store import messages, work
from hub.store.database import Refused, Store
from hub.store.unit import UnitOfWork
from hub.store.writing import MOST, Writer

SIZE_LIMIT = 200_000_000


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
        return self.system if found is None else f"{self.system}:{found}"


def file_name(inbound: Inbound) -> str:
    """The name of what came in, without its folders."""
    return inbound.origin.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it. ``repeat``: it was there already, nothing was stored."""

    message: int
    repeat: bool = False


class Receiving:
    """The receive stage of a process. Calls of several threads share a commit."""

    def __init__(self, store: Store, signals: Signals | None = None, at_once: int = MOST) -> None:
        self.store, self.signals, self.writer = store, signals or Signals(), Writer(store, at_once)

    def receive(self, inbound: Inbound, door: Door) -> Received:
        """Store one act of sending and tell its sender. Raises Reject (refused at the door) and Retry; then nothing is stored."""
        try:
            _check(inbound, door)
            received = self._kept(inbound, door)
        except Reject as reject:
            inbound.refuse(str(reject))
            raise
        reach("receive.after_commit")
        inbound.accept()
        self.signals.emit(names.RECEIVED, message=received.message, system=door.system, route=door.route, repeat=received.repeat)
        return received

    def _kept(self, inbound: Inbound, door: Door) -> Received:
        """Where another process stores the same delivery at this moment the second look finds it."""
        try:
            return self.writer.write(lambda unit: self._store(unit, inbound, door))
        except Refused:
            return self.writer.write(lambda unit: self._store(unit, inbound, door))

    def _store(self, unit: UnitOfWork, inbound: Inbound, door: Door) -> Received:
        sha = messages.raw_hash(inbound.payload)
        if inbound.delivery_id is not None:
            known = messages.find(unit.connection, door.system, inbound.delivery_id, sha)
            if known is not None:
                return Received(known, True)
            self._refuse_other_body(unit, inbound, door, sha)
        seq = store_message(unit, inbound, door, self.store.partitions)
        reach("receive.before_commit")
        return Received(seq)

    def _refuse_other_body(self, unit: UnitOfWork, inbound: Inbound, door: Door, sha: bytes) -> None:
        other = messages.other_body(unit.connection, door.system, inbound.delivery_id or "", sha)
        if other is not None and "idempotency-key" in inbound.headers:
            fact = f"idempotency key {inbound.delivery_id!r} was used for message {other} with another body"
            raise Reject(fact, at=door.system, fix="send the changed body under a key of its own")


def store_message(unit: UnitOfWork, inbound: Inbound, door: Door, partitions: int, extra: Mapping[str, int] | None = None) -> int:
    """Write a message and its work row; gives its sequence number."""
    partition = work.partition_of(door.order(inbound), partitions)
    facts = {
        "system": door.system, "delivery_id": inbound.delivery_id, "name": file_name(inbound), "origin": inbound.origin,
        "headers": inbound.headers, "route": door.route, "received_at": unit.now, "partition": partition, **(extra or {}),
    }  # fmt: skip
    seq = messages.save(unit.connection, inbound.payload, facts)
    work.add(unit.connection, [{"partition": partition, "kind": "message", "ref": seq, "at": unit.now}])
    return seq


def _check(inbound: Inbound, door: Door) -> None:
    if len(inbound.payload) > door.limit:
        fact = f"{len(inbound.payload)} bytes, and {door.limit} is the most"
        raise Reject(fact, at=f"{door.system} {inbound.origin}", fix="send smaller messages, or raise limits.message_bytes of the way in")
