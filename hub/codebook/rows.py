"""Changing the code tables: each set, import or retirement is one revision, under the exclusive lock, and frees what waited.

A new row for (table, code set, code, context) with the same valid period ends the one before; another period stands beside it.
CSV is text through and through: ``NO``, ``012``, ``1_000``, ``on``, ``null`` and the empty text survive.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from canonical_model.problems import Cause as CauseType
from canonical_model.problems import Reject, split_cause_key
from hub.codebook.lines import CodeLine, parse_csv
from hub.store import holds
from hub.store.book_tables import code, code_set, codebook, revision
from hub.store.schema import among
from hub.store.unit import UnitOfWork

RELEASES = (CauseType.MISSING_CODE, CauseType.AMBIGUOUS_CODE, CauseType.UNKNOWN_PARTY)
"""A code row removes these, under one cause key."""


_same_key = select(code).where(among(code.c.code, "codes"), code.c.until.is_(None))
_end = update(code).where(code.c.row == bindparam("row_")).values(until=bindparam("until_"))


def next_revision(unit: UnitOfWork, actor: str, what: str) -> int:
    """Take the exclusive lock and the next integer."""
    number = unit.lock_codebook(exclusive=True) + 1
    unit.connection.execute(update(codebook).values(revision=number))
    unit.connection.execute(insert(revision), {"revision": number, "at": unit.now, "actor": actor, "what": what})
    return number


def set_codes(unit: UnitOfWork, lines: Sequence[CodeLine], *, actor: str, what: str = "codes set") -> tuple[int, holds.Freed]:
    """Write rows as one revision and release what waited for them; gives (revision, what was freed).

    A row that says what is there already changes nothing; without any change there is no new revision.
    """
    unit.lock_codebook(exclusive=True)
    latest = {_identity(asdict(line)): line.checked() for line in lines}
    current = _current(unit, latest)
    changed = {key: line for key, line in latest.items() if key not in current or _says(current[key]) != _says(asdict(line))}
    if not changed:
        return unit.revision(), holds.Freed(0, 0)
    number = next_revision(unit, actor, what)
    _end_rows(unit, [current[key]["row"] for key in changed if key in current], number)
    unit.connection.execute(insert(code), [_values(line, number) for line in changed.values()])
    return number, holds.release(unit, _causes(unit, changed.values()))


def retire(unit: UnitOfWork, table: str, name: str, text: str, context: str, *, actor: str) -> int:
    """End every current row of a code; gives the revision. Documents already translated stay as they are."""
    unit.lock_codebook(exclusive=True)
    current = unit.connection.execute(_same_key, {"codes": [text]})
    rows = [item.row for item in current if (item.tab, item.code_set, item.context) == (table, name, context)]
    if not rows:
        raise Reject(f"{table}/{name} has no row for {text!r}", at=context or "-", fix=f"hub codes history {table} {name} {text}")
    number = next_revision(unit, actor, f"retired {table}/{name}/{text}")
    _end_rows(unit, rows, number)
    return number


def set_parent(unit: UnitOfWork, name: str, parent: str, *, actor: str) -> tuple[int, holds.Freed]:
    """Let a code set fall back to another one; what waits in the set or in one that falls back to it is looked at again."""
    unit.lock_codebook(exclusive=True)
    if name in _chain(parent, _parents(unit)):
        raise Reject(f"{name!r} would fall back to itself through {parent!r}", fix="name another parent")
    number = next_revision(unit, actor, f"parent of {name} is {parent}")
    unit.connection.execute(insert(code_set), {"name": name, "parent": parent, "since": number})
    parents = _parents(unit)
    causes = [cause for cause in holds.open_causes(unit.connection, RELEASES) if name in _chain(_set_of(cause), parents)]
    return number, holds.release(unit, causes)


def import_csv(unit: UnitOfWork, text: str, *, actor: str, what: str = "codes import") -> tuple[int, holds.Freed]:
    """Import a CSV with the header of ``export_csv`` (missing columns take their defaults) as one revision, or refuse it whole."""
    return set_codes(unit, parse_csv(text), actor=actor, what=what)


def tables_of(connection: Connection) -> set[str]:
    """Names of the tables that have a row now."""
    return set(connection.scalars(select(code.c.tab).where(code.c.until.is_(None)).distinct()))


def export_csv(connection: Any, *, at: int | None = None) -> str:
    """Every row known at a revision (None: now), as CSV text that ``import_csv`` takes back unchanged."""
    known = code.c.until.is_(None) if at is None else (code.c.since <= at) & (code.c.until.is_(None) | (code.c.until > at))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [item.name for item in fields(CodeLine)], quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writeheader()
    for row in connection.execute(select(code).where(known).order_by(code.c.tab, code.c.code_set, code.c.code, code.c.context, code.c.row)):
        values = {item.name: getattr(row, item.name, None) for item in fields(CodeLine)}
        writer.writerow({**values, "table": row.tab, "preferred": int(row.preferred)})
    return out.getvalue()


def history(connection: Any, table: str, name: str, text: str) -> list[dict[str, Any]]:
    """What was known of one code and when: rows with the revisions that began and ended them, who and at what time."""
    query = (
        select(code, revision.c.at, revision.c.actor, revision.c.what)
        .outerjoin(revision, revision.c.revision == code.c.since)
        .where(code.c.tab == table, code.c.code_set == name, code.c.code == text)
        .order_by(code.c.row)
    )
    return [dict(item._mapping) for item in connection.execute(query)]


def _current(unit: UnitOfWork, wanted: Mapping[Any, CodeLine]) -> dict[Any, dict[str, Any]]:
    found = unit.connection.execute(_same_key, {"codes": sorted({line.code for line in wanted.values()})})
    rows = [{**item._mapping, "table": item.tab} for item in found]
    return {_identity(row): row for row in rows}


def _identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a new row ends. For ``pack`` and for reverse-only rows the canonical side belongs to it, so that several may stand."""
    side = row["canonical"] if row["direction"] == "out" else ""
    return (*(row[name] for name in ("table", "code_set", "code", "context", "valid_from", "valid_to")), side)


