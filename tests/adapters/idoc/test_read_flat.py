"""Flat IDocs in every wrapping: one content, one answer, and what is odd is reported."""

from __future__ import annotations

import mmap
import tempfile
from typing import Any

import pytest

from adapters.base import Slice, apply_steps
from adapters.idoc import IdocFormat, load_definition
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable
from tests.adapters.idoc.support import codes, control, data, joined, nodes, one, shipped_format, small_order, values

CLEAN = values(one(joined(small_order())))


def wrapped() -> dict[str, bytes]:
    records = small_order()
    trimmed = [record.rstrip() for record in records]
    return {
        "lf": joined(records),
        "crlf": joined(records, "\r\n") + b"\r\n",
        "cr": joined(records, "\r"),
        "mixed": b"\n".join([joined(records[:3], "\r\n"), joined(records[3:5], "\r"), joined(records[5:])]),
        "none": joined(records, ""),
        "trimmed": joined(trimmed),
        "blank lines": joined(["", *records, "", "  "], "\r\n"),
        "bom": b"\xef\xbb\xbf" + joined(records),
        "utf-16": "\n".join(records).encode("utf-16"),
        "utf-16-le without mark": "\n".join(records).encode("utf-16-le"),
        "utf-16-be without mark": "\n".join(records).encode("utf-16-be"),
        "unnumbered": joined([record[:49] + "000   " + " " * 8 + record[63:] if at else record for at, record in enumerate(records)]),
        "no ids": joined([record[:30] + " " * 19 + record[49:] if at else record for at, record in enumerate(records)]),
        "unicode name": joined([records[0].replace("EDI_DC40  ", "EDI_DC40_U"), *records[1:]]),
    }


@pytest.mark.parametrize("name", wrapped())
def test_every_wrapping_gives_the_same_fields_at_their_bytes(name: str) -> None:
    raw = wrapped()[name]
    document = one(raw)
    assert values(document) == CLEAN
    for segment, node in nodes(document.root()):
        for field in document.layout.fields(segment):
            if source := document.source(node, segment, field):
                assert isinstance(source.place, Bytes)
                assert apply_steps(raw[source.place.start : source.place.end], source.steps) == source.text


def test_nesting_paths_and_row_nodes() -> None:
    document = one(joined(small_order()))
    data_, kids, _ = document.root(frozenset({"E1EDP19"}))
    assert data_ is None
    assert list(kids) == ["E1EDP01"]
    assert [[kid[0][63:].rstrip() for kid in item[1]["E1EDP19"]] for item in kids["E1EDP01"]] == [
        ["002ABC-1", "0039506000140445"],
        ["002ABC-2"],
    ]
    item = kids["E1EDP01"][1]
    assert document.path(item[1]["E1EDP19"][0]) == "E1EDP01[2]/E1EDP19[1]"
    where = document.where(item)
    assert isinstance(where, Bytes)
    assert document.raw[where.start : where.end].startswith(b"E2EDP01011")  # type: ignore[attr-defined]
    assert list(document.root(frozenset({"EDI_DC40"}))[1]) == ["EDI_DC40"]


def test_control_types_and_technical_id() -> None:
    document = one(joined([control(MESCOD="CAN", MESFCT="X"), *small_order()[1:]]))
    assert list(document.types) == ["ORDERS05/ORDERS/CAN/X", "ORDERS05/ORDERS/CAN", "ORDERS05/ORDERS"]
    assert document.technical == ("idoc", "800", "HQ", "0000000000225645")
    assert document.control["MESCOD"] == "CAN"
    assert "CIMTYP" not in document.control
    for blank in ("", "0000000000000000"):
        unnumbered = one(joined([control(DOCNUM=blank), *small_order()[1:]]))
        assert unnumbered.technical is None
        assert "idoc.no_number" in codes(unnumbered)


def test_several_idocs_in_one_file_with_and_without_line_ends() -> None:
    second = [control(DOCNUM="0000000000000002"), data("E2EDK01005", 1, 0, "000 EUR", "0000000000000002")]
    for newline in ("\n", ""):
        first, last = shipped_format().read(joined([*small_order(), *second], newline))
        assert (first.n, last.n) == (1, 2)
        assert values(first) == CLEAN
        assert values(last) == {"E1EDK01[1].ACTION": "000", "E1EDK01[1].CURCY": "EUR"}
        assert first.place.end == last.place.start


