"""Numbers and codes travel through every room unchanged, or are refused by name.

Quantities and amounts: IDoc -> canonical -> the order service's tables -> X12. Codes that tools like to take for something
else (NO, 012, 1_000, on, null and the empty code): CSV import -> look-up in a mapping -> reverse -> CSV export.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from hub.cli.app import app
from hub.codebook.lines import LineBook, parse_csv
from hub.plugins import formats
from hub.simulate import idocs, sets
from hub.simulate.goods import ARTICLES, CHAIN, STORE_JS, codes_csv
from hub.simulate.idocs import Idoc, Segment
from hub.simulate.orders import Line, Order
from mappings.language import bind, parse
from tests.mappings.language.tables import CONTEXT
from tests.proofs.hubs import DAY, HUB_YAML, World, stock_report, world

QUANTITIES = ("123456.789012", "0.000001", "9000000000000", "7.50")
PRICES = ("99999999999999.99", "0.01", "1234567.89")
STOCK = 9_199_999_999_999


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("values"))
    made.stock()
    made.give("wms-3pl", "stock", stock_report("ST-1", STOCK).replace(b"T00:30", b"T01:30"))
    return made


def idoc_of(number: str, quantity: str, price: str, control: int) -> bytes:
    """An order of a chain by way of SAP, one line, with the texts as they are given."""
    order = Order(number, DAY, CHAIN, STORE_JS, (Line("000010", ARTICLES[0], 1, case=False),))
    made = idocs.purchase_order(control, order)
    *head, line = made.segments
    fields = {**line.fields, "MENGE": quantity, "VPREI": price}
    return idocs.xml(Idoc(control, made.basic, made.message, (*head, Segment(line.name, fields, line.children))))


def plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


@pytest.mark.parametrize(("index", "quantity"), list(enumerate(QUANTITIES)))
def test_quantities_arrive_as_they_were_sent(hub: World, index: int, quantity: str) -> None:
    number = f"Q-{index}"
    seq = hub.give("sap-hq", "files", idoc_of(number, quantity, "1.00", 7_000 + index))
    assert hub.message(seq)["states"] == {"applied": 1}, hub.message(seq)["documents"][0].get("holds")
    assert hub.body(seq)["lines"][0]["quantity"] == {"value": quantity, "unit": "EA"}
    assert hub.body(seq)["lines"][0]["base_quantity"] == {"value": quantity, "unit": "EA"}
    with hub.hub.store.read() as connection:
        query = "select l.quantity, l.ordered from order_lines l join orders o on o.key = l.order_key where o.number = :number"
        row = connection.execute(text(query), {"number": number}).one()
    assert [f"{value // 10**6}.{value % 10**6:06}" for value in row] == [f"{float_free(quantity)}"] * 2
    [confirmation] = [one for one in (sets.read(raw)[0] for raw in hub.written("855")) if one.first("BAK")[3] == number]
    assert confirmation.first("PO1")[2] == plain(quantity)
    assert confirmation.first("ACK")[2] == plain(quantity)


def float_free(number: str) -> str:
    """A decimal text with exactly six decimals."""
    whole, _, part = number.partition(".")
    return f"{whole}.{part:0<6}"


@pytest.mark.parametrize(("index", "price"), list(enumerate(PRICES)))
def test_amounts_arrive_as_they_were_sent(hub: World, index: int, price: str) -> None:
    number = f"A-{index}"
    seq = hub.give("sap-hq", "files", idoc_of(number, "1.000", price, 8_000 + index))
    assert hub.message(seq)["states"] == {"applied": 1}, hub.message(seq)["documents"][0].get("holds")
    assert hub.body(seq)["lines"][0]["price"]["amount"] == price
    [confirmation] = [one for one in (sets.read(raw)[0] for raw in hub.written("855")) if one.first("BAK")[3] == number]
    assert confirmation.first("PO1")[4] == price


@pytest.mark.parametrize(
    ("quantity", "price", "named"),
    [
        ("9300000000000", "1.00", "9300000000000"),
        ("0.0000001", "1.00", "0.0000001"),
        ("12345678901234567890", "1.00", "12345678901234567890"),
        ("1.000", "100000000000000000.00", "100000000000000000.00"),
        ("1E3", "1.00", "1E3"),
        ("NaN", "1.00", "NaN"),
        ("1,5", "1.00", "1,5"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(hub: World, quantity: str, price: str, named: str) -> None:
    number = f"R-{quantity}-{price}"
    seq = hub.give("sap-hq", "files", idoc_of(number, quantity, price, 9_000 + int.from_bytes(number.encode()) % 9_999))
    [document] = hub.message(seq)["documents"]
    holds = document["holds"]
    assert {hold["cause"] for hold in holds} == {"invalid_value"}
    assert any(named in hold["fact"] or hold.get("value") == named for hold in holds), holds
    assert all(hold["fix"] for hold in holds)


# ---- codes

ODD = ("NO", "012", "12", "1_000", "1000", "on", "ON", "null", "~", "true", "1e3", "")
CSV_HEAD = "table,code_set,code,context,canonical,level,preferred"

READS = """mapping: proof/codes
source: {format: delimited, type: proof, group: n}
target: party/1
key: [n]
map: {code: n, name: code | code(party)}
examples: [{given: a, gives: b}]
"""
WRITES = """mapping: proof/answer
source: {format: canonical, type: party/1}
target: {format: delimited, type: proof.out, columns: [n, code]}
map: {row: [{n: code, code: name | code_out(party)}]}
examples: [{given: a, gives: b}]
"""


def test_odd_codes_survive_import_mapping_reverse_and_export(tmp_path: Path) -> None:
    rows = [f'party,NO,"{code}",,P{n},,1' for n, code in enumerate(ODD)]
    (tmp_path / "codes.csv").write_text("\n".join([CSV_HEAD, *rows]) + "\n", "utf-8")
    with world(tmp_path) as hub:
        words = ("--config", str(hub.file))
        assert CliRunner().invoke(app, ["codes", "import", str(tmp_path / "codes.csv"), *words]).exit_code == 0
        assert CliRunner().invoke(app, ["codes", "set", "party", "NO", "off", "POFF", "--preferred", *words]).exit_code == 0
        assert CliRunner().invoke(app, ["codes", "export", str(tmp_path / "out.csv"), *words]).exit_code == 0
    lines = [line for line in parse_csv((tmp_path / "out.csv").read_text("utf-8")) if line.code_set == "NO"]
    assert {(line.code, line.canonical) for line in lines} == {*((code, f"P{n}") for n, code in enumerate(ODD)), ("off", "POFF")}
    codes = LineBook(lines).for_code_set("NO")
    known = formats()
    table = ("n,code\r\n" + "".join(f'{n},"{code}"\r\n' for n, code in enumerate(ODD))).encode()
    inward, outward = parse(READS, "reads.yaml"), parse(WRITES, "writes.yaml")
    for n, document in enumerate(known["delimited"].read(table, type="proof", group="n", charset="utf-8")):
        body = bind(inward, document.layout).row(document, codes, CONTEXT).body
        assert body == {"code": str(n), "name": f"P{n}"}, ODD[n]
        [again] = known["canonical"].read(json.dumps(body).encode(), type="party/1")
        tree = bind(outward, again.layout).row(again, codes, CONTEXT).body
        assert tree == {"row": [{"n": str(n), "code": ODD[n]}]}


def test_an_imported_export_is_the_same_export(tmp_path: Path) -> None:
    rows = [f'party,{name},"{code}",,"{code}-{n}",,1' for n, code in enumerate(ODD) for name in ("on", "null")]
    text = codes_csv() + "".join(f"{row}\n" for row in rows)
    exports = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with world(tmp_path / name, codes=text) as hub:
            file = tmp_path / f"{name}.csv"
            assert CliRunner().invoke(app, ["codes", "export", str(file), "--config", str(hub.file)]).exit_code == 0
            text = file.read_text("utf-8")
            exports.append(text)
    assert exports[0] == exports[1]


def test_words_of_the_configuration_are_texts(tmp_path: Path) -> None:
    config = HUB_YAML.replace("party: AG-JS", "party: 012\n    codes: NO").replace("party: AG-ZJ", "party: 1_000\n    codes: on")
    with world(tmp_path, config) as hub:
        systems = hub.hub.config.systems
        assert (systems["agent-js"].party, systems["agent-js"].codes) == ("012", "NO")
        assert (systems["agent-zj"].party, systems["agent-zj"].codes) == ("1_000", "on")
