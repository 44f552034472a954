"""Commands that look into the store: find, message, holds, summary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.cli.output import Exit, Output, not_found
from hub.cli.settings import store_of
from hub.store.views import held, messages, search
from hub.store.views.summary import summary as summary_object


def find(number: str, config: Path, out: Output) -> int:
    """Documents by a business number."""
    with store_of(config).read() as connection:
        rows = search.find(connection, number, None)
    if not rows:
        not_found(f"number {number!r}", out, "numbers are what a mapping names under numbers:")
    out.table(rows, "document", "message", "system", "type", "name", "state", "causes", "k", "since")
    return int(Exit.DONE)


def message(id: int, config: Path, out: Output) -> int:
    """One message with all of its documents."""
    with store_of(config).read() as connection:
        found = messages.message_object(connection, id, None)
    if found is None:
        not_found(f"message {id}", out, "hub find NUMBER")
    out.emit(found, _message_text)
    return int(Exit.DONE)


def _message_text(row: Mapping[str, Any]) -> str:
    head = f"message {row['message']} of {row['system']} ({row['route']}), {row['name'] or '-'}"
    lines = [f"{head}, {row['bytes']} bytes, received {row['received_at']}"]
    lines.append("  " + (", ".join(f"{count} {state}" for state, count in row["states"].items()) or "not translated yet"))
    lines += _holds_text(row, 1)
    for document in row["documents"]:
        lines += _document_text(document)
    return "\n".join(lines)


def _document_text(row: Mapping[str, Any]) -> list[str]:
    numbers = ", ".join(f"{name} {value}" for name, value in row.get("numbers", {}).items())
    head = f"  document {row['document']}: {row['type'] or 'no route'} {row['state']}, key {row.get('key', '-')}  {numbers}"
    sent = [f"    -> {one['subscription']} {one['type']} number {one['number']}: {one['state']}" for one in row.get("deliveries", ())]
    return [head, *_holds_text(row, 2), *sent]


def _holds_text(row: Mapping[str, Any], depth: int) -> list[str]:
    pad = "  " * depth
    return [
        f"{pad}held: {one['cause']} {one['key']}: {one.get('fact', '')}" + (f"\n{pad}  fix: {one['fix']}" if one.get("fix") else "")
        for one in row.get("holds", ())
    ]


def holds(by: str | None, cause: str | None, config: Path, out: Output) -> int:
    """What waits."""
    with store_of(config).read() as connection:
        rows = held.by_cause(connection, None, cause) if by == "cause" else held.holds(connection, None, cause)
    if not rows and not out.as_json:
        print("nothing is held" + (f" for {cause}" if cause else ""))
    elif by == "cause":
        out.table(rows, "cause", "key", "count", "since", "fact", "fix")
    else:
        out.table(rows, "kind", "id", "message", "type", "cause", "key", "stake", "fact")
    return int(Exit.DONE)


def summary(config: Path, out: Output) -> int:
    """The store in a dozen numbers."""
    with store_of(config).read() as connection:
        found = summary_object(connection)
    out.emit(found, lambda row: "\n".join(f"{name:13} {value}" for name, value in row.items()))
    return int(Exit.DONE)
