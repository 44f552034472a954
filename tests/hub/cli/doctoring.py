"""``hub doctor`` as a test asks it: rows by name, and what each of them must have."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hub.cli.app import app

Rows = dict[str, dict[str, Any]]
SERVERS = 'hub: {store: "file:store", channels: "file:channels"}\n'
"""Both addresses stand in files beside it; nobody is connected."""


def examine(folder: Path, text: str) -> tuple[int, Rows]:
    """(exit code, rows by check) of ``hub doctor --json`` over a configuration."""
    (folder / "hub.yaml").write_text(text, "utf-8")
    result = CliRunner().invoke(app, ["doctor", "--json", "--config", str(folder / "hub.yaml")])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return result.exit_code, {row["check"]: row for row in rows if "check" in row}


def failed(rows: Rows) -> list[str]:
    return [name for name, row in rows.items() if row["ok"] is False]


def of_servers(folder: Path, store: str | None, channels: str | None = None) -> tuple[int, Rows]:
    """The same over a database, and a broker if there is one."""
    for name, address in (("store", store), ("channels", channels)):
        if address is not None:
            (folder / name).write_text(address, "utf-8")
    return examine(folder, SERVERS if channels is not None else SERVERS.replace('"file:channels"', "local"))


def only_fault(folder: Path, check: str, store: str | None, channels: str | None = None, *, unsaid: str = "") -> dict[str, Any]:
    """The row of the one check that fails. It has fact, place and fix, and nothing says ``unsaid`` (a password)."""
    code, rows = of_servers(folder, store, channels)
    assert (code, failed(rows)) == (1, [check])
    assert all(rows[check][name] for name in ("fact", "at", "fix"))
    assert not unsaid or unsaid not in json.dumps(rows)
    return rows[check]


@contextmanager
def silent() -> Iterator[int]:
    """The port of a program that takes connections and says nothing, as behind a firewall that swallows packets."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening.getsockname()[1]
