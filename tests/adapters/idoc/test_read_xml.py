"""IDoc XML: packages, sloppy producers, charsets, and what must never be let in."""

from __future__ import annotations

import mmap
import tracemalloc
from pathlib import Path

import pytest

from adapters.base import apply_steps
from adapters.idoc import IdocFormat, load_definition
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable
from tests.adapters.idoc.support import codes, nodes, one, shipped_format, small_order, values

CONTROL = (
    '<EDI_DC40 SEGMENT="1"><TABNAM>EDI_DC40</TABNAM><MANDT>800</MANDT><DOCNUM>0000000000000001</DOCNUM>'
    "<IDOCTYP>ORDERS05  </IDOCTYP><MESTYP>ORDERS</MESTYP><SNDPRN>HQ</SNDPRN></EDI_DC40>"
)
BODY = (
    '<E1EDK01 SEGMENT="1"><CURCY>CNY</CURCY></E1EDK01>\n'
    '<E1EDKA1 SEGMENT="1"><PARVW>AG</PARVW><NAME1>甲 &amp; 乙 <!-- x --><![CDATA[<丙>]]>&#x4E01;</NAME1></E1EDKA1>'
    '<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><E1EDP19 SEGMENT="1"><QUALF>002</QUALF><IDTNR>A-1 </IDTNR></E1EDP19></E1EDP01>'
)


def message(body: str = BODY, root: str = "ORDERS05", declaration: str = "", control: str = CONTROL) -> str:
    return f'{declaration}<{root}>\r\n<IDOC BEGIN="1">{control}{body}</IDOC></{root}>'


EXPECTED = {
    "E1EDK01[1].CURCY": "CNY",
    "E1EDKA1[1].PARVW": "AG",
    "E1EDKA1[1].NAME1": "甲 & 乙 <丙>丁",
    "E1EDP01[1].POSEX": "000010",
    "E1EDP01[1]/E1EDP19[1].QUALF": "002",
    "E1EDP01[1]/E1EDP19[1].IDTNR": "A-1",
}


def encodings() -> dict[str, bytes]:
    said = '<?xml version="1.0" encoding="{}"?>\n'
    return {
        "utf-8": message().encode(),
        "declared": message(declaration=said.format("UTF-8")).encode(),
        "bom": b"\xef\xbb\xbf" + message(declaration=said.format("utf-8")).encode(),
        "utf-16": message(declaration=said.format("UTF-16")).encode("utf-16"),
        "utf-16-be": b"\xfe\xff" + message(declaration=said.format("UTF-16")).encode("utf-16-be"),
        "utf-16-le without mark": message().encode("utf-16-le"),
        "comment after": (message() + "<!-- </ORDERS05> x -->\n").encode(),
        "gbk": message(declaration=said.format("GBK")).encode("gbk"),
        "gb18030": message(declaration=said.format("GB18030")).encode("gb18030"),
        "gbk called utf-8": message(declaration=said.format("UTF-8")).encode("gbk"),
        "utf-8 called gbk": message(declaration=said.format("GB2312")).encode("utf-8"),
        "blank first": b"\r\n \n" + message(declaration=said.format("UTF-8")).encode(),
        "prolog": message(declaration="<?xml version='1.0'?><!-- <IDOC> --><?x y?>").encode(),
        "extension root": message(root="_-NS_-ORDERS05_EXT").encode(),
        "soap name space": message(root="ORDERS05").replace("<ORDERS05>", '<ORDERS05 xmlns="urn:sap">').encode(),
    }


@pytest.mark.parametrize("name", [name for name in encodings() if name != "utf-8 called gbk"])
def test_every_wrapping_gives_the_same_fields_at_their_bytes(name: str) -> None:
    raw = encodings()[name]
    document = one(raw)
    assert values(document) == EXPECTED
    assert list(document.types) == ["ORDERS05/ORDERS"]
    assert document.technical == ("idoc", "800", "HQ", "0000000000000001")
    for segment, node in nodes(document.root()):
        for field in document.layout.fields(segment):
            if source := document.source(node, segment, field):
                assert isinstance(source.place, Bytes)
                assert apply_steps(raw[source.place.start : source.place.end], source.steps) == source.text
        where = document.where(node)
        assert isinstance(where, Bytes)
        assert raw[where.start : where.end].decode(document.charset).startswith(f"<{segment}")  # type: ignore[attr-defined]


