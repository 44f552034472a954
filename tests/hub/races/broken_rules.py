"""Switches that break one rule of the lane each. They live here alone: the product has none.

``with broken("second_look"): ...`` takes the rule away as long as the block lasts; ``broken("")`` takes nothing away. A placed
test runs its scenario with the rule and without it: without it the scenario must go wrong in the named way, or it shows nothing.

| rule | race | what happens without it |
|---|---|---|
| second_look | 1 | held for ever with the fact present |
| delivery_look | 1 | a delivery is held for ever with the fact present |
| release_lock | 1, 8 | held for ever with the fact present; freed by two, queued by nobody; a retry that queues nothing |
| last_hold | 8 | a document whose holds go by a window and by a release beside it: each leaves it to the other, nobody queues it |
| fair_lock | 2 | a release waits as long as there are windows: each new one passes it by |
| key_lock | 3, 4 | what stood behind is never driven; two of a key are applied as its next, and a good document is held for it |
| key_order | 4 | two windows over the same keys deadlock |
| deadlock_again | 4 | the victim of a deadlock is taken for a bad document and held |
| read_committed | 5 | two windows that meet cannot both commit: one is done again instead of waiting |
| partition_lock | 6 | two windows of one partition decide the same: only the primary key of documents stops the second, and alarms |
| work_again | 6 | a window planned before another did the work is written: an innocent message is held |
| reject_lock | 7 | a document is rejected and applied |
| keyless_lock | 7 | the same where there is no key to lock |
| corrected_again | 7 | a document is rejected, and its correction applied |
| doubt_lock | - | two persons decide one delivery in doubt, both are believed: it is sent twice |
| exclusive_window | 9 | two windows that begin to change the codebook in the middle deadlock |
| settle | kill | work settled outside of the window's commit: the document is lost |
| accept | kill | accepted before it is kept: the message is lost |
| id_lock | 4 | one technical id under two keys at once is applied under both |
| identity | 4 | the technical id is looked up before the lock: an event is applied twice |
| sending | kill | bytes leave before ``sending`` is committed: the receiver has them twice |
| outbox | kill | rows of the outbox deleted before they are confirmed: a publication is lost |
| service_order | - | rows of services locked in the order of the lines: two windows over the same items deadlock |
| revision_order | - | a revision numbered before it is committed: the past changes, ``as then`` gives other bytes |
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, select, update

import hub.codebook.rows as code_rows
from canonical_model.problems import Reject
from hub.commands import Commands
from hub.services.inventory import tables as inventory_tables
from hub.services.inventory.service import InventoryService
from hub.signals import reach
from hub.stages import deciding, deliver, flush, receive, window
from hub.stages.plan import Plan, Planner
from hub.store import deliveries, documents, identity, publications, work
from hub.store.book_tables import codebook, revision
from hub.store.database import Store
from hub.store.effects import Applicable
from hub.store.engines import postgresql
from hub.store.lane_tables import business_key
from hub.store.out_tables import delivery
from hub.store.records import Document, Head
from hub.store.schema import among
from hub.store.unit import UnitOfWork

Patch = tuple[Any, str, Any]
BETWEEN_KEYS = "broken.between_keys"
"""Without ``key_order``: one key is locked, the next is not. A probe lets two windows meet there."""


@contextmanager
def broken(*rules: str) -> Iterator[None]:
    """Take rules away. Raises KeyError for a rule that is not in the table."""
    with ExitStack() as stack:
        for rule in filter(None, rules):
            for target, name, instead in RULES[rule]():
                stack.enter_context(patch.object(target, name, instead))
        yield


def second_look() -> list[Patch]:
    """No look at the codebook's revision, and no lock, between deciding and writing hold rows."""
    return [(window.Lane, "_second_look", lambda self, unit, plan, loaded, *, exclusive: False)]


