"""A small world for the lane: messages are JSON lines, one document each; codes are really looked up; one fake service.

A line: ``{"k": key, "type": word, "t": technical id, "v": revision, "items": [codes], "x": anything}``; ``{"boom": true}`` raises
inside translation, ``{"unreadable": true}`` makes the message unreadable, ``{"keyless": true}`` has no key (these three until
version 9 of the mapping), ``{"refuse": true}`` is refused by the service.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import Connection, event, select

from canonical_model.problems import Cause, Hold, Problem, Unreadable
from connectors.base import Inbound
from hub.codebook import BookView, Codebook, CodeLine, set_codes
from hub.signals import Signals
from hub.stages.admit import Terms
from hub.stages.ports import Ports, Subscription
from hub.stages.receive import Door, Received, Receiving
from hub.stages.translate import Translated
from hub.stages.window import Lane
from hub.store.effects import Applicable, CodeChange, Effects, Event, Outgoing
from hub.store.lane_tables import document, hold
from hub.store.records import Message
from mappings.language.api import Miss
from tests.services.stores import open_store as open_store

DAY = date(2026, 11, 25)
TERMS: dict[str, Terms] = {
    "order/1": Terms(),
    "order_change/1": Terms("change"),
    "order_cancel/1": Terms("cancel"),
    "report/1": Terms(same_key="replace"),
    "sale/1": Terms("append", repeats="cumulative"),
    "move/1": Terms("append", repeats="delta"),
    "product/1": Terms(same_key="replace", exclusive=True),
}
KINDS = {"order/1": "order", "order_change/1": "order", "order_cancel/1": "order", "report/1": "report", "product/1": "product"}


class TestClock:
    """Time that a test moves; durations stand still."""

    __test__ = False

    def __init__(self, start: int = 1_790_000_000_000_000) -> None:
        self.at, self.ids = start, 0

    def now(self) -> int:
        self.at += 1000
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    def pass_seconds(self, seconds: int) -> None:
        self.at += seconds * 1_000_000


def fingerprint(value: Any) -> bytes:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()[:16]


@dataclass
class Translator:
    """The fake law. ``version`` is the mapping's: another one gives other inputs and other bodies."""

    version: int = 1
    calls: int = 0

    def __call__(self, message: Message, raw: bytes, codes: BookView, only: Container[int] | None = None) -> Iterator[Translated]:
        if b'"unreadable"' in raw and self.version < 9:
            raise Unreadable("no document to be found", key=message.route)
        for n, line in enumerate(raw.splitlines(), 1):
            if only is None or n in only:
                yield self.one(message, n, orjson.loads(line), codes)

    def one(self, message: Message, n: int, given: dict[str, Any], codes: BookView) -> Translated:
        self.calls += 1
        if given.get("boom") and self.version < 9:
            raise RuntimeError("planted fault of the program")
        type = f"{given.get('type', 'order')}/1"
        view = codes.for_code_set(message.system)
        found = [view.resolve("item", code, on=DAY) for code in given.get("items", ())]
        problems = tuple(Problem(Cause.MISSING_CODE, hit.key, hit.fact, hit.fix) for hit in found if isinstance(hit, Miss))
        body = {"number": given.get("k", ""), "items": [hit.canonical for hit in found if not isinstance(hit, Miss)],
                "x": given.get("x"), "mapping": self.version, "refuse": given.get("refuse", False)}  # fmt: skip
        own = {name: value for name, value in given.items() if name not in ("t",)}
        k = None if given.get("keyless") and self.version < 9 else given.get("k")
        return Translated(
            n=n, route=f"{message.route}:{type}", type=type,
            technical=(message.system, given["t"]) if "t" in given else None,
            key=None if k is None else ("test", KINDS.get(type, type), k),
            source=fingerprint(own), revision=given.get("v"), numbers=(("number", k),) if k else (),
            body=None if problems or k is None else body,
            canonical=None if problems or k is None else orjson.dumps(body),
            fingerprint=None if problems or k is None else fingerprint(body),
            problems=problems, findings=(), control={}, inputs=f"m{self.version}-r{codes.revision}",
        )  # fmt: skip


