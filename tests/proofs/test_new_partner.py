"""Something new is connected without touching a line of the hub.

An agent's program: one mapping file and one block of hub.yaml. A transport: one file and a test of two lines. An IDoc type:
one upload, after which a one-file mapping translates it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hub.bootstrap import build
from hub.cli.app import app
from tests.proofs.hubs import ROOT
from tests.services.private import free_port

# ---- an agent's program

HUB_YAML = """\
hub: {store: "sqlite:///hub.db", timezone: Asia/Shanghai, listen: "127.0.0.1:$PORT", folders: {mappings: [maps], definitions: []}}
systems:
  agent-gd:
    party: AG-GD
    in: [{connector: file_drop, folder: "$FOLDER/drop", stable_seconds: 0, routes: {gd.order: agents/gd/order}}]
    out: [{on: order_response, mapping: agents/kd/answer, connector: file_drop, out: "$FOLDER/answers"}]
"""
ORDER_YAML = """\
mapping: agents/gd/order
source: {format: delimited, type: gd.order, group: 订单号, delimiter: "|"}
target: order/1
key: [客户, 订单号]
map:
  number: 订单号
  currency: "'CNY'"
  buyer: {party: 客户 | code(party), given: 客户 | given(party)}
  lines:
    $each: row
    $let: {unit: 单位 | code(unit), item: 货号 | item(unit=$unit)}
    id: 序
    item: $item
    quantity: 数 | quantity($unit)
    base_quantity: 数 | quantity($unit) | base_quantity(item=$item)
examples:
  - given: example.txt
    gives: example.json
    codes: codes.csv
"""
EXAMPLE = "订单号|客户|序|货号|单位|数\r\nGD-1|K9|1|A7|瓶|3\r\n"
GTIN = "09506000001012"
BODY = {
    "number": "GD-1", "currency": "CNY", "buyer": {"party": "AG-GD", "given": [{"scheme": "example:party", "code": "K9"}]},
    "lines": [{
        "id": "1", "item": {"id": GTIN, "gtin": GTIN, "level": "EA", "given": [{"scheme": "example:item", "code": "A7"}]},
        "quantity": {"value": "3", "unit": "EA"}, "base_quantity": {"value": "3", "unit": "EA"},
    }],
}  # fmt: skip
CODES = """\
table,code_set,code,context,canonical,level,preferred
unit,{0},瓶,,EA,,1
party,{0},K9,,AG-GD,,1
item,{0},A7,EA,09506000001012,EA,1
pack,{0},09506000001012,EA,EA,,1
"""


def hub(folder: Path, *words: str) -> list[dict[str, Any]]:
    """A command of the command line in ``folder``; its objects."""
    with chdir(folder):
        done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def environment(*more: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*more, ROOT)))}


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """``hub run`` in ``folder``, stopped in good order."""
    process = subprocess.Popen([sys.executable, "-m", "hub.cli", "run"], cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def until(found: Any, seconds: float = 40) -> Any:
    """What ``found`` gives once it gives something."""
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_file())


def test_a_new_agent_is_one_mapping_and_one_block(tmp_path: Path) -> None:
    place = tmp_path / "maps" / "agents" / "gd"
    place.mkdir(parents=True)
    for name in ("drop", "answers"):
        (tmp_path / name).mkdir()
    (tmp_path / "hub.yaml").write_text(HUB_YAML.replace("$FOLDER", str(tmp_path)).replace("$PORT", str(free_port())), "utf-8")
    (place / "order.yaml").write_text(ORDER_YAML, "utf-8")
    (place / "example.txt").write_bytes(EXAMPLE.encode("gbk"))
    (place / "example.json").write_text(json.dumps(BODY), "utf-8")
    (place / "codes.csv").write_text(CODES.format("example"), "utf-8")
    (tmp_path / "codes.csv").write_text(CODES.format("agent-gd"), "utf-8")
    hub(tmp_path, "lint")
    hub(tmp_path, "map", "test", "agents/gd/order")
    hub(tmp_path, "codes", "import", "codes.csv")
    with running(tmp_path):
        (tmp_path / "drop" / "orders.txt").write_bytes(EXAMPLE.replace("GD-1", "GD-2").replace("|3", "|5").encode("gbk"))
        [answer] = until(lambda: files(tmp_path / "answers"))
    said = answer.read_bytes().decode("gbk").splitlines()[1].split(",")
    assert said[:5] == ["GD-2", "1", "A7", "瓶", "5"]
    [found] = [row for row in hub(tmp_path, "message", "1") if "documents" in row]
    assert found["states"] == {"applied": 1}
    assert not list(tmp_path.rglob("*.py"))


# ---- a transport

TRANSPORT = '''
"""Text lines in a file: a transport that did not exist before."""
from pathlib import Path
from pydantic import Field
from canonical_model.problems import SystemUnreachable
from connectors.base import Capabilities, Inbound, Settings

class LinesSettings(Settings):
    folder: Path = Field(description="where letters lie, one a file")

class Letters:
    kind, settings_type, capabilities = "letters", LinesSettings, Capabilities(receives=True)
    def __init__(self, settings): self.settings = settings
    def check(self):
        if not self.settings.folder.is_dir():
            raise SystemUnreachable("the folder is not there", at=str(self.settings.folder), fix="make it")
    def close(self): pass
    def receive(self):
        self.check()
        for path in sorted(self.settings.folder.glob("*.letter")):
            def refuse(reason, path=path):
                path.rename(path.with_suffix(".refused")); path.with_suffix(".reason").write_text(reason)
            yield Inbound(path.read_bytes(), path.name, path.stem, {}, lambda path=path: path.unlink(missing_ok=True), refuse)
'''
COUNTERPART = """
import itertools, shutil
from connectors.letters import Letters, LinesSettings
from tests.connectors.contract import ReceiverContract

