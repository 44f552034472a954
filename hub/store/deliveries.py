"""Deliveries on their way: what may leave next, what is committed before and after the send, circuits, acknowledgements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, Select, Update, and_, bindparam, case, exists, func, select, update

from hub.store import bulk
from hub.store.documents import unpack
from hub.store.identity import insert_new
from hub.store.lane_tables import hold
from hub.store.out_tables import OPEN as STILL_OPEN
from hub.store.out_tables import attempt, circuit, delivery
from hub.store.schema import among

OPEN = ("pending", "sending", "uncertain")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as the deliver stage needs it. ``payload`` are the bytes of the first attempt, once there was one."""

    id: int
    subscription: str
    system: str
    document: int
    k: str
    type: str
    body: Mapping[str, Any]
    number: int
    assigned: Mapping[str, str]
    state: str
    tries: int
    payload: bytes | None
    name: str
    content_type: str
    headers: Mapping[str, str]
    owner: str | None


@dataclass(frozen=True, slots=True)
class Circuit:
    """A receiver that does not answer: nothing is sent to it before ``open_until``."""

    failures: int
    open_until: int


def _due() -> Select[Any]:
    """``STILL_OPEN`` is said in words: a plan that is made once for all values does not know that a parameter is one of these states, and
    goes through everything that was ever delivered instead of the index of what is open."""
    earlier, held = delivery.alias("earlier"), hold.alias("held")
    waiting = exists().where(held.c.owner_kind == "delivery", held.c.owner == earlier.c.id)
    before = exists().where(
        earlier.c.subscription == delivery.c.subscription, earlier.c.k == delivery.c.k, earlier.c.id < delivery.c.id,
        earlier.c.state.in_(OPEN) | (and_(earlier.c.state == "refused", waiting)),
    )  # fmt: skip
    own = exists().where(hold.c.owner_kind == "delivery", hold.c.owner == delivery.c.id, hold.c.cause != "receiver_down")
    theirs = delivery.c.subscription == bindparam("subscription")
    ready = and_(theirs, STILL_OPEN, delivery.c.state == "pending", delivery.c.next_at <= bindparam("now"), ~before, ~own)
    return select(delivery).where(ready).order_by(delivery.c.id).limit(bindparam("most"))


@cache
def _unsettled(*, one: bool, lock: bool) -> Select[Any]:
    doubted = exists().where(hold.c.owner_kind == "delivery", hold.c.owner == delivery.c.id, hold.c.cause == "in_doubt")
    begun = (delivery.c.state == "sending") | ((delivery.c.state == "uncertain") & ~doubted)
    query = select(delivery).where(STILL_OPEN, begun).order_by(delivery.c.id)
    if one:
        query = query.where(delivery.c.subscription == bindparam("subscription"))
    return query.with_for_update(of=delivery, skip_locked=True) if lock else query


@cache
def _set(names: tuple[str, ...], *, overtaken: bool) -> Update:
    """Sets these columns of a delivery. ``overtaken``: by an acknowledgement, perhaps, whose state stays."""
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=delivery.c[name].type) for name in names}
    if overtaken:
        stays = delivery.c.state.in_(("acknowledged", "refused"))
        values["state"] = case((stays, delivery.c.state), else_=values["state"])
    return update(delivery).where(delivery.c.id == bindparam("id_")).values(values)


def _ended() -> Update:
    """The last attempt of a delivery has come to its end."""
    last = select(func.max(attempt.c.n)).where(attempt.c.delivery == bindparam("id_")).scalar_subquery()
    row = (attempt.c.delivery == bindparam("id_")) & (attempt.c.n == last) & attempt.c.ended_at.is_(None)
    return update(attempt).where(row).values({name: bindparam(f"{name}_") for name in ("ended_at", "outcome", "detail")})


_ready, _attempt_ended, _circuits = _due(), _ended(), select(circuit)
_locked = select(delivery.c.id).where(among(delivery.c.id, "ids")).order_by(delivery.c.id).with_for_update()
_still_sent = _locked.where(delivery.c.state == "sending", delivery.c.owner == bindparam("owner"))
_still_pending = _locked.where(delivery.c.state == "pending")


def due(connection: Connection, subscription: str, now: int, most: int) -> list[Delivery]:
    """What may leave: the oldest open delivery of each (subscription, key), if it is pending, due and not held.

    A refused or uncertain one blocks its key until a person or the other side has spoken (hold of the delivery).
    """
    return [_delivery(row) for row in connection.execute(_ready, {"subscription": subscription, "now": now, "most": most})]


def wanting(connection: Connection, now: int) -> set[str]:
    """Subscriptions that have something to be sent now, or something that was left in the middle of it: one statement for all of them."""
    due = (delivery.c.state == "sending") | (delivery.c.next_at <= now)
    return set(connection.execute(select(delivery.c.subscription).distinct().where(STILL_OPEN, due)).scalars())


def get(connection: Connection, id: int) -> Delivery | None:
    """One delivery."""
    row = connection.execute(select(delivery).where(delivery.c.id == id)).first()
    return None if row is None else _delivery(row)


