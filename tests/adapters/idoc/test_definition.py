"""Definitions: parser exports of every seen kind, our own layout, names, who wins."""

from __future__ import annotations

import pytest

from adapters.idoc import IdocFormat, by_name, combine, load_definition
from adapters.idoc.compact import dump_compact
from adapters.idoc.names import flat_name, guess, xml_name
from canonical_model.problems import Misconfigured
from tests.adapters.idoc.support import SHIPPED, control, data, joined, one, shipped_format, values

EXPORT = """
BEGIN_RECORD_SECTION
  BEGIN_CONTROL_RECORD
    BEGIN_FIELDS
      NAME TABNAM
      TYPE CHARACTER
      LENGTH 000010
      CHARACTER_FIRST 000001
    END_FIELDS
  END_CONTROL_RECORD
  BEGIN_DATA_RECORD
    BEGIN_FIELDS
      NAME SDATA
      LENGTH 001000
      CHARACTER_FIRST 000064
    END_FIELDS
  END_DATA_RECORD
END_RECORD_SECTION
BEGIN_SEGMENT_SECTION
  BEGIN_IDOC ZTEST01
    EXTENSION /NS/ZTESTX
    BEGIN_SEGMENT Z2HEAD000
      SEGMENTTYPE Z1HEAD
      QUALIFIED
      LEVEL 01
      STATUS MANDATORY
      LOOPMIN 0000000001
      LOOPMAX 0000000001
      BEGIN_FIELDS
        NAME QUAL
        TEXT Prüfung
        TYPE CHARACTER
        LENGTH 000003
        CHARACTER_FIRST 000064
        NAME /CWM/TOLGR
        LENGTH 000005
        CHARACTER_FIRST 000067
      END_FIELDS
    BEGIN_GROUP 1
      LEVEL 02
      STATUS OPTIONAL
      LOOPMIN 0000000001
      LOOPMAX 0000000099
      BEGIN_GROUP 2
        STATUS MANDATORY
        LOOPMIN 0000000002
        LOOPMAX 0000000007
        BEGIN_SEGMENT Z2ITEM001
          SEGMENTTYPE Z1ITEM
          STATUS MANDATORY
          LEVEL 02
          LOOPMIN 0000000001
          LOOPMAX 0000000001
          BEGIN_FIELDS
            NAME POS
            LENGTH 000006
            CHARACTER_FIRST 000064
          END_FIELDS
        END_SEGMENT
        BEGIN_SEGMENT Z2TEXT
          SEGMENTTYPE Z1TEXT
          STATUS OPTIONAL
          LEVEL 03
          LOOPMIN 0000000001
          LOOPMAX 0000000005
          BEGIN_FIELDS
            NAME TEXT
            TEXT The text itself
            LENGTH 000010
            CHARACTER_FIRST 000064
          END_FIELDS
        END_SEGMENT
      END_GROUP
    END_GROUP
  END_IDOC
END_SEGMENT_SECTION
"""


def test_export_gives_segments_groups_fields_and_extension() -> None:
    definition = load_definition(EXPORT)
    assert (definition.basic, definition.extension, definition.name, definition.type) == (
        "ZTEST01",
        "_-NS_-ZTESTX",
        "_-NS_-ZTESTX",
        "ZTEST01+_-NS_-ZTESTX",
    )
    head, item, text = definition.segments
    assert (head.type, head.definition, head.parent, head.level, head.qualified, head.low, head.high) == (
        "Z1HEAD",
        "Z2HEAD000",
        -1,
        1,
        True,
        1,
        1,
    )
    assert [(one.name, one.start, one.length) for one in head.fields] == [("QUAL", 0, 3), ("_-CWM_-TOLGR", 3, 5)]
    assert head.fields[0].text == "Prüfung"
    assert (item.parent, item.mandatory, item.low, item.high) == (-1, True, 2, 7)
    assert (text.parent, text.low, text.high, text.fields[0].name) == (1, 0, 5, "TEXT")
    assert definition.children(None) == ("Z1HEAD", "Z1ITEM")
    assert definition.children("Z1ITEM") == ("Z1TEXT",)


@pytest.mark.parametrize(
    "data", [EXPORT.encode("utf-8"), EXPORT.encode("latin-1"), EXPORT.encode("utf-8-sig"), EXPORT.replace("\n", "\r\n").encode()]
)
def test_export_in_any_charset_and_line_end(data: bytes) -> None:
    assert load_definition(data).hash == load_definition(EXPORT).hash