def test_a_packet_is_read_lazily_from_a_memory_map() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(joined(small_order()) + b"\n" + joined(small_order()) + b"\n" + b"x" * 100)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            documents = shipped_format().read(raw)  # type: ignore[arg-type]
            assert values(next(documents)) == CLEAN
            assert next(documents).technical == ("idoc", "800", "HQ", "0000000000225645")


def test_records_cut_to_the_definition_without_line_ends() -> None:
    definition = load_definition("idoc ORDERS05\nE1A E2A000 01 m 1..1\n X:4\nE1B E2B000 02 o 0..9\n Y:2 Z:3\n")
    raw = "".join([control(), data("E2A000", 1, 0, "1234")[:67], data("E2B000", 2, 0, "ab12")[:68], data("E2B000", 3, 0, "cd345")[:68]])
    document = one(raw.encode(), IdocFormat({"ORDERS05": definition}))
    assert values(document) == {
        "E1A[1].X": "1234",
        "E1B[1].Y": "ab",
        "E1B[1].Z": "12",
        "E1B[2].Y": "cd",
        "E1B[2].Z": "345",
    }


def test_unknown_segments_are_kept_below_what_their_number_names_and_reported_once() -> None:
    more = [
        data("Z2EXTRA001", 8, 6, "hello"),
        data("Z2EXTRA001", 9, 3, "world"),
        data("Z2MORE", 10, 8, "deep"),
        data("Z2TOP", 11, 0, "top"),
    ]
    document = one(joined(small_order(*more)))
    unknown = {record.path: record.fields[0].value for record in document.records() if not record.known}
    assert unknown == {
        "E1EDP01[2]/Z1EXTRA[1]": "hello",
        "E1EDP01[1]/Z1EXTRA[1]": "world",
        "E1EDP01[2]/Z1EXTRA[1]/Z1MORE[1]": "deep",
        "Z1TOP[1]": "top",
    }
    said = [finding.details["segment"] for finding in document.findings if finding.code == "idoc.unknown_segment"]
    assert said == ["Z1EXTRA", "Z1MORE", "Z1TOP"]
    assert values(document) == CLEAN


def test_findings_of_odd_records() -> None:
    assert "idoc.unknown_type" in codes(one(joined([control(IDOCTYP="53"), *small_order()[1:]])))
    assert "idoc.extension_unknown" in codes(one(joined([control(CIMTYP="ZEXT"), *small_order()[1:]])))
    assert "idoc.parent_missing" in codes(one(joined([control(), data("E2EDP19003", 1, 0, "002ABC")])))
    assert "idoc.number_differs" in codes(one(joined(small_order(data("E2EDS01", 8, 0, "002", "0000000000000009")))))
    assert "idoc.segment_longer" in codes(one(joined(small_order(data("E2EDS01", 8, 0, "002" + "x" * 60)))))
    assert "idoc.leading_bytes" in codes(one(b"junk\n" + joined(small_order())))
    assert "idoc.numbering_blank" in codes(one(wrapped()["unnumbered"]))
    assert codes(one(joined(small_order()))) == set()


def test_workflow_text_in_the_control_record_is_kept() -> None:
    document = one(joined([control(ARCKEY="workflow-ID: 4711"), *small_order()[1:]]))
    assert document.control["ARCKEY"] == "workflow-ID: 4711"


def chinese(charset: str, in_bytes: bool, name: str) -> bytes:
    """One record with NAME1 = name at 37+35 and PSTLZ at 326+9, its widths counted in bytes or characters."""
    record = data("E2EDKA1003", 1, 0, "AG 4711             V-1".ljust(37) + " " * 35 + " " * 254 + "100000".ljust(9))
    head, tail = record[: 63 + 37], record[63 + 72 :]
    value = name.encode(charset)[:35].ljust(35) if in_bytes else name.ljust(35).encode(charset)
    return control().encode() + b"\n" + head.encode() + value + tail.encode() + b"\n"


