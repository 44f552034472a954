"""After a restore to an earlier point in time the store has forgotten what it said since, and others have not.

A number that left the hub in the lost time (ISA13, DOCNUM, the name that is an Idempotency-Key, n of ``canonical``, a message's
number in a 202) must not come again with other content: an idempotent receiver would drop what it never had. So every counter
is moved on, by more than was lost. What may have been sent in that time, to a receiver that cannot recognise it, is in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Table, bindparam, select, text, update

from canonical_model.problems import Cause, Problem
from hub.store import deliveries, holds
from hub.store.identity import insert_new
from hub.store.out_tables import delivery, sequence
from hub.store.records import problem_details
from hub.store.schema import among, metadata
from hub.store.unit import UnitOfWork

PUBLISHED = "canonical n"
"""Row of ``sequence`` that is added to n; no system has a blank in its name."""
LOST = "the store was restored to an earlier point: it may have been sent after it, and the receiver cannot tell a repeat"
_move = update(sequence).values(last=sequence.c.last + bindparam("by"))


def published_from(connection: Connection) -> int:
    """What is added to the n of everything published from now on."""
    return int(connection.execute(select(sequence.c.last).where(sequence.c.name == PUBLISHED)).scalar() or 0)


def move_on(connection: Connection, by: int) -> dict[str, int]:
    """Add ``by`` to every counter whose numbers others have seen: of receivers, of ``canonical``, of rows (messages, deliveries,
    cases ...). Gives each receiver's last number as it is now."""
    insert_new(connection, sequence, [{"name": PUBLISHED, "last": 0}])
    connection.execute(_move, {"by": by})
    for table, column in _numbered():
        _move_identity(connection, table, column, by)
    found = connection.execute(select(sequence).where(sequence.c.name != PUBLISHED).order_by(sequence.c.name))
    return {row.name: row.last for row in found}


def _numbered() -> Iterator[tuple[Table, str]]:
    """Tables whose rows the database numbers."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and table.dialect_options["sqlite"]["autoincrement"]:
            yield table, column.name


def _move_identity(connection: Connection, table: Table, column: str, by: int) -> None:
    if connection.dialect.name == "postgresql":
        statement = "SELECT setval(s, nextval(s) + :by) FROM pg_get_serial_sequence(:name, :column) AS s"
        connection.execute(text(statement), {"by": by, "name": f'"{table.name}"', "column": column})
        return
    values = {"by": by, "name": table.name}
    if connection.execute(text("UPDATE sqlite_sequence SET seq = seq + :by WHERE name = :name"), values).rowcount == 0:
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :by)"), values)


def doubt(unit: UnitOfWork, subscriptions: Collection[str]) -> list[int]:
    """Hold as in doubt what was open for these subscriptions: receivers for whom a repeat is no repeat. Gives the deliveries.

    Which receivers did not answer then is forgotten: it is found out anew.
    """
    for name in deliveries.circuits(unit.connection):
        deliveries.close_circuit(unit.connection, name)
    query = select(delivery.c.id).where(delivery.c.state.in_(("pending", "sending")), among(delivery.c.subscription, "names"))
    found = list(unit.connection.execute(query.order_by(delivery.c.id).with_for_update(), {"names": sorted(subscriptions)}).scalars())
    for id in found:
        deliveries.finish(unit.connection, id, "uncertain", unit.now, detail=LOST)
        problem = Problem(Cause.IN_DOUBT, f"delivery:{id}", LOST, f"hub deliveries {id} --sent | --again")
        holds.save(unit.connection, "delivery", id, {(str(problem.cause), problem.key): problem_details(problem)}, unit.now)
    return found
