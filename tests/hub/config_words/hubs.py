"""A built hub in a folder, and messages of one agent, one warehouse and one SAP to give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from connectors.base import Inbound
from hub.bootstrap import Hub, build
from hub.commands import Actor
from hub.store import documents
from hub.store.database import Store
from hub.store.views import messages as views

ME = Actor("test")
ITEM = "09506000001012"
CODES = f"""table,code_set,code,context,canonical,level,numerator,denominator,preferred
unit,a,瓶,,EA,,1,1,1
party,a,K1,,AG-1,,1,1,1
party,a,K2,,AG-2,,1,1,1
item,a,I1,,{ITEM},EA,1,1,1
item,a,I2,,09506000001029,EA,1,1,1
pack,a,{ITEM},EA,EA,,1,1,0
pack,a,09506000001029,EA,EA,,1,1,0
unit,w,EA,,EA,,1,1,1
party,w,WH1,,WH-1,,1,1,1
party,w,K1,,AG-1,,1,1,1
item,w,I1,,{ITEM},EA,1,1,1
item,w,I2,,09506000001029,EA,1,1,1
pack,w,{ITEM},EA,EA,,1,1,0
"""
HEAD = "单据日期,单据编号,行号,往来单位编号,存货编码,单位,数量,单价,备注\n"


class Clock:
    """Time that a test moves, in microseconds UTC."""

    def __init__(self, at: str = "2026-11-25T08:00:00") -> None:
        self.micros = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * 1_000_000
        self.ids = 0

    def now(self) -> int:
        self.micros += 1_000
        return self.micros

    def monotonic(self) -> float:
        return 0.0

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"


@cache
def empty_store() -> bytes:
    """A store as its first start leaves it: made once, for every test to begin with."""
    with TemporaryDirectory() as folder:
        Store(f"sqlite:///{folder}/hub.db").open().close()
        return (Path(folder) / "hub.db").read_bytes()


class World:
    """One hub. ``give`` hands a message to its door and works until nothing is left."""

    def __init__(self, folder: Path, text: str, codes: str = CODES) -> None:
        self.file, self.clock = folder / "hub.yaml", Clock()
        for name in ("in/a", "in/w", "out/a", "out/b"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "hub.db").write_bytes(empty_store())
        self.file.write_text(text, "utf-8")
        self.hub: Hub = build(self.file, self.clock)
        if codes:
            self.hub.commands.import_codes(ME, codes)

    def give(self, system: str, raw: bytes, name: str = "m.csv", headers: Mapping[str, str] | None = None, way: str = "") -> dict[str, Any]:
        """What became of a message, as people see it."""
        door, _ = self.hub.inward[system, way or system]
        seq = self.hub.flow.receive(Inbound(raw, name, headers=headers or {}), door).message
        self.hub.flow.settle()
        return self.look(seq)

    def look(self, seq: int) -> dict[str, Any]:
        """A stored message with its documents."""
        with self.hub.store.read() as connection:
            found = views.message_object(connection, seq, None)
        assert found is not None
        return found

    def written(self, name: str) -> list[bytes]:
        """What lies in a way out."""
        return [path.read_bytes() for path in sorted((self.file.parent / "out" / name).glob("[!.]*")) if path.is_file()]

    def again(self, text: str) -> None:
        """Stop, and start with another configuration."""
        self.hub.close()
        self.file.write_text(text, "utf-8")
        self.hub = build(self.file, self.clock)
        self.hub.flow.settle()


@contextmanager
def world(folder: Path, text: str, codes: str = CODES) -> Iterator[World]:
    """A hub that is closed at the end."""
    made = World(folder, text, codes)
    try:
        yield made
    finally:
        made.hub.close()


def agent(route: str = "", way: str = "", hub: str = "", out: str = "", more: str = "") -> str:
    """``hub.yaml`` with one agent whose program writes tables, and one warehouse that reports stock as JSON."""
    return f"""
hub: {{store: "sqlite:///hub.db", timezone: Asia/Shanghai{hub}}}
systems:
  a:
    party: AG-1
    in: [{{connector: file_drop, name: a, folder: in/a, routes: {{kd.order: {{mapping: agents/kd/order{route}}}}}{way}}}]
    {out}
  w:
    party: WH-1
    in: [{{connector: file_drop, name: w, folder: in/w, routes: {{wms.stock: wms/stock}}}}]
{more}
"""


ANSWER = "out: [{on: order_response, name: answer, mapping: agents/kd/answer, connector: file_drop, out: out/a}]"


def table(*rows: tuple[str, ...], charset: str = "utf-8") -> bytes:
    """Order rows: (number, line, buyer, item, quantity, price), with a note where a seventh is given."""
    lines = (
        f"2026-11-25,{no},{line},{buyer},{item},瓶,{count},{price},{''.join(note)}\n" for no, line, buyer, item, count, price, *note in rows
    )
    return (HEAD + "".join(lines)).encode(charset)


def order(number: str = "O1", count: str = "5", item: str = "I1", buyer: str = "K1", price: str = "8.50") -> bytes:
    """One order of one line."""
    return table((number, "1", buyer, item, count, price))


def stock(count: int = 100, item: str = "I1", at: str = "2026-11-25T08:00:00+08:00", place: str = "WH1") -> bytes:
    """A stock report of one item."""
    row = f'{{"sku": "{item}", "uom": "EA", "qty": "{count}", "status": "OK"}}'
    return f'{{"report": "R", "warehouse": "{place}", "asOf": "{at}", "stock": [{row}]}}'.encode()


def causes(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(cause, key) of every hold of a message and its documents."""
    holds = [*told.get("holds", ()), *(hold for document in told["documents"] for hold in document.get("holds", ()))]
    return [(hold["cause"], hold["key"]) for hold in holds]


def body(world: World, document: int) -> dict[str, Any]:
    """The stored canonical body of a document."""
    with world.hub.store.read() as connection:
        found: dict[str, Any] = orjson.loads(documents.bodies(connection, [document])[document])
    return found