@dataclass
class Done:
    """The fake service's state: what was applied to each key, in order."""

    applied: list[tuple[str, int]] = field(default_factory=list)

    def copy(self) -> Self:
        return replace(self, applied=list(self.applied))

    def flush(self, connection: Connection) -> None:
        pass


class FakeService:
    """Answers orders, refuses what says so, makes codes of products."""

    name = "fake"
    types: Sequence[str] = ("order/1", "order_change/1", "order_cancel/1", "report/1", "sale/1", "move/1", "product/1")

    def __init__(self) -> None:
        self.fails: set[str] = set()

    def load(self, connection: Connection, documents: Iterable[Applicable]) -> Done:
        return Done()

    def decide(self, document: Applicable, state: Any) -> Effects:
        if document.body["refuse"]:
            raise Hold(Problem(Cause.INVALID_VALUE, f"refused:{document.id}", "the service refuses it"))
        state.applied.append((document.key, document.id))
        if document.body["number"] in self.fails:
            raise ZeroDivisionError("planted fault of a service")
        answer = Outgoing("order_response/1", document.key, {"number": document.body["number"]}, document.party)
        codes = [CodeChange("item", "north", document.body["number"], "", "C-" + document.body["number"])]
        return Effects(
            [Event("accepted", document.key, {"number": document.body["number"]})],
            [answer] if document.type.startswith("order") else [],
            codes if document.type == "product/1" else [],
        )

    def hear(self, event: Event, cause: Applicable, state: Any) -> Effects:
        return Effects()


def count_statements(world: World) -> list[int]:
    """A counter of one element that rises with every statement."""
    count = [0]
    for engine in (world.store.writer, world.store.reader):
        event.listen(engine, "after_cursor_execute", lambda *_: count.__setitem__(0, count[0] + 1))
    return count


class World:
    """A store in a folder, a lane over it, and hands to send and look."""

    def __init__(
        self, folder: Path, limit: int = 200, subscriptions: Sequence[Subscription] = (), partitions: int = 4, **ports: Any
    ) -> None:  # fmt: skip
        self.clock = TestClock()
        self.store = open_store(folder, self.clock, partitions)
        self.translator, self.service, self.signals = Translator(), FakeService(), Signals()
        self.terms_by_type = dict(TERMS)
        self.ports = Ports(self.translator, self.terms, [self.service], subscriptions, **ports)
        self.lane = Lane(self.store, Codebook(), self.ports, self.signals, limit)
        self.receiving = Receiving(self.store, self.signals)

    def terms(self, system: str, route: str, type: str) -> Terms:
        return self.terms_by_type.get(type, Terms())

    def send(self, *lines: Mapping[str, Any], system: str = "north", delivery_id: str | None = None, order: str | None = None) -> Received:
        """One message. ``order``: what its partition is taken from besides the system."""
        payload = b"\n".join(orjson.dumps(line) for line in lines)
        headers = {} if order is None else {"order": order}
        return self.receiving.receive(Inbound(payload, "test", delivery_id, headers), Door(system, "in", "header:order"))

    def run(self) -> None:
        """Until nothing is left to do."""
        self.lane.drain()

    def codes(self, *pairs: tuple[str, str], system: str = "north") -> None:
        lines = [CodeLine("item", system, code, canonical) for code, canonical in pairs]
        with self.store.unit() as unit:
            set_codes(unit, lines, actor="test")

    def states(self, **where: Any) -> list[str]:
        """States of documents in the order of their ids."""
        query = select(document.c.state).order_by(document.c.id)
        for name, value in where.items():
            query = query.where(document.c[name] == value)
        with self.store.read() as connection:
            return list(connection.execute(query).scalars())

    def rows(self, query: Any) -> list[Any]:
        with self.store.read() as connection:
            return list(connection.execute(query))

    def causes(self) -> dict[int, set[str]]:
        """Owner -> causes that hold it."""
        found: dict[int, set[str]] = {}
        for row in self.rows(select(hold)):
            found.setdefault(row.owner, set()).add(row.cause)
        return found