def unsettled(connection: Connection, subscription: str | None = None, *, lock: bool = False) -> list[Delivery]:
    """Deliveries (of one subscription, or all) that somebody began to send and did not come to an end with: ``sending``, and
    uncertain ones that are not held as in doubt, about which the next step was never taken."""
    query = _unsettled(one=subscription is not None, lock=lock)
    return [_delivery(row) for row in connection.execute(query, {} if subscription is None else {"subscription": subscription})]


def lock_sent(connection: Connection, ids: list[int], owner: str) -> set[int]:
    """Lock deliveries, sorted, and give those that this owner is still sending. Where it was taken for dead meanwhile, others
    have gone on with them."""
    return set(connection.execute(_still_sent, {"ids": ids, "owner": owner}).scalars())


def lock_pending(connection: Connection, ids: list[int]) -> set[int]:
    """Lock deliveries, sorted, and give those that are pending still: another process or a person may have moved them on."""
    return set(connection.execute(_still_pending, {"ids": ids}).scalars())


def lock(connection: Connection, id: int) -> str | None:
    """Lock a delivery, so that one person or process decides it at a time; gives its state, None when there is none."""
    return connection.execute(select(delivery.c.state).where(delivery.c.id == id).with_for_update()).scalar()


def _write(connection: Connection, id: int, values: Mapping[str, Any], *, overtaken: bool) -> None:
    parameters = {f"{name}_": value for name, value in values.items()}
    connection.execute(_set(tuple(values), overtaken=overtaken), {"id_": id, **parameters})


def start(connection: Connection, items: Iterable[tuple[Delivery, Mapping[str, Any]]], owner: str, now: int) -> None:
    """Mark a batch as ``sending`` with its bytes; committed before any byte leaves. A statement each: fifty large payloads in one would
    be above what a server takes."""
    attempts: list[dict[str, Any]] = []
    for item, rendered in items:
        values = {
            "state": "sending", "owner": owner, "tries": item.tries + 1, "payload": zstandard.compress(rendered["payload"], 3),
            "name": rendered["name"], "content_type": rendered["content_type"], "headers": orjson.dumps(rendered["headers"]).decode(),
            "assigned": orjson.dumps(item.assigned).decode(),
        }  # fmt: skip
        _write(connection, item.id, values, overtaken=False)
        attempts.append({"delivery": item.id, "n": item.tries + 1, "owner": owner, "at": now})
    bulk.insert(connection, attempt, attempts)


def finish(
    connection: Connection, id: int, state: str, now: int, *, detail: str = "", receipt: str | None = None, next_at: int = 0
) -> None:
    """What came of an attempt. An acknowledgement may have overtaken the answer to the send: it stays."""
    values: dict[str, Any] = {"detail": detail, "next_at": next_at, "owner": None}
    if state == "sent":
        values |= {"sent_at": now, "receipt": receipt}
    elif state not in OPEN:
        values |= {"settled_at": now}
    values["state"] = state
    _write(connection, id, values, overtaken=state != "refused")
    connection.execute(_attempt_ended, {"id_": id, "ended_at_": now, "outcome_": state, "detail_": detail})


def forget_bytes(connection: Connection, id: int, now: int) -> bool:
    """Send it again as it would be made now: a person repaired what was refused. False for one that may have been taken."""
    known = update(delivery).where(delivery.c.id == id, delivery.c.state.in_(("pending", "refused")))
    return connection.execute(known.values(state="pending", payload=None, next_at=now, settled_at=None)).rowcount > 0


def circuits(connection: Connection) -> dict[str, Circuit]:
    """Open and half-open circuits by subscription."""
    return {row.subscription: Circuit(row.failures, row.open_until) for row in connection.execute(_circuits)}


def set_circuit(connection: Connection, subscription: str, failures: int, open_until: int, now: int, detail: str) -> None:
    """A receiver failed again."""
    insert_new(connection, circuit, [{"subscription": subscription, "failures": 0, "open_until": 0, "since": now, "detail": ""}])
    row = circuit.c.subscription == subscription
    connection.execute(update(circuit).where(row).values(failures=failures, open_until=open_until, detail=detail))


def close_circuit(connection: Connection, subscription: str) -> None:
    """The receiver answers again: its holds go by themselves."""
    connection.execute(circuit.delete().where(circuit.c.subscription == subscription))
    connection.execute(hold.delete().where(hold.c.cause == "receiver_down", hold.c.cause_key == subscription))


def next_due(connection: Connection) -> int | None:
    """When the next pending delivery wants to leave, microseconds UTC."""
    return connection.execute(select(func.min(delivery.c.next_at)).where(STILL_OPEN, delivery.c.state == "pending")).scalar()


def of_documents(connection: Connection, ids: list[int]) -> list[Delivery]:
    """Deliveries that documents caused."""
    query = select(delivery).where(among(delivery.c.document, "ids")).order_by(delivery.c.id)
    return [_delivery(row) for row in connection.execute(query, {"ids": ids})]


def _delivery(row: Any) -> Delivery:
    payload = None if row.payload is None else zstandard.decompress(row.payload)
    return Delivery(
        row.id, row.subscription, row.system, row.document, row.k, row.type, orjson.loads(unpack(row.body) or b"{}"), row.number,
        orjson.loads(row.assigned), row.state, row.tries, payload, row.name, row.content_type, orjson.loads(row.headers), row.owner,
    )  # fmt: skip
