"""Real messages written by others and the project's own, against answers that are known from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from adapters.base import apply_steps
from adapters.idoc import Definition, IdocFormat, combine
from adapters.idoc.definition import FieldDef, SegmentDef, fields_in_row
from adapters.idoc.xml_document import XmlDocument
from tests.adapters.idoc.support import SHIPPED, codes, nodes, one, sample_definitions, shipped_format, token, values
from tests.samples import SAMPLES, need_samples

pytestmark = need_samples

FLAT = "idoc_flat/sap_recipes_IDOCFlatConvertor_ORDERS_IDOC_-_Flat2XML_-_ORDERS05.txt"
XML = "idoc_xml/sap_recipes_IDOCFlatConvertor_ORDERS_IDOC_-_XML2Flat_-_ORDERS05.xml"
OWN = ("delvry07_batches_sscc", "invoic02_two_lines", "matmas05_units", "orders05_three_lines", "zhubord05_extension")
XSD = "{http://www.w3.org/2001/XMLSchema}"


def expected() -> list[tuple[str, int, str]]:
    if not SAMPLES.is_dir():
        return []
    rows = (line.split("\t") for line in (SAMPLES / "EXPECTED.tsv").read_text().splitlines()[1:])
    return [(row[0], int(row[2]), row[3]) for row in rows if row[1].startswith("idoc")]


def raw_of(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


@pytest.mark.parametrize(("name", "count", "type"), expected())
def test_counts_types_and_places(name: str, count: int, type: str) -> None:
    raw = raw_of(name)
    documents = list(IdocFormat(sample_definitions()).read(raw))
    assert len(documents) == count
    for document in documents:
        assert type in document.types
        sources = [
            found
            for segment, node in nodes(document.root())
            for field in document.layout.fields(segment)
            if (found := document.source(node, segment, field))
        ]
        assert sources
        assert all(apply_steps(token(raw, found), found.steps) == found.text for found in sources)
        assert len({found.place for found in sources}) == len(sources)
        held = {(field.place, field.value) for record in document.records() for field in record.fields}
        assert held >= {(found.place, found.text) for found in sources}


def full_orders05() -> Definition:
    """ORDERS05 as another system's WSDL describes it: every segment and field, apart from our own definitions."""
    schema = etree.fromstring((SAMPLES / "idoc_schema" / "sap_recipes_ORDERS05.wsdl").read_bytes())
    types = {str(one.get("name")): one for one in schema.iter(f"{XSD}complexType") if one.get("name")}
    segments: list[SegmentDef] = []

    def add(type: str, parent: int) -> None:
        name = type.rpartition(".")[2]
        parts = list(types[type].iterfind(f"{XSD}sequence/{XSD}element"))
        lengths = [(str(part.get("name")), part.find(f".//{XSD}maxLength")) for part in parts if part.get("type") not in types]
        fields: tuple[FieldDef, ...] = fields_in_row((field, int(width.get("value", "0"))) for field, width in lengths if width is not None)
        index = len(segments)
        segments.append(SegmentDef(name, "E2" + name[2:], parent, fields))
        for part in parts:
            if (below := part.get("type")) in types and below is not None:
                add(below, index)

    tops = types["ORDERS.ORDERS05"]
    for part in tops.iterfind(f"{XSD}sequence/{XSD}element"):
        type = str(part.get("type"))
        if "EDI_DC40" not in type:
            add(type, -1)
    return Definition("ORDERS05", "", tuple(segments))


def test_published_twins_agree_in_all_61_segments() -> None:
    format = IdocFormat({"ORDERS05": full_orders05()})
    flat, xml = one(raw_of(FLAT), format), one(raw_of(XML), format)
    records = [record for record in flat.records() if record.name != "EDI_DC40"]
    assert len(records) == 61
    assert all(record.known for record in records)
    assert [(record.path, [(field.name, field.value) for field in record.fields]) for record in flat.records()] == [
        (record.path, [(field.name, field.value) for field in record.fields]) for record in xml.records()
    ]


def test_published_twins_agree_in_the_32_segments_of_the_shipped_part() -> None:
    flat, xml = one(raw_of(FLAT)), one(raw_of(XML))
    known = [record for record in flat.records() if record.known and record.name != "EDI_DC40"]
    assert len(known) == 32
    assert values(flat, control_record=True) == values(xml, control_record=True)
    assert [record.path for record in flat.records()] == [record.path for record in xml.records()]


@pytest.mark.parametrize("name", OWN)
def test_own_twins_agree_in_every_field(name: str) -> None:
    format = IdocFormat(sample_definitions())
    flat = one(raw_of(f"idoc_flat/own_{name}.txt"), format)
    xml = one(raw_of(f"idoc_xml/own_{name}.xml"), format)
    assert values(flat, control_record=True) == values(xml, control_record=True)
    assert [record.path for record in flat.records()] == [record.path for record in xml.records()]


def variants() -> Iterator[tuple[str, bool]]:
    for name, _, _ in expected():
        if name.startswith("derived_dirty") and "truncated" not in name and "other_content" not in name:
            yield name, any(word in name for word in ("gbk", "utf8_chars"))


