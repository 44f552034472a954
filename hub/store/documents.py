"""Documents: the line of a key (its waiting documents), insertion and settlement, one statement a table and window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Subquery, and_, bindparam, case, func, or_, select, update

from canonical_model.problems import Cause
from hub.store import bulk
from hub.store.lane_tables import document, hold
from hub.store.packing import compress, decompress, size
from hub.store.records import Content, Document, Place, State, Way
from hub.store.schema import among

PACKED = 512
"""A body above this many bytes is kept compressed; zstd frames begin with its magic number, JSON never does."""
_MAGIC = b"\x28\xb5\x2f\xfd"

_line_columns = tuple(column for column in document.c if column.name not in {"body", "findings", "settled_at", "answered_at"})
_waiting_of_keys = and_(among(document.c.k, "keys"), document.c.state == "waiting")
_line = select(*_line_columns).where(_waiting_of_keys).order_by(document.c.k, document.c.place, document.c.id)
_past = _line.limit(bindparam("most"))


_theirs = select(hold.c.owner).where(hold.c.owner_kind == "document", hold.c.owner == document.c.id)
_inside = _theirs.where(hold.c.cause != Cause.CONFLICT, hold.c.cause != Cause.PREDECESSOR_MISSING)
_held = and_(document.c.counted == "held", _inside.exists())
_let_go = and_(document.c.counted == "held", ~_theirs.exists())
_told = (("held", _held), ("let_go", _let_go))


def _numbered() -> Subquery:
    """Lines, with what blocks in them (what is held by more than what stands outside a line, and what was let go, since it may well be held
    again), how many of those stand before each document, and its number from behind among those of its type."""
    walked = [document.c.place, document.c.id]
    kind = [document.c.k, document.c.system, document.c.route, document.c.type, document.c.counted]
    blocks = case((or_(_held, _let_go), 1), else_=0)
    before = func.coalesce(func.sum(blocks).over(partition_by=document.c.k, order_by=walked, rows=(None, -1)), 0)
    last = func.row_number().over(partition_by=kind, order_by=[column.desc() for column in walked])
    told = [case((test, 1), else_=0).label(name) for name, test in _told]
    return select(*_line_columns, before.label("before"), last.label("last"), *told).where(_waiting_of_keys).subquery()


def _front() -> Select[Any]:
    """Of each line what stands before its first held document, up to one that was let go, and every further one that was let go."""
    numbered = _numbered()
    wanted = or_(and_(numbered.c.before == 0, numbered.c.held == 0), numbered.c.let_go == 1)
    return select(numbered).where(wanted).order_by(numbered.c.k, numbered.c.place, numbered.c.id).limit(bindparam("most"))


def _to_hold() -> Select[Any]:
    """Of each line what stands up to its first document that blocks, and behind it what is or was held and the last of each type."""
    numbered = _numbered()
    read = select(numbered).where(or_(numbered.c.before == 0, numbered.c.counted != "blocked", numbered.c.last == 1))
    return read.order_by(numbered.c.k, numbered.c.place, numbered.c.id)


_to_block = _front()
_line_to_hold = _to_hold()
_by_id = select(*_line_columns).where(among(document.c.id, "ids"))
_existing = select(document.c.id).where(among(document.c.id, "ids"))
_bodies = select(document.c.id, document.c.body).where(among(document.c.id, "ids"))
_keyless = (
    select(document.c.id)
    .where(among(document.c.id, "ids"), document.c.state == "waiting", document.c.k.is_(None))
    .order_by(document.c.id)
    .with_for_update()
)
_contents = select(document.c.id, document.c.s, document.c.f, document.c.inputs).where(among(document.c.id, "ids"))
_holds = select(hold.c.owner, hold.c.cause, hold.c.cause_key, hold.c.details).where(
    hold.c.owner_kind == "document", among(hold.c.owner, "ids")
)
_CHANGED = (
    "id", "body", "settled_at",
    "t", "k", "s", "v", "type", "route", "state", "of", "place", "way", "accepted_against", "counted", "f", "inputs",
    "owner", "counterparty", "stake",
)  # fmt: skip


def pack(body: bytes | None) -> bytes | None:
    """A canonical body as it is kept."""
    return compress(body) if body is not None and len(body) > PACKED else body


def unpack(data: bytes | None, most: int | None = None) -> bytes | None:
    """Undo ``pack``; None for a body of more than ``most`` bytes, which is not unpacked."""
    if data is None or not data.startswith(_MAGIC):
        return data
    return None if most is not None and size(data) > most else decompress(data)


def line(connection: Connection, keys: list[str]) -> dict[str, list[Document]]:
    """The waiting documents of keys with their holds, in the order of the line."""
    found: dict[str, list[Document]] = {}
    for row in connection.execute(_line, {"keys": keys}):
        found.setdefault(row.k, []).append(_document(row))
    with_holds(connection, [item for items in found.values() for item in items])
    return found


def line_to_hold(connection: Connection, keys: list[str]) -> dict[str, tuple[list[Document], Place | None]]:
    """Lines as ``line`` gives them, as far as an arrival needs: all up to the first document that blocks, and behind it what is held
    and the last of each type; with the place of the one that blocks, or None where everything was read.

    A window whose decision needs more reads the line whole (``line``): what waits behind a held document may be long, and most of it is
    never looked at.
    """
    found: dict[str, tuple[list[Document], Place | None]] = {}
    for row in connection.execute(_line_to_hold, {"keys": keys}):
        items, cut = found.get(row.k, ([], None))
        if row.before and cut is None:
            cut = (items[-1].place, items[-1].id)
        items.append(_document(row))
        found[row.k] = (items, cut)
    with_holds(connection, [item for items, _ in found.values() for item in items])
    return found


def front(connection: Connection, keys: list[str], most: int) -> tuple[list[Document], set[str]]:
    """Up to ``most`` waiting documents of keys, to be translated before the window's transaction begins: of each line those before the
    first that is held, up to one that was let go, and what else was let go. Beside them the keys in which nothing held stands before what
    was let go."""
    found = [(_document(row), row.before == 0 and bool(row.let_go)) for row in connection.execute(_to_block, {"keys": keys, "most": most})]
    return [doc for doc, _ in found], {doc.k for doc, tried in found if tried and doc.k is not None}


def past_front(connection: Connection, keys: list[str], most: int) -> list[Document]:
    """The same of whole lines, whatever is held in them."""
    return [_document(row) for row in connection.execute(_past, {"keys": keys, "most": most})]


def by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Document]:
    """Documents by id, with their holds."""
    wanted = sorted(set(ids))
    items = {row.id: _document(row) for row in connection.execute(_by_id, {"ids": wanted})} if wanted else {}
    with_holds(connection, list(items.values()))
    return items


def lock_keyless(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Lock documents that have no key to be locked by, sorted; gives those that wait still, and without a key."""
    wanted = sorted(set(ids))
    return set(connection.execute(_keyless, {"ids": wanted}).scalars()) if wanted else set()


