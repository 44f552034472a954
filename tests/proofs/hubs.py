"""A whole hub in a folder: the demo's systems, every way out ending in files, every message handed in directly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from adapters.base import Document
from connectors.base import Inbound
from hub.bootstrap import Hub, build
from hub.commands import Actor
from hub.replay import Again
from hub.simulate import idocs, sets, tables
from hub.simulate.goods import AGENT_JS, AGENT_ZJ, ARTICLES, CHAIN, KEY_ACCOUNT, PLACES, STORE_JS, WAREHOUSE, codes_csv
from hub.simulate.orders import Order, draw_order
from hub.store.clock import Clock
from hub.store.views import messages as views
from hub.store.views import summary

ROOT = Path(__file__).parents[2]
DAY = "2026-11-25"
ME = Actor("proof")
SERIAL = "20261101080000"

HUB_YAML = (Path(__file__).parent / "hub.yaml").read_text("utf-8")


Given = tuple[str, str, bytes, Order]
INS = ("sap", "js", "zj", "wms", "stock")
OUTS = ("ordrsp", "desadv", "js", "zj", "940", "855", "997")


class Standing:
    """A clock that a test moves: microseconds since 1970, UTC."""

    def __init__(self, at: str = f"{DAY}T08:00:00") -> None:
        self.micros = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * 1_000_000

    def now(self) -> int:
        self.micros += 1_000
        return self.micros


class World:
    """A built hub in ``folder``. ``give`` receives and works until nothing is left."""

    def __init__(self, folder: Path, config: str = HUB_YAML, codes: str | None = None, clock: Clock | None = None) -> None:
        self.folder, self.file = folder, folder / "hub.yaml"
        for name in ("maps", *(f"in/{one}" for one in INS), *(f"out/{one}" for one in OUTS)):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.file.write_text(absolute(config, folder), "utf-8")
        self.hub: Hub = build(self.file, clock)
        self.hub.commands.import_codes(ME, codes_csv() if codes is None else codes)
        self.told: dict[int, Given] = {}

    def restart(self) -> None:
        """The process ends in good order and a new one takes the folder; edited mappings become active."""
        self.hub.close()
        self.hub = build(self.file)
        self.hub.flow.recover()

    def give(self, system: str, way: str, raw: bytes, name: str = "m", settle: bool = True) -> int:
        """Hand in one message; its sequence number."""
        door, _ = self.hub.inward[system, way]
        seq = self.hub.flow.receive(Inbound(raw, name), door).message
        if settle:
            self.hub.flow.settle()
        return seq

    def message(self, seq: int) -> dict[str, Any]:
        """What the command line shows of a message."""
        with self.hub.store.read() as connection:
            found = views.message_object(connection, seq, None)
        assert found is not None
        return found

    def body(self, seq: int) -> dict[str, Any]:
        """The stored body of a message with one document."""
        [again] = self.replayed([seq], then=True).values()
        assert again.before is not None
        return dict(json.loads(again.before))

    def summary(self) -> dict[str, Any]:
        with self.hub.store.read() as connection:
            return summary.summary(connection)

    def replayed(self, seqs: list[int], *, then: bool) -> dict[tuple[int, int], Again]:
        """Every document of the messages, translated again."""
        return {(seq, again.n): again for seq in seqs for again in self.hub.replay.message(seq, then=then)}

    def written(self, name: str) -> list[bytes]:
        """What lies in one way out, by file name."""
        files = sorted(path for path in (self.folder / "out" / name).glob("[!.]*") if path.is_file())
        return [path.read_bytes() for path in files]

    def read(self, format: str, raw: bytes, **options: Any) -> list[Document]:
        return list(self.hub.formats[format].read(raw, **options))

    def stock(self) -> None:
        """The start of the day: articles, and enough of them in the warehouse."""
        self.give("sap-hq", "files", idocs.xml(*(idocs.material(100 + n, article, SERIAL) for n, article in enumerate(ARTICLES))))
        self.give("sap-hq", "files", idocs.xml(*(idocs.customer(200 + n, place, SERIAL) for n, place in enumerate(PLACES))))
        self.give("wms-3pl", "stock", stock_report("ST-0"))


def absolute(config: str, folder: Path) -> str:
    """A configuration whose folders lie in ``folder``: a transport's own words are relative to where the process runs."""
    return config.replace("folder: in/", f"folder: {folder}/in/").replace("out: out/", f"out: {folder}/out/")


@contextmanager
def world(folder: Path, config: str = HUB_YAML, codes: str | None = None) -> Iterator[World]:
    """A hub that is closed at the end."""
    made = World(folder, config, codes)
    try:
        yield made
    finally:
        made.hub.close()


def stock_report(name: str, quantity: int = 100_000) -> bytes:
    """The warehouse's stock as JSON."""
    rows = [{"sku": one.material, "uom": "EA", "qty": quantity, "gtin": one.gtin.zfill(14), "status": "OK"} for one in ARTICLES]
    return json.dumps({"report": name, "warehouse": WAREHOUSE.warehouse, "asOf": f"{DAY}T00:30:00+08:00", "stock": rows}).encode()


def orders(random: Random, count: int) -> Iterator[Given]:
    """(system, way, message, order) in turns: IDoc XML, IDoc flat, X12, both tables."""
    for index in range(count):
        number, kind = f"P{index:05}", index % 5
        step, width = ((10, 6), (10, 6), (1, 1), (1, 1), (1, 1))[kind]
        buyer = (KEY_ACCOUNT, KEY_ACCOUNT, CHAIN, AGENT_JS, AGENT_ZJ)[kind]
        order = draw_order(random, number, DAY, buyer, STORE_JS if kind < 3 else buyer, step=step, width=width)
        yield message_of(kind, 1_000 + index, order)


def message_of(kind: int, control: int, order: Order) -> Given:
    """One order in the format of its kind, 0 to 4."""
    if kind == 0:
        return "sap-hq", "files", idocs.xml(idocs.purchase_order(control, order)), order
    if kind == 1:
        return "sap-hq", "files", idocs.flat(idocs.purchase_order(control, order)), order
    if kind == 2:
        return "wms-3pl", "x12", sets.interchange(control, "PO", [("850", sets.po850(order))], DAY), order
    if kind == 3:
        return "agent-js", "js", tables.kd_orders([order]), order
    return "agent-zj", "zj", tables.gjp_orders([order]), order
