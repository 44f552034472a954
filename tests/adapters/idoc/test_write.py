"""The writer: order, numbers, control record, refusals by name; and the way round of every clean message."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.idoc import IdocFormat
from adapters.idoc.style import style_of_document, tree_of
from canonical_model.problems import Hold, Misconfigured
from tests.adapters.idoc.support import one, sample_definitions, shipped_format, values
from tests.samples import SAMPLES, need_samples

ASSIGNED = {"DOCNUM": "0000000000000042", "MANDT": "400", "SNDPRN": "HUB", "RCVPRN": "SAPHQ", "CREDAT": "20261125", "CRETIM": "120000"}
TREE: dict[str, Any] = {
    "E1EDP01": [
        {"E1EDP19": [{"QUALF": "002", "IDTNR": "A-1"}, {"IDTNR": "4006381333931", "QUALF": "003"}], "MENGE": "12.000", "POSEX": "10"},
        {"POSEX": "20", "E1EDP20": {"WMENG": "1.000"}},
    ],
    "E1EDK01": {"CURCY": "CNY", "BELNR": "4711", "ACTION": None, "HWAER": ""},
    "E1EDKA1": [{"PARVW": "AG", "NAME1": "甲 & 乙 <丙>"}],
}


def written(tree: dict[str, Any] = TREE, type: str = "ORDERS05/ORDRSP", **options: Any) -> bytes:
    return shipped_format().write([tree], type=type, assigned=ASSIGNED, **options).payload


def test_flat_records_follow_the_definition_and_are_numbered() -> None:
    lines = written().decode().split("\n")
    assert [len(line) for line in lines] == [524, *[1063] * 7, 0]
    assert lines[0].startswith("EDI_DC40  4000000000000000042")
    assert [(line[:10], line[30:49], line[49:55], line[55:61], line[61:63]) for line in lines[1:-1]] == [
        ("E2EDK01005", "4000000000000000042", "000001", "000000", "01"),
        ("E2EDKA1003", "4000000000000000042", "000002", "000000", "02"),
        ("E2EDP01011", "4000000000000000042", "000003", "000000", "02"),
        ("E2EDP19003", "4000000000000000042", "000004", "000003", "03"),
        ("E2EDP19003", "4000000000000000042", "000005", "000003", "03"),
        ("E2EDP01011", "4000000000000000042", "000006", "000000", "02"),
        ("E2EDP20002", "4000000000000000042", "000007", "000006", "03"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"newline": ""},
        {"newline": "\r\n", "trim": "blanks"},
        {"trim": "definition", "last_newline": False},
        {"charset": "gbk"},
        {"charset": "gbk", "count": "bytes", "trim": "blanks"},
        {"charset": "utf-16-le", "bom": True},
        {"form": "xml"},
        {"form": "xml", "charset": "gbk", "indent": ""},
        {"form": "xml", "charset": "utf-16-le", "bom": True, "indent": "\t", "newline": "\r\n", "root": "ZROOT"},
        {"form": "xml", "declaration": False},
    ],
)
def test_what_is_written_is_read_back(options: dict[str, Any]) -> None:
    raw = written(**options)
    said = {name: options[name] for name in ("charset", "count") if name in options and not options.get("bom")}
    document = one(raw, **said)
    assert values(document) == {
        "E1EDK01[1].CURCY": "CNY",
        "E1EDK01[1].BELNR": "4711",
        "E1EDKA1[1].PARVW": "AG",
        "E1EDKA1[1].NAME1": "甲 & 乙 <丙>",
        "E1EDP01[1].POSEX": "10",
        "E1EDP01[1].MENGE": "12.000",
        "E1EDP01[1]/E1EDP19[1].QUALF": "002",
        "E1EDP01[1]/E1EDP19[1].IDTNR": "A-1",
        "E1EDP01[1]/E1EDP19[2].QUALF": "003",
        "E1EDP01[1]/E1EDP19[2].IDTNR": "4006381333931",
        "E1EDP01[2].POSEX": "20",
        "E1EDP01[2]/E1EDP20[1].WMENG": "1.000",
    }
    assert document.control == {"TABNAM": "EDI_DC40", "DIRECT": "2", "IDOCTYP": "ORDERS05", "MESTYP": "ORDRSP", **ASSIGNED}
    assert written(**options) == raw


def test_several_trees_make_one_packet() -> None:
    assigned = {**ASSIGNED, "DOCNUM.2": "0000000000000043"}
    payload = shipped_format().write([TREE, TREE], type="ORDERS05/ORDRSP", assigned=assigned, form="xml").payload
    assert [document.technical for document in shipped_format().read(payload)] == [
        ("idoc", "400", "HUB", "0000000000000042"),
        ("idoc", "400", "HUB", "0000000000000043"),
    ]


def test_every_value_that_cannot_be_said_is_told_at_once() -> None:
    tree = {
        "E1EDK01": {"CURCY": "EURO", "NOPE": "1", "BELNR": 4711},
        "E1EDKA1": [{"PARVW": "AG", "NAME1": "3 m³"}, {"PARVW": "A\n"}],
        "E1NONE": {"A": "1"},
        "E1EDP01": ["text"],
    }
    with pytest.raises(Hold) as caught:
        written(tree, charset="gbk")
    assert [(problem.cause.value, problem.key, problem.source) for problem in caught.value.problems] == [
        ("invalid_value", "idoc:E1EDK01:CURCY", "E1EDK01[1].CURCY"),
        ("mapping_error", "idoc:E1EDK01:BELNR", "E1EDK01[1].BELNR"),
        ("mapping_error", "idoc:E1EDK01:NOPE", "E1EDK01[1].NOPE"),
        ("invalid_value", "idoc:E1EDKA1:NAME1", "E1EDKA1[1].NAME1"),
        ("invalid_value", "idoc:E1EDKA1:PARVW", "E1EDKA1[2].PARVW"),
        ("mapping_error", "idoc:E1EDP01:", "E1EDP01[1]"),
        ("mapping_error", "idoc:E1NONE:", "E1NONE"),
    ]
    assert "'³'" in caught.value.problems[3].fact


def test_lengths_count_bytes_where_the_receiver_does() -> None:
    tree = {"E1EDK01": {"CURCY": "CNY"}, "E1EDKA1": {"NAME1": "一二三四五六七八九十一二三四五六七八"}}
    assert written(tree, charset="gbk")
    with pytest.raises(Hold, match="36 bytes, the field holds 35"):
        written(tree, charset="gbk", count="bytes")


@pytest.mark.parametrize(
    ("type", "options", "fact"),
    [
        ("NOPE01/X", {}, "no definition of IDoc type NOPE01"),
        ("ORDERS05", {}, "no message type"),
        ("ORDERS05/ORDRSP", {"form": "json"}, "form 'json' is not known"),
        ("ORDERS05/ORDRSP", {"colour": "red"}, "option 'colour'"),
        ("ORDERS05/ORDRSP", {"charset": "klingon"}, "charset"),
    ],
)
def test_wrong_settings_are_misconfigured(type: str, options: dict[str, Any], fact: str) -> None:
    with pytest.raises(Misconfigured, match=fact):
        written(type=type, **options)


OWN = [
    "idoc_flat/own_delvry07_batches_sscc.txt",
    "idoc_flat/own_invoic02_two_lines.txt",
    "idoc_flat/own_matmas05_units.txt",
    "idoc_flat/own_orders05_three_lines.txt",
    "idoc_flat/own_zhubord05_extension.txt",
    "idoc_xml/own_delvry07_batches_sscc.xml",
    "idoc_xml/own_invoic02_two_lines.xml",
    "idoc_xml/own_matmas05_units.xml",
    "idoc_xml/own_orders05_three_lines.xml",
    "idoc_xml/own_zhubord05_extension.xml",
]


@need_samples
@pytest.mark.parametrize("name", OWN)
def test_clean_messages_are_written_again_byte_for_byte(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    format = IdocFormat(sample_definitions())
    document: Any = one(raw, format)
    again = format.write([tree_of(document)], type=document.types[0], assigned={}, **style_of_document(document))
    assert again.payload == raw


@need_samples
@pytest.mark.parametrize("name", [name for name in OWN if "flat" in name])
def test_one_form_is_written_as_the_other(name: str) -> None:
    format = IdocFormat(sample_definitions())
    flat: Any = one((SAMPLES / name).read_bytes(), format)
    xml: Any = one((SAMPLES / name.replace("flat", "xml").replace(".txt", ".xml")).read_bytes(), format)
    as_xml = format.write([tree_of(flat)], type=flat.types[0], assigned={}, **style_of_document(xml)).payload
    as_flat = format.write([tree_of(xml)], type=xml.types[0], assigned={}, **style_of_document(flat)).payload
    assert (as_xml, as_flat) == (xml.raw, flat.raw)