@pytest.mark.parametrize(("name", "chinese"), list(variants()))
def test_dirty_variants_equal_their_clean_pair(name: str, chinese: bool) -> None:
    clean = values(one(raw_of(XML)))
    for document in shipped_format().read(raw_of(name)):
        found = values(document)
        if chinese:
            assert found["E1EDKA1[1].NAME1"] != clean["E1EDKA1[1].NAME1"]
            assert any("一" <= letter <= "鿿" for letter in found["E1EDKA1[1].NAME1"])
            assert {**found, "E1EDKA1[1].NAME1": clean["E1EDKA1[1].NAME1"]} == clean
        else:
            assert found == clean


def test_gbk_counted_in_bytes_and_in_characters_hold_the_same_beginning() -> None:
    in_bytes = values(one(raw_of("derived_dirty/idocflat_orders05_name1_gbk_bytes.txt")))["E1EDKA1[1].NAME1"]
    in_characters = values(one(raw_of("derived_dirty/idocflat_orders05_name1_gbk_chars.txt")))["E1EDKA1[1].NAME1"]
    assert in_bytes
    assert in_characters.startswith(in_bytes) or in_bytes == in_characters


def test_the_same_content_has_one_fingerprint_whatever_the_wrapping() -> None:
    clean = one(raw_of(FLAT)).fingerprint()
    for name in ("bom", "ctl_unicode_name", "nolinebreaks", "rstrip", "utf16le"):
        assert one(raw_of(f"derived_dirty/idocflat_orders05_{name}.txt")).fingerprint() == clean
    assert {document.fingerprint() for document in shipped_format().read(raw_of("derived_dirty/idocflat_package_two_docnums_cr.txt"))} == {
        clean
    }
    assert one(raw_of("derived_dirty/idocflat_same_docnum_other_content.txt")).fingerprint() != clean
    volatile = frozenset({("E1EDP20", "WMENG")})
    changed = one(raw_of("derived_dirty/idocflat_same_docnum_other_content.txt"))
    assert changed.fingerprint(volatile) == one(raw_of(FLAT)).fingerprint(volatile)
    xml = one(raw_of(XML)).fingerprint()
    for name in ("blank_before_declaration", "no_segment_attributes", "utf16"):
        assert one(raw_of(f"derived_dirty/idocxml_orders05_{name}.xml")).fingerprint() == xml


def test_truncated_message_is_read_and_reported_as_an_error() -> None:
    document = one(raw_of("derived_dirty/idocflat_truncated_mid_record.txt"))
    assert [finding.severity for finding in document.findings if finding.code == "idoc.truncated"] == ["error"]


DIRT = {
    "idocflat_orders05_bom.txt": "idoc.byte_order_mark",
    "idocflat_orders05_ctl_unicode_name.txt": "idoc.control_name",
    "idocflat_orders05_name1_gbk_bytes.txt": "idoc.count_bytes",
    "idocflat_orders05_name1_gbk_chars.txt": "idoc.charset_found",
    "idocflat_orders05_nolinebreaks.txt": "idoc.no_line_ends",
    "idocflat_package_two_docnums_cr.txt": "idoc.line_ends_cr",
    "idocxml_orders05_blank_before_declaration.xml": "idoc.xml_blank_first",
    "idocxml_orders05_gbk_declared_utf8.xml": "idoc.charset_contradicts",
    "idocxml_orders05_no_segment_attributes.xml": "idoc.xml_no_segment_attribute",
}


@pytest.mark.parametrize(("name", "code"), DIRT.items())
def test_each_kind_of_dirt_has_its_finding(name: str, code: str) -> None:
    documents = list(shipped_format().read(raw_of(f"derived_dirty/{name}")))
    assert code in codes(documents[0])


def published_xml() -> list[Path]:
    return sorted((SAMPLES / "idoc_xml").glob("*.xml"))


def test_the_definition_gives_every_standard_segment_of_real_xml_its_real_parent() -> None:
    seen = 0
    format = IdocFormat(combine(sample_definitions(), {}))
    for path in published_xml():
        document = one(path.read_bytes(), format)
        assert isinstance(document, XmlDocument)
        definition = document.layout.definition
        for element in document.segments():
            name, above = str(element.tag), element.getparent()
            if name in definition.by_type and above is not None:
                parent = None if above.tag == "IDOC" else str(above.tag)
                assert name in definition.children(parent), (path.name, name, parent)
                seen += 1
    assert seen > 300


def test_shipped_definitions_equal_the_exports_field_by_field() -> None:
    exports = sample_definitions()
    for name in ("ORDERS05", "DELVRY07", "MATMAS05", "INVOIC02"):
        assert SHIPPED[name].hash == exports[name].hash


def test_wrong_lengths_in_real_messages_are_reported_and_kept() -> None:
    name = "idoc_xml/sap_recipes_3PL_Integrated_Warehouse_Distribution_3PL_-_02._Inbound_Delivery_-_Outbound.xml"
    document = one(raw_of(name))
    long = {finding.details["field"] for finding in document.findings if finding.code == "idoc.value_too_long"}
    assert {"TZONE_BEG"} <= long
    unknown = [finding.details["segment"] for finding in document.findings if finding.code == "idoc.unknown_segment"]
    assert unknown == ["Z1EXTEND_ITEM"]
    invoice = one(raw_of("idoc_xml/sap_recipes_ASC_X12_004010_03._Invoice_-_Outbound.xml"))
    newer = {finding.details["field"] for finding in invoice.findings if finding.code == "idoc.unknown_field"}
    assert {"LANDTX", "STCEG_L", "TXDAT"} <= newer