class Postbox:
    def __init__(self, folder): self.folder, self.count = folder / "post", itertools.count(1); self.folder.mkdir()
    def connector(self): return Letters(LinesSettings(folder=self.folder))
    def put(self, payload): (self.folder / f"{next(self.count):05}.letter").write_bytes(payload)
    def refusals(self): return [path.read_text() for path in self.folder.glob("*.reason")]
    def vanish(self): shutil.rmtree(self.folder)

class TestLetters(ReceiverContract):
    def counterpart(self, tmp_path): return Postbox(tmp_path)
"""
BESIDE = "import connectors\nconnectors.__path__.append({!r})\n"
"""Stands for the file lying in ``connectors/``, where the repository must not be touched by a test."""


def test_a_new_transport_is_one_file_and_two_lines_of_test(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "letters.py").write_text(TRANSPORT, "utf-8")
    (tmp_path / "conftest.py").write_text(BESIDE.format(str(tmp_path / "more")), "utf-8")
    (tmp_path / "test_letters.py").write_text(COUNTERPART, "utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_letters.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "11 passed" in done.stdout
    found = "from hub.plugins import receivers; assert receivers()['letters'].__name__ == 'Letters'"
    subprocess.run([sys.executable, "-c", BESIDE.format(str(tmp_path / "more")) + found], env=environment(), cwd=tmp_path, check=True)


# ---- an IDoc type


def export(fields: list[tuple[str, int]]) -> str:
    """A parser export (WE60) of a type with one segment."""
    head = "BEGIN_SEGMENT_SECTION\nBEGIN_IDOC ZSHOP01\nBEGIN_SEGMENT Z2SHOP000\nSEGMENTTYPE Z1SHOP\nLEVEL 01\nSTATUS MANDATORY\n"
    lines, first = [], 64
    for name, length in fields:
        lines += [f"NAME {name}", f"TEXT {name}", "TYPE CHARACTER", f"LENGTH {length:06d}", f"CHARACTER_FIRST {first:06d}"]
        first += length
    return (
        head
        + "LOOPMIN 0000000001\nLOOPMAX 0000000009\nBEGIN_FIELDS\n"
        + "\n".join(lines)
        + "\nEND_FIELDS\nEND_SEGMENT\nEND_IDOC\nEND_SEGMENT_SECTION\n"
    )


def shop(docnum: str) -> bytes:
    control = {0: "EDI_DC40", 10: "400", 13: docnum, 39: "ZSHOP01", 99: "ZSHOP", 162: "SAP"}
    line = ""
    for at, word in control.items():
        line = line.ljust(at) + word
    return f"{line:<524}\n{'Z2SHOP000':<30}400{docnum}{1:06}{0:06}01{'0000004711':<10}{'示例小店':<20}\n".encode()


SHOP_YAML = """\
mapping: shop
source: {format: idoc, type: ZSHOP01}
target: party/1
key: [Z1SHOP.KUNNR | strip0]
map: {code: Z1SHOP.KUNNR | strip0, name: Z1SHOP.NAME, tier: "'store'"}
examples: [{given: shop.idoc, gives: shop.json}]
"""
SAP_YAML = """\
hub: {store: "sqlite:///hub.db", folders: {mappings: [maps]}}
systems:
  sap:
    party: HQ
    in: [{connector: file_drop, folder: "$FOLDER/drop", stable_seconds: 0, routes: {DEBMAS07/DEBMAS: sap/debmas07.party$ROUTE}}]