@pytest.mark.parametrize("charset", ["gbk", "gb18030", "utf-8"])
@pytest.mark.parametrize("in_bytes", [True, False])
@pytest.mark.parametrize("declared", [True, False])
def test_chinese_counted_in_bytes_or_characters(charset: str, in_bytes: bool, declared: bool) -> None:
    raw = chinese(charset, in_bytes, "上海某某贸易有限公司")
    options: dict[str, Any] = {"charset": charset, "count": "bytes" if in_bytes else "characters"} if declared else {}
    document = one(raw, **options)
    found = values(document)
    assert found["E1EDKA1[1].NAME1"] == "上海某某贸易有限公司"
    assert found["E1EDKA1[1].PSTLZ"] == "100000"
    node = document.root(frozenset({"E1EDKA1"}))[1]["E1EDKA1"][0]
    source = document.source(node, "E1EDKA1", "PSTLZ")
    assert source is not None
    assert isinstance(source.place, Bytes)
    assert raw[source.place.start : source.place.end] == b"100000"


def test_the_chance_length_of_a_trimmed_record_decides_nothing() -> None:
    definition = load_definition("idoc ORDERS05\nE1A E2A 01 m 1..1\n X:1 Y:2\n")
    raw = f"{control()}\n{data('E2A', 1, 0, '中').rstrip()}".encode()
    assert values(one(raw, IdocFormat({"ORDERS05": definition}))) == {"E1A[1].X": "中"}


def test_half_a_character_at_a_fields_end_is_left_out_and_reported() -> None:
    name = "一二三四五六七八九十一二三四五六七八"
    raw = chinese("gbk", True, name)
    document = one(raw, charset="gbk", count="bytes")
    node = document.root(frozenset({"E1EDKA1"}))[1]["E1EDKA1"][0]
    source = document.source(node, "E1EDKA1", "NAME1")
    assert source is not None
    assert source.text == name[:17]
    assert isinstance(source.place, Bytes)
    assert apply_steps(raw[source.place.start : source.place.end], source.steps) == name[:17]
    assert "idoc.cut_character" in codes(document)
    assert document.layout.access("E1EDKA1", "NAME1") == Slice(100, 35, "gb18030")
    assert node[0][100:135].decode("gbk").rstrip() == name[:17]


@pytest.mark.parametrize(
    ("raw", "options", "key"),
    [
        (b"", {}, "idoc:empty"),
        (b"hello world", {}, "idoc:no_document"),
        (b"EDI_DC    800" + b" " * 500, {}, "idoc:port_version"),
        (control().encode() + b"\nE2EDK01005 \xff\xff\xff", {}, "idoc:charset"),
        (joined(small_order()).replace(b"Shop", b"\xc9\xcf\xba"), {"charset": "utf-8"}, "idoc:charset"),
        (b"\xef\xbb\xbf" + joined(small_order()), {"charset": "gbk"}, "idoc:charset"),
        (b"\xef\xbb\xbf" + joined(small_order()) + b"\xff", {}, "idoc:charset"),
        (chinese("gbk", True, "上海").replace("上".encode("gbk"), b"\xff\xff"), {"charset": "gbk", "count": "bytes"}, "idoc:charset"),
    ],
)
def test_what_cannot_be_read_is_held_with_a_key(raw: bytes, options: dict[str, str], key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        list(shipped_format().read(raw, **options))
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.place is not None
    assert problem.fix


def test_wrong_options_are_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="count"):
        list(shipped_format().read(b"x", count="words"))
    with pytest.raises(Misconfigured, match="charset"):
        list(shipped_format().read(joined(small_order()), charset="klingon"))
    with pytest.raises(Misconfigured, match="UTF-16"):
        list(shipped_format().read("\n".join(small_order()).encode("utf-16"), count="bytes"))


def test_fingerprint_ignores_numbering_padding_and_control_record() -> None:
    clean = one(joined(small_order()))
    for name, raw in wrapped().items():
        assert one(raw).fingerprint() == clean.fingerprint(), name
    assert one(joined([control(DOCNUM="0000000000000077"), *small_order()[1:]])).fingerprint() == clean.fingerprint()
    changed = one(joined([*small_order()[:-1], data("E2EDP19003", 7, 6, "002ABC-3")]))
    assert changed.fingerprint() != clean.fingerprint()
    volatile = frozenset({("E1EDP19", "IDTNR")})
    assert changed.fingerprint(volatile) == clean.fingerprint(volatile)
    assert len(clean.fingerprint()) == 16