def test_older_exports_say_byte_first_and_leave_out_end_segment() -> None:
    older = EXPORT.replace("CHARACTER_FIRST", "BYTE_FIRST").replace("        END_SEGMENT\n", "")
    assert load_definition(older).hash == load_definition(EXPORT).hash


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("BEGIN_SEGMENT_SECTION\n", "no BEGIN_IDOC"),
        ("BEGIN_IDOC X\nEND_IDOC\n", "has no segment"),
        (EXPORT.replace("LENGTH 000003", "LENGTH three"), "'three' is no number"),
        (EXPORT.replace("CHARACTER_FIRST 000067", "CHARACTER_FIRST 000065"), "not fitting its segment"),
        (
            EXPORT.replace("LENGTH 000010\n            CHARACTER_FIRST 000064", "LENGTH 002000\n            CHARACTER_FIRST 000064"),
            "not fitting",
        ),
        (EXPORT.replace("/CWM/TOLGR", "QUAL"), "names a field twice"),
        (EXPORT.replace("LENGTH 001000\n      CHARACTER_FIRST 000064", "LENGTH 001000\n      CHARACTER_FIRST 000056"), "port version 2"),
        ("END_GROUP\nBEGIN_IDOC X", "END_GROUP without BEGIN_GROUP"),
        ("idoc X\n> E1A E2A 01 m 1..1\n A:1", "stands 1 deep below nothing"),
        ("idoc X\nnonsense here too", "neither a segment nor fields"),
        ("E1A E2A 01 m 1..1\n A:1", "names no IDoc type"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, fact: str) -> None:
    with pytest.raises(Misconfigured, match=fact):
        load_definition(text)


def test_own_layout_and_export_say_the_same() -> None:
    for definition in (*SHIPPED.values(), load_definition(EXPORT)):
        again = load_definition(dump_compact(definition))
        assert again.hash == definition.hash
        assert [(one.low, one.high, one.mandatory, one.qualified) for one in again.segments] == [
            (one.low, one.high, one.mandatory, one.qualified) for one in definition.segments
        ]


def test_shipped_definitions_hold_known_offsets() -> None:
    known = {
        ("ORDERS05", "E1EDK01", "BELNR"): (83, 35),
        ("ORDERS05", "E1EDKA1", "ILNNR"): (873, 70),
        ("ORDERS05", "E1EDP01", "MATNR_LONG"): (585, 40),
        ("ORDERS05", "E1EDP19", "IDTNR_LONG"): (242, 40),
        ("INVOIC02", "E1EDP05", "KRATE"): (113, 15),
        ("DELVRY07", "E1EDL20", "LIFEX"): (218, 35),
        ("DELVRY07", "E1EDL24", "EAN11"): (302, 18),
        ("DELVRY07", "E1EDL24", "VGPOS"): (927, 6),
        ("DEBMAS07", "E1KNA1M", "KUNNR"): (3, 10),
    }
    for (type, segment, name), place in known.items():
        found = next(one for one in SHIPPED[type].by_type[segment].fields if one.name == name)
        assert (found.start, found.length) == place


def test_names() -> None:
    assert flat_name(xml_name("/NS/E1X")) == "/NS/E1X"
    assert guess("/NS/Z2HUB000") == "_-NS_-Z1HUB"
    assert SHIPPED["ORDERS05"].type_of("E2EDP01008") == "E1EDP01"
    assert SHIPPED["ORDERS05"].type_of("E2EDK14") == "E1EDK14"
    assert SHIPPED["ORDERS05"].type_of("E1EDK14") == "E1EDK14"
    assert SHIPPED["ORDERS05"].type_of("Z2WHAT000") is None


def test_upload_wins_and_a_type_never_seen_works_by_upload_alone() -> None:
    short = load_definition("idoc ORDERS05\nE1EDK01 E2EDK01005 01 m 1..1\n  A:1 B:2\n")
    assert combine(SHIPPED, by_name([short]))["ORDERS05"] is short
    raw = joined([control(IDOCTYP="ZTEST01", CIMTYP="/NS/ZTESTX"), data("Z2HEAD000", 1, 0, "001ABCDE"), data("Z2ITEM003", 2, 0, "000010")])
    document = one(raw, IdocFormat(by_name([load_definition(EXPORT)])))
    assert values(document) == {"Z1HEAD[1].QUAL": "001", "Z1HEAD[1]._-CWM_-TOLGR": "ABCDE", "Z1ITEM[1].POS": "000010"}


def test_layouts_say_what_a_mapping_may_read() -> None:
    format = shipped_format()
    layout = format.layout("ORDERS05/ORDERS")
    assert layout.hash != format.layout("ORDERS05", form="xml").hash
    assert layout.segments(None)[:2] == ("EDI_DC40", "E1EDK01")
    assert "E1EDP19" in layout.segments("E1EDP01")
    assert "PARVW" in layout.fields("E1EDKA1")
    assert "DOCNUM" in layout.fields("EDI_DC40")
    assert str(layout.access("E1EDKA1", "PARTN")) == "Slice(start=66, length=17, charset=None)"
    assert str(layout.access("EDI_DC40", "DOCNUM")) == "Slice(start=13, length=16, charset=None)"
    assert layout.access("E1EDKA1", "PARTNN") is None
    assert layout.access("E1NONE", "PARTN") is None
    with pytest.raises(Misconfigured, match="did you mean ORDERS05"):
        format.layout("ORDRES05")


def test_an_older_type_is_read_with_its_successor_and_says_so() -> None:
    document = one(joined([control(IDOCTYP="DELVRY03", MESTYP="DESADV"), data("E2EDL20004", 1, 0, "80001")]))
    assert values(document) == {"E1EDL20[1].VBELN": "80001"}
    assert list(document.types) == ["DELVRY03/DESADV"]
    assert [finding.code for finding in document.findings] == ["idoc.newer_definition"]