class _Always:
    """Equal to every revision."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def delivery_look() -> list[Patch]:
    """A delivery is held for a code without a look at whether it came meanwhile."""
    return [(deliver, "newest_revision", lambda connection: _Always())]


def release_lock() -> list[Patch]:
    """Who changes the codebook or releases takes no exclusive lock."""
    real = UnitOfWork.lock_codebook

    def lock(self: UnitOfWork, *, exclusive: bool) -> int:
        return self.revision() if exclusive else real(self, exclusive=False)

    return [(UnitOfWork, "lock_codebook", lock)]


def last_hold() -> list[Patch]:
    """A window takes a hold away and does not look whether another was left."""
    return [(flush, "_lost_some", lambda doc: False)]


def fair_lock() -> list[Patch]:
    """A shared and an exclusive lock on the row of the revision, which do not queue."""

    def lock(self: UnitOfWork, *, exclusive: bool) -> int:
        self.connection.execute(select(codebook.c.revision).with_for_update(read=not exclusive))
        return self.revision()

    return [(UnitOfWork, "lock_codebook", lock)]


def key_lock() -> list[Patch]:
    """Heads are read, not locked."""
    return [(identity, "_heads", select(business_key).where(among(business_key.c.k, "keys")).order_by(business_key.c.k))]


def key_order() -> list[Patch]:
    """Keys are locked one by one as the documents arrived."""
    planned, load, lock = threading.local(), deciding.load, identity.lock_heads

    def loading(unit: UnitOfWork, planner: Planner, plan: Plan) -> Any:
        planned.keys = [doc.k for doc in plan.arrivals if doc.k is not None]
        return load(unit, planner, plan)

    def locking(connection: Connection, keys: Iterable[str]) -> dict[str, Head]:
        heads: dict[str, Head] = {}
        for k in planned.keys:
            heads |= lock(connection, [k])
            reach(BETWEEN_KEYS)
        return heads

    return [(window, "load", loading), (identity, "lock_heads", locking)]


def deadlock_again() -> list[Patch]:
    """A deadlock is taken for a refusal of what the window writes."""
    again = tuple(state for state in postgresql.AGAIN if state != "40P01")
    return [(postgresql, "AGAIN", again), (postgresql, "REFUSES", (*postgresql.REFUSES, "40P01"))]


def read_committed() -> list[Patch]:
    """Windows see one state from their first statement on: what another commits while they wait is not seen."""
    return [(Store, "writer", property(lambda self: self.database.writer.execution_options(isolation_level="REPEATABLE READ")))]


def partition_lock() -> list[Patch]:
    """Whoever wants a partition has it."""
    return [(UnitOfWork, "lock_partitions", lambda self, wanted: True)]


def work_again() -> list[Patch]:
    """The work that a window was planned on is not read again under the partition's lock."""
    return [(work, "still_there", lambda connection, rows: True)]


def reject_lock() -> list[Patch]:
    """A command reads a document and takes no lock on its key."""

    def waiting(self: Commands, unit: UnitOfWork, id: int) -> Document:
        doc = documents.by_id(unit.connection, [id])[id]
        if not doc.waiting:
            raise Reject(f"document {id} is {doc.state}")
        return doc

    return [(Commands, "_waiting", waiting)]


def keyless_lock() -> list[Patch]:
    """A document without a key is taken as it was read before the transaction."""
    return [(deciding, "_drop_closed", lambda connection, plan, corrected: None)]


def corrected_again() -> list[Patch]:
    """What an edited resubmission corrects is taken as it was before its key was locked."""
    seen: dict[int, dict[int, Document]] = {}
    real = deciding._originals

    def originals(connection: Connection, plan: Plan) -> dict[int, Document]:
        return seen.setdefault(id(plan), real(connection, plan))

    return [(deciding, "_originals", originals)]


def doubt_lock() -> list[Patch]:
    """A delivery is not locked by who decides it."""

    def state(connection: Connection, id: int) -> str | None:
        return connection.execute(select(delivery.c.state).where(delivery.c.id == id)).scalar()

    return [(deliveries, "lock", state)]


def exclusive_window() -> list[Patch]:
    """Documents that change the codebook go into a window with others."""
    return [(Planner, "_fits", lambda self, plan, progress, item: True), (Planner, "_suits", lambda self, plan, docs: True)]


