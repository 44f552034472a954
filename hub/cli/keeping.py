"""Commands of the person who keeps the hub alive: a copy of the store, what a restore needs afterwards, publications once more."""

from __future__ import annotations

from pathlib import Path

from canonical_model.problems import Misconfigured
from hub.bootstrap import build
from hub.cli.instants import instant
from hub.cli.output import Exit, Output, say
from hub.cli.settings import load_config
from hub.cli.topology import address
from hub.commands import Actor
from hub.store.address import place_of
from hub.store.clock import to_micros
from hub.store.database import Store
from hub.store.views.received import last_received


def backup(file: Path, config: Path, out: Output) -> int:
    """One consistent file, made while the hub runs."""
    store = Store(load_config(config).store_url())
    try:
        store.copy(file)
    finally:
        store.close()
    out.emit({"file": str(file), "bytes": file.stat().st_size}, lambda row: f"wrote {row['file']}, {row['bytes']} bytes")
    return int(Exit.DONE)


def restored(by: int, why: str, actor: str, config: Path, out: Output) -> int:
    """Numbers, doubts, and the newest message of each way in: what came later its sender has to send again."""
    alone(config)
    hub = build(config, promote=False)
    try:
        done = hub.commands.restored(Actor(actor), by, why)
        with hub.store.read() as connection:
            rows = last_received(connection, None)
    finally:
        hub.close()
    say(done, out)
    out.table(rows, "system", "route", "message", "received_at", "delivery_id", "name")
    return int(Exit.DONE)


def alone(config: Path) -> None:
    """Raise Misconfigured while another process of the hub uses the store."""
    store = Store(load_config(config).store_url())
    try:
        found = store.others()
    finally:
        store.close()
    if found:
        fact = f"the hub runs on this store: {'; '.join(found)}"
        raise Misconfigured(fact, at=place_of(store.url), fix="stop every process of the hub first")


def republish(since: str, why: str, actor: str, config: Path, out: Output) -> int:
    """For subscribers whose queue was lost. Raises Misconfigured where there is no broker, and so nobody who would read it."""
    at = to_micros(instant(since, "--since"))
    address(load_config(config))
    hub = build(config, promote=False)
    try:
        return say(hub.commands.publish_again(Actor(actor), at, why), out)
    finally:
        hub.close()