def _says(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("canonical", "level", "extension", "numerator", "denominator", "direction")
    return (*(row[name] for name in names), bool(row["preferred"]))


def _end_rows(unit: UnitOfWork, rows: list[int], number: int) -> None:
    if rows:
        unit.connection.execute(_end, [{"row_": row, "until_": number} for row in rows])


def _values(line: CodeLine, number: int) -> dict[str, Any]:
    values = asdict(line)
    values["tab"] = values.pop("table")
    return {**values, "preferred": int(line.preferred), "since": number, "until": None}


def _causes(unit: UnitOfWork, lines: Iterable[CodeLine]) -> list[holds.Cause]:
    """The open causes that rows may remove: those of the row's code set and of every set that falls back to it.

    A row without context answers for every context; a ratio answers for every code set.
    """
    answered: dict[tuple[str, str], list[CodeLine]] = {}
    for line in lines:
        answered.setdefault((line.table, line.code), []).append(line)
        answered.setdefault((line.table, f"={line.canonical}"), []).append(line)
    parents = _parents(unit)
    return [cause for cause in holds.open_causes(unit.connection, RELEASES) if _removed(cause, answered, parents)]


def _set_of(cause: holds.Cause) -> str:
    return (*split_cause_key(cause.key), "", "")[1]


def _removed(cause: holds.Cause, answered: Mapping[tuple[str, str], list[CodeLine]], parents: Mapping[str, str]) -> bool:
    parts = split_cause_key(cause.key)
    if len(parts) != 4:
        return False
    table, name, text, context = parts
    near = [line for line in answered.get((table, text), ()) if line.context in ("", context)]
    return any(line.table == "pack" or line.code_set in _chain(name, parents) for line in near)


def _parents(unit: UnitOfWork) -> dict[str, str]:
    rows = unit.connection.execute(select(code_set).order_by(code_set.c.since))
    return {row.name: row.parent for row in rows}


def _chain(name: str, parents: Mapping[str, str]) -> list[str]:
    names: list[str] = []
    while name and name not in names:
        names.append(name)
        name = parents.get(name, "")
    return names
