"""The language over the real formats: paths, pairs, groups, envelopes, both directions; engines agree on each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Document, apply_steps
from adapters.delimited import DelimitedFormat
from adapters.idoc import IdocFormat, by_name, load_definition
from adapters.json_document import CanonicalFormat, JsonFormat
from adapters.x12 import X12
from canonical_model.places import Bytes
from mappings.language import bind, parse, sources_of
from mappings.language.api import Result
from mappings.language.example_codes import ExampleCodes
from tests.mappings.language.run import leaves
from tests.mappings.language.tables import CONTEXT

GRAMMARS = Path(__file__).parents[3] / "adapters" / "grammars"
CODES = ExampleCodes({table: {"*": "*"} for table in ("unit", "party", "item", "pack")}, "shop")

X12_850 = (
    b"ISA*00*          *00*          *ZZ*BUYER          *ZZ*HUB            *261125*0830*U*00401*000000007*0*P*>~"
    b"GS*PO*BUYER*HUB*20261125*0830*7*X*004010~"
    b"ST*850*0001~BEG*00*SA*PO-1**20261125~N1*BY*Shop*92*S01~N1*ST*Store*92*S02~PO1*1*12*EA*9.5**UP*012345678905*VN*A-7~PID*F****Cola~"
    b"PO1*2*3*CS*99**VN*B-8~CTT*2~SE*9*0001~GE*1*7~IEA*1*000000007~"
)


@cache
def formats() -> dict[str, Any]:
    definitions = by_name(load_definition(path.read_text(encoding="utf-8")) for path in sorted((GRAMMARS / "idoc").glob("*.txt")))
    grammars = {path.name: path.read_text(encoding="utf-8") for path in sorted((GRAMMARS / "x12").glob("*.x12"))}
    return {
        "idoc": IdocFormat(definitions),
        "x12": X12(grammars),
        "delimited": DelimitedFormat(),
        "json": JsonFormat(),
        "canonical": CanonicalFormat(),
    }


def translate(text: str, raw: bytes) -> Iterator[tuple[Document, Result]]:
    """Each document with its result; engines must agree, and every source must give its text from the raw bytes."""
    mapping = parse(text + "examples: [{given: a, gives: b}]\n", "x.yaml")
    format = formats()[mapping.source.format]
    for document in (
        format.read(raw, type=mapping.source.type, **mapping.source.options) if mapping.source.format != "idoc" else format.read(raw)
    ):
        bound = bind(mapping, document.layout)
        row, traced = bound.row(document, CODES, CONTEXT), bound.trace(document, CODES, CONTEXT)
        assert row == traced.result
        if row.body is not None:
            assert set(traced.leaves) == {pointer for pointer, _ in leaves(row.body, "")}
        for leaf in traced.leaves.values():
            for one in sources_of(leaf):
                assert one.source is not None
                assert isinstance(one.source.place, Bytes)
                assert apply_steps(raw[one.source.place.start : one.source.place.end], one.source.steps) == one.source.text
        yield document, row


def test_x12_pairs_loops_and_envelope() -> None:
    text = """mapping: x
source: {format: x12, type: '850'}
target: order/1
map:
  number: BEG.BEG03
  from: GS.GS02
  buyer: "N1[N101=BY].N104"
  lines:
    $each: PO1
    id: PO101
    control: ISA.ISA13
    gtin: "PAIR[Q in (UP, UK)].V | gtin ?"
    own: PAIR[Q=VN].V
    text: PID.PID05 ?
    price: PO104 | price(unit=PO103, currency=(CUR.CUR02 | default('USD')))
"""
    ((_, row),) = translate(text, X12_850)
    assert row.problems == ()
    assert row.body is not None
    assert row.body["buyer"] == "S01"
    assert row.body["lines"] == [
        {"id": "1", "control": "000000007", "gtin": "00012345678905", "own": "A-7", "text": "Cola",
         "price": {"amount": "9.5", "currency": "USD", "per": {"value": "1", "unit": "EA"}}},
        {"id": "2", "control": "000000007", "own": "B-8", "price": {"amount": "99", "currency": "USD",
                                             "per": {"value": "1", "unit": "CS"}}},
    ]  # fmt: skip


def test_x12_errors_name_segment_and_place() -> None:
    head = "mapping: x\nsource: {format: x12, type: '850'}\ntarget: order/1\n"
    text = f"{head}map:\n  a: N1.N104\n  b: CUR.CUR02\n  c: {{$each: PO1, d: PO102 | gln}}\n"
    ((_, row),) = translate(text, X12_850)
    facts = [problem.fact for problem in row.problems]
    assert facts[:2] == ["2 records match N1.N104 where one is wanted", "CUR.CUR02 is absent"]
    assert [X12_850[p.place.start : p.place.end] for p in row.problems if isinstance(p.place, Bytes)][2:] == [b"12", b"3"]


def test_delimited_groups_with_chinese_headings() -> None:
    text = """mapping: d