"""


def configure(folder: Path, route: str = "") -> None:
    (folder / "hub.yaml").write_text(SAP_YAML.replace("$FOLDER", str(folder)).replace("$ROUTE", route), "utf-8")


def work(folder: Path) -> None:
    """A hub over the folder takes what lies there and works until nothing is left."""
    made = build(folder / "hub.yaml")
    for door, connector in made.inward.values():
        for inbound in connector.receive():
            made.flow.receive(inbound, door)
    made.flow.settle()
    made.close()


def names(rows: list[dict[str, Any]]) -> list[str]:
    """Fields of the shop's segment."""
    return [field["name"] for row in rows if row.get("name") == "Z1SHOP" for field in row["fields"]]


def test_a_new_idoc_type_is_one_upload_and_then_one_mapping(tmp_path: Path) -> None:
    for name in ("drop", "maps"):
        (tmp_path / name).mkdir()
    configure(tmp_path)
    (tmp_path / "zshop01.txt").write_text(export([("KUNNR", 10), ("NAME", 20)]), "utf-8")
    raw = tmp_path / "shop.idoc"
    raw.write_bytes(shop("0000000000000001"))
    assert names(hub(tmp_path, "read", "shop.idoc", "--records")) == ["SDATA"]
    assert names(hub(tmp_path, "read", "shop.idoc", "--records", "--definitions", "zshop01.txt")) == ["KUNNR", "NAME"]
    (tmp_path / "drop" / "a.txt").write_bytes(raw.read_bytes())
    work(tmp_path)
    assert {row["cause"] for row in hub(tmp_path, "holds")} <= {"no_route", "unreadable"}
    assert len(hub(tmp_path, "holds")) == 1
    hub(tmp_path, "definitions", "add", "zshop01.txt")
    (tmp_path / "maps" / "shop.yaml").write_text(SHOP_YAML, "utf-8")
    (tmp_path / "maps" / "shop.idoc").write_bytes(raw.read_bytes())
    (tmp_path / "maps" / "shop.json").write_text('{"code": "4711", "name": "示例小店", "tier": "store"}', "utf-8")
    configure(tmp_path, ", ZSHOP01/ZSHOP: shop")
    hub(tmp_path, "map", "test", "shop")
    (tmp_path / "drop" / "b.txt").write_bytes(shop("0000000000000002").replace(b"4711", b"4712"))
    work(tmp_path)
    assert hub(tmp_path, "holds") == []
    for message in ("1", "2"):
        assert hub(tmp_path, "message", message)[0]["states"] == {"applied": 1}
    assert not list(tmp_path.rglob("*.py"))