def test_the_route_may_say_the_charset() -> None:
    document = one(encodings()["gbk called utf-8"], charset="gbk")
    assert values(document) == EXPECTED
    assert "idoc.charset_contradicts" not in codes(document)


def test_a_wrong_declaration_is_reported() -> None:
    utf8 = '<?xml version="1.0" encoding="GB2312"?>' + message()
    assert {"idoc.charset_contradicts", "idoc.charset_doubtful"} & codes(one(utf8.encode()))
    assert "idoc.charset_contradicts" in codes(one(encodings()["gbk called utf-8"]))
    assert codes(one(encodings()["gbk"])) == set()


def test_missing_attributes_are_accepted_and_empty_segments_kept() -> None:
    bare = message(BODY + '<E1EDS01 SEGMENT="1"/><Z1X SEGMENT="1"/>').replace(' SEGMENT="1"', "").replace(' BEGIN="1"', "")
    document = one(bare.encode())
    assert values(document) == EXPECTED
    assert [record.path for record in document.records()][-2:] == ["E1EDS01[1]", "Z1X[1]"]
    assert "idoc.xml_no_segment_attribute" in codes(document)
    assert document.fingerprint() == one(message(BODY + '<E1EDS01 SEGMENT="1"/>').encode()).fingerprint()


def test_packages_are_cut_into_idocs_with_their_bytes() -> None:
    raw = f"<ORDERS05><!-- <IDOC> --><IDOC>{CONTROL}{BODY}</IDOC>\n<IDOC BEGIN='1'>{CONTROL}</IDOC ></ORDERS05>".encode()
    first, second = shipped_format().read(raw)
    assert values(first) == EXPECTED
    assert values(second) == {}
    assert raw[first.place.start : first.place.end].startswith(b"<IDOC>")
    assert raw[second.place.start : second.place.end].endswith(b"</IDOC >")


def test_row_nodes_are_built_for_wanted_segments_only() -> None:
    document = one(encodings()["utf-8"])
    kids = document.root(frozenset({"E1EDP19", "EDI_DC40"}))[1]
    assert set(kids) == {"E1EDP01", "EDI_DC40"}
    assert kids["E1EDP01"][0][1]["E1EDP19"][0][0] == {"QUALF": "002", "IDTNR": "A-1"}
    assert kids["EDI_DC40"][0][0]["DOCNUM"] == "0000000000000001"


@pytest.mark.parametrize("flat", [True, False])
def test_a_packet_is_read_in_little_memory(flat: bool, tmp_path: Path) -> None:
    idoc = "\n".join(small_order()) + "\n" if flat else message().split("\r\n", 1)[1].removesuffix("</ORDERS05>")
    idoc += " " * 20_000 + "\n"
    count = 6_000_000 // len(idoc)
    path = tmp_path / "packet"
    path.write_text(idoc * count if flat else f"<ORDERS05>{idoc * count}</ORDERS05>", encoding="utf-8")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        tracemalloc.start()
        documents = shipped_format().read(raw)  # type: ignore[arg-type]
        found = sum(document.technical is not None for document in documents)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert found == count
    assert peak < 4_500_000


def test_a_field_written_twice_has_one_value_everywhere() -> None:
    document = one(message('<E1EDK01 SEGMENT="1"><CURCY> </CURCY><CURCY>CNY</CURCY><CURCY>EUR</CURCY></E1EDK01>').encode())
    node = document.root(frozenset({"E1EDK01"}))[1]["E1EDK01"][0]
    source = document.source(node, "E1EDK01", "CURCY")
    assert source is not None
    assert node[0] == {"CURCY": source.text} == {"CURCY": "CNY"}


