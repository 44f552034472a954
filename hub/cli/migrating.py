"""``hub migrate``: the store's tables, made or brought to this release. In production nothing else changes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.cli.output import Exit, Output
from hub.cli.settings import load_config
from hub.store import migrate as steps
from hub.store.database import Store


def migrate(config: Path, out: Output) -> int:
    """One transaction: all steps that are missing, or none. An embedded store's file is copied first."""
    store = Store(load_config(config).store_url())
    try:
        found = store.migrate()
    finally:
        store.close()
    newer = bool(steps.unknown(found))
    out.emit({"from": list(found), "to": list(found if newer else steps.newest()), "newer": newer}, _said)
    return int(Exit.DONE)


def _said(row: Mapping[str, Any]) -> str:
    if row["newer"]:
        return f"the store is of a newer release (migration {', '.join(row['to'])}), which only added: nothing to do"
    if row["from"] == row["to"]:
        return f"the store is of this release already (migration {', '.join(row['to'])})"
    return f"the store is at migration {', '.join(row['to'])}; it was {'at ' + ', '.join(row['from']) if row['from'] else 'empty'}"