def existing(connection: Connection, ids: list[int]) -> set[int]:
    """Which of these ids are taken: work that ran once already admits nothing again."""
    return set(connection.execute(_existing, {"ids": ids}).scalars()) if ids else set()


def with_holds(connection: Connection, items: list[Document]) -> None:
    """Put the hold rows on documents."""
    by = {item.id: item for item in items}
    if not by:
        return
    for row in connection.execute(_holds, {"ids": list(by)}):
        by[row.owner].holds[(row.cause, row.cause_key)] = orjson.loads(row.details) if row.details else {}
    for item in items:
        item.held = frozenset(item.holds)


def bodies(connection: Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """Canonical bodies by document id, of those that have one."""
    wanted = sorted(set(ids))
    found = connection.execute(_bodies, {"ids": wanted}) if wanted else ()
    return {row.id: body for row in found if (body := unpack(row.body)) is not None}


def contents(connection: Connection, ids: Iterable[int]) -> dict[int, Content]:
    """Fingerprints by document id."""
    wanted = sorted(set(ids))
    found = connection.execute(_contents, {"ids": wanted}) if wanted else ()
    return {row.id: Content(row.id, row.s, row.f, row.inputs) for row in found}


def insert_all(connection: Connection, items: list[Document], now: int) -> None:
    """Write new documents. The primary key is the last guard against a second admission."""
    bulk.insert(connection, document, [_values(item, now) for item in items])


def update_all(connection: Connection, items: list[Document], now: int) -> None:
    """Write what a window or a command changed of stored documents. One not translated again keeps the body it has."""
    values = [_values(item, now) for item in items]
    bulk.change(connection, document, ["id"], [{name: row[name] for name in _CHANGED} for row in values], keep=["body"])


def _values(item: Document, now: int) -> dict[str, Any]:
    return {
        "id": item.id, "message": item.message, "system": item.system, "route": item.route, "type": item.type, "t": item.t,
        "k": item.k, "s": item.s, "v": item.v, "state": str(item.state), "of": item.of, "place": item.place,
        "corrects": item.corrects, "way": str(item.way), "accepted_against": item.accepted_against, "counted": item.standing(),
        "f": item.f, "inputs": item.inputs, "body": pack(item.body), "owner": item.owner, "counterparty": item.counterparty,
        "stake": item.stake, "findings": orjson.dumps(item.findings) if item.findings else None, "created_at": now,
        "settled_at": None if item.waiting else now, "answered_at": None,
    }  # fmt: skip


def _document(row: Any) -> Document:
    return Document(
        row.id, row.message, row.system, row.route, row.type, row._mapping["t"], row.k, row.s, row.v, row.inputs, row.place,
        state=State(row.state), of=row.of, corrects=row.corrects, way=Way(row.way), accepted_against=row.accepted_against,
        counted=row.counted, f=row.f, owner=row.owner, counterparty=row.counterparty, stake=row.stake, stored=True,
    )  # fmt: skip


def unanswered(connection: Connection, most: int) -> list[tuple[Document, int]]:
    """Waiting documents that got no answer yet, oldest first, with the instant they came."""
    where = (document.c.state == "waiting") & document.c.answered_at.is_(None)
    query = select(*_line_columns).where(where).order_by(document.c.created_at).limit(most)
    return [(_document(row), row.created_at) for row in connection.execute(query)]


def lock_unanswered(connection: Connection, ids: list[int]) -> set[int]:
    """Lock documents, sorted, and give those that wait still: one that was decided meanwhile has its answer."""
    open = select(document.c.id).where(among(document.c.id, "ids"), document.c.state == "waiting", document.c.answered_at.is_(None))
    return set(connection.execute(open.order_by(document.c.id).with_for_update(), {"ids": ids}).scalars()) if ids else set()


def mark_answered(connection: Connection, ids: list[int], now: int) -> None:
    """They have had their answer that they are pending."""
    if ids:
        connection.execute(update(document).where(among(document.c.id, "ids")).values(answered_at=now), {"ids": ids})