source: {format: delimited, type: kd.order, group: 单据编号}
target: order/1
key: [往来单位编号, 单据编号]
map:
  number: 单据编号
  lines: {$each: row, id: 行号, quantity: "数量 | quantity(单位)", note: "\\"备注(选填)\\" ?"}
"""
    raw = "单据编号,往来单位编号,行号,数量,单位,备注(选填)\nD1,K1,1,2.0,EA,\nD1,K1,2,3,CS,急\nD2,K1,1,x,EA,\n".encode()
    (_, first), (_, second) = translate(text, raw)
    assert first.body == {
        "number": "D1",
        "lines": [
            {"id": "1", "quantity": {"value": "2.0", "unit": "EA"}},
            {"id": "2", "quantity": {"value": "3", "unit": "CS"}, "note": "急"},
        ],
    }
    assert [(problem.value, problem.target) for problem in second.problems] == [("x", "/lines/0/quantity")]


def test_json_lists_objects_and_empty_texts() -> None:
    text = """mapping: j
source: {format: json, type: wms}
target: order/1
map:
  number: order.no
  note: order.note
  tags: {$each: tags, tag: .}
  lines: {$each: order.lines, id: id, code: item.code, n: n | decimal}
"""
    raw = b'{"order":{"no":"7","note":"","lines":[{"id":1,"item":{"code":"A"},"n":1.50},{"id":2,"item":{},"n":2}]},"tags":["x","y"]}'
    ((_, row),) = translate(text, raw)
    assert [(problem.fact, problem.target) for problem in row.problems] == [("item.code is absent", "/lines/1/code")]
    ((_, row),) = translate(text, raw.replace(b'"item":{}', b'"item":{"code":"B"}'))
    assert row.body is not None
    assert row.body["note"] == ""
    assert row.body["tags"] == [{"tag": "x"}, {"tag": "y"}]
    assert [line["n"] for line in row.body["lines"]] == ["1.50", "2"]


def test_idoc_out_is_a_tree_of_texts() -> None:
    text = """mapping: o
source: {format: canonical, type: order_response/1}
target: {format: idoc, type: ORDERS05}
map:
  E1EDK01: {BELNR: number, ACTION: "status | choose(accepted='000', rejected='003')"}
  E1EDKA1:
    - {PARVW: 'AG', PARTN: "buyer.given[scheme='shop:party'].code"}
    - {$with: ship_to ?, PARVW: 'WE', PARTN: party}
  E1EDP01:
    $each: lines
    POSEX: id
    MENGE: quantity.value | fixed(3)
    E1EDP19: {$each: 'item.given[scheme != gtin]', QUALF: '001', IDTNR: code}
"""
    body = (
        b'{"number":"PO","status":"accepted","buyer":{"party":"P","given":[{"scheme":"shop:party","code":"S01"}]},'
        b'"lines":[{"id":"10","quantity":{"value":"2","unit":"EA"},"item":{"id":"x","given":[{"scheme":"shop:item","code":"A"},{"scheme":"gtin","code":"1"}]}}]}'
    )
    ((_, row),) = translate(text, body)
    assert row.body == {
        "E1EDK01": {"BELNR": "PO", "ACTION": "000"},
        "E1EDKA1": [{"PARVW": "AG", "PARTN": "S01"}],
        "E1EDP01": [{"POSEX": "10", "MENGE": "2.000", "E1EDP19": [{"QUALF": "001", "IDTNR": "A"}]}],
    }


@pytest.mark.parametrize("form", ["flat", "xml"])
def test_idoc_orders(form: str) -> None:
    text = """mapping: i
source: {format: idoc, type: ORDERS05}
target: order/1
map:
  number: E1EDK02[QUALF=001].BELNR
  doc: EDI_DC40.DOCNUM | strip0
  lines: {$each: E1EDP01, id: POSEX, item: "E1EDP19[QUALF=002].IDTNR | item(unit=MENEE)", cur: E1EDK01.CURCY}
"""
    trees = [{"E1EDK01": {"CURCY": "CNY"}, "E1EDK02": [{"QUALF": "001", "BELNR": "PO"}, {"QUALF": "002", "BELNR": "SO"}],
              "E1EDP01": [{"POSEX": "10", "MENEE": "PCE", "E1EDP19": [{"QUALF": "002", "IDTNR": "4711"}]}]}]  # fmt: skip
    assigned = {"DOCNUM": "7", "CREDAT": "20261125", "CRETIM": "083000", "SNDPRN": "A", "RCVPRN": "B", "SNDPRT": "LS", "RCVPRT": "LS"}
    raw = formats()["idoc"].write(trees, type="ORDERS05/ORDERS", assigned=assigned, form=form).payload
    ((document, row),) = translate(text, raw)
    assert row.problems == ()
    assert row.body == {
        "number": "PO", "doc": "7",
        "lines": [{"id": "10", "item": {"id": "shop:4711", "level": "PCE", "given": [{"scheme": "shop:item", "code": "4711"}]},
                   "cur": "CNY"}],
    }  # fmt: skip
    assert document.layout.format == "idoc"