def settle() -> list[Patch]:
    """Work is settled first, in a commit of its own."""
    commit = window.Lane._commit

    def committing(self: window.Lane, plan: Plan) -> window.Outcome:
        with self.store.unit() as unit:
            work.settle(unit.connection, [row.seq for row in plan.work])
        return commit(self, plan)

    return [(window.Lane, "_commit", committing), *work_again()]


def accept() -> list[Patch]:
    """A sender hears that its message is kept before it is."""
    real = receive.Receiving.receive

    def receiving(self: receive.Receiving, inbound: Any, door: receive.Door) -> receive.Received:
        inbound.accept()
        return real(self, inbound, door)

    return [(receive.Receiving, "receive", receiving)]


def id_lock() -> list[Patch]:
    """Technical ids are not locked where the messages of a system are in several partitions."""
    return [(UnitOfWork, "lock_ids", lambda self, ids: None)]


def identity_() -> list[Patch]:
    """Technical ids are looked up before the keys are locked."""
    load, tables = deciding.load, deciding._tables
    early: dict[int, Any] = {}

    def loading(unit: UnitOfWork, planner: Planner, plan: Plan) -> Any:
        early[id(plan)] = tables(unit, planner, plan)
        return load(unit, planner, plan)

    return [(window, "load", loading), (deciding, "_tables", lambda unit, planner, plan: early[id(plan)])]


def sending() -> list[Patch]:
    """Nothing says that a delivery is on its way."""
    return [(deliveries, "start", lambda connection, items, owner, now: None)]


def outbox() -> list[Patch]:
    """Rows of the outbox are deleted when they are read."""
    real = publications.waiting

    def waiting(connection: Connection, most: int) -> Any:
        batch, more = real(connection, most)
        ids = [id for id, _ in batch]
        with Store(connection.engine.url.render_as_string(hide_password=False), partitions=4).unit() as unit:
            publications.forget(unit.connection, ids)
        return batch, more

    return [(publications, "waiting", waiting)]


def service_order() -> list[Patch]:
    """Stock is locked one item after the other in the order of an order's lines, slowly, so that two orders meet."""
    given, load, lock = threading.local(), InventoryService.load, inventory_tables.lock

    def loading(self: InventoryService, connection: Connection, documents: Iterable[Applicable]) -> Any:
        window = list(documents)
        given.items = [line["item"]["id"] for document in window for line in document.body.get("lines", ())]
        return load(self, connection, window)

    def locking(stock: Any, connection: Connection, items: Iterable[str], touched: Iterable[tuple[str, str]]) -> None:
        for item in dict.fromkeys(map(stock.stock_item, given.items)):
            lock(stock, connection, [item], ())
            time.sleep(0.002)
        lock(stock, connection, items, touched)

    return [(InventoryService, "load", loading), (inventory_tables, "lock", locking)]


def revision_order() -> list[Patch]:
    """A revision is a number taken at the beginning, and known as soon as any later one is committed."""
    numbers: dict[str, Iterator[int]] = {}

    def next_revision(unit: UnitOfWork, actor: str, what: str) -> int:
        name = str(unit.connection.engine.url)
        number = next(numbers.setdefault(name, count(unit.revision() + 1)))
        unit.connection.execute(revision.insert(), {"revision": number, "at": unit.now, "actor": actor, "what": what})
        engine = unit.connection.engine
        unit.after_commit(lambda: _raise_head(engine, number))
        return number

    return [*release_lock(), (code_rows, "next_revision", next_revision)]


def _raise_head(engine: Any, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(codebook).where(codebook.c.revision < number).values(revision=number))


RULES: dict[str, Callable[[], list[Patch]]] = {
    made.__name__.rstrip("_"): made
    for made in (
        second_look, delivery_look, release_lock, last_hold, fair_lock, key_lock, key_order, deadlock_again, read_committed,
        partition_lock, work_again, reject_lock, keyless_lock, corrected_again, doubt_lock, exclusive_window, settle, accept,
        id_lock, identity_, sending, outbox, service_order, revision_order,
    )
}  # fmt: skip