def test_findings_name_unknown_things_once() -> None:
    odd = '<E1EDP01 SEGMENT="1"><POSEX>00000010</POSEX><NEWER>1</NEWER><Z1X SEGMENT="1"><A>1</A></Z1X></E1EDP01>'
    document = one(message(odd + odd).encode())
    assert sorted(finding.code for finding in document.findings) == ["idoc.unknown_field", "idoc.unknown_segment", "idoc.value_too_long"]
    record = next(record for record in document.records() if record.name == "Z1X")
    assert (record.known, record.path, record.fields[0].value) == (False, "E1EDP01[1]/Z1X[1]", "1")


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
DEEP = "".join(f"<E{n}>" for n in range(60)) + "".join(f"</E{n}>" for n in reversed(range(60)))


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (BOMB + message(BODY.replace("CNY", "&b;")), "idoc:dtd"),
        ('<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">' + message(), "idoc:dtd"),
        (message(BODY.replace("CNY", "&unknown;")), "idoc:not_well_formed"),
        (message(BODY.replace("</CURCY>", "</CURC>")), "idoc:not_well_formed"),
        (message()[:-30], "idoc:truncated"),
        (message()[:-8], "idoc:truncated"),
        ("<", "idoc:truncated"),
        ("<ORDERS05><!-- x <IDOC></IDOC></ORDERS05>", "idoc:not_well_formed"),
        ("<ORDERS05><IDOC><![CDATA[ </IDOC></ORDERS05>", "idoc:not_well_formed"),
        ("<ORDERS05><IDOC></ORDERS05>", "idoc:not_well_formed"),
        ("<ORDERS05><IDOC><IDOC></IDOC></ORDERS05>", "idoc:not_well_formed"),
        ("<ORDERS05><X/></ORDERS05>", "idoc:no_document"),
        (message(f'<E1EDK01 SEGMENT="1">{DEEP}</E1EDK01>'), "idoc:depth"),
        (message(BODY.replace("CNY", "&#0;")), "idoc:not_well_formed"),
        (message(BODY.replace("CNY", "\x01")), "idoc:not_well_formed"),
    ],
)
def test_dangerous_or_broken_xml_is_held_with_a_key(raw: str, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        list(shipped_format().read(raw.encode()))
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.fix


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA[", "<IDOC ", "<?", " ", "</ORDERS05", "<IDOC>", "-->"])
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    for raw in (piece * 100_000, f"<ORDERS05>{piece * 100_000}</ORDERS05>", f"<?xml ?>{piece * 100_000}"):
        with pytest.raises(Unreadable):
            list(shipped_format().read(raw.encode()))


def test_extension_by_upload() -> None:
    extension = load_definition("idoc ORDERS05\nextension ZEXT\nE1EDK01 E2EDK01005 01 m 1..1\n CURCY:3\n> Z1A Z2A000 02 o 0..1\n B:3\n")
    body = '<E1EDK01 SEGMENT="1"><CURCY>CNY</CURCY><Z1A SEGMENT="1"><B>xyz</B></Z1A></E1EDK01>'
    control = CONTROL.replace("<MESTYP>", "<CIMTYP>ZEXT</CIMTYP><MESTYP>")
    known = one(message(body, "ZEXT", control=control).encode(), shipped_format(extension))
    assert values(known)["E1EDK01[1]/Z1A[1].B"] == "xyz"
    assert list(known.types) == ["ORDERS05+ZEXT/ORDERS", "ORDERS05/ORDERS"]
    unknown = one(message(body, "ZEXT", control=control).encode(), IdocFormat({"ORDERS05": extension}))
    assert unknown.layout.type == "ORDERS05+ZEXT"
    without = one(message(body, "ZEXT", control=control).encode())
    assert codes(without) == {"idoc.extension_unknown", "idoc.unknown_segment"}
    assert [record.path for record in without.records() if not record.known] == ["E1EDK01[1]/Z1A[1]"]
