"""Messages of others: counts, types, dirt, places; and a foreign reader as oracle."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyx12.errors import X12Error
from pyx12.x12file import X12Reader

from adapters.x12.document import X12Document
from tests.adapters.x12.support import FORMAT, check_places, codes, read
from tests.samples import SAMPLES, need_samples

pytestmark = need_samples

ROWS = [line.split("\t") for line in (SAMPLES / "EXPECTED.tsv").read_text().splitlines() if "\tx12\t" in line] if SAMPLES.is_dir() else []
FILES = [row[0] for row in ROWS]

DIRT = {
    "x12_850_bom": {"x12.bom"},
    "x12_850_control_separators": set(),
    "x12_850_cr_only": set(),
    "x12_850_indented_pipe_crlf": {"x12.bom", "x12.line_breaks", "x12.indentation"},
    "x12_850_isa_short": {"x12.isa_length"},
    "x12_850_one_line": set(),
    "x12_850_se01_wrong": {"x12.se01_count"},
    "Technical": {"x12.bom", "x12.line_breaks", "x12.indentation"},
    "852_hd": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.iea02_mismatch", "x12.no_grammar"},
    "816_Stein": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.iea02_mismatch", "x12.no_grammar"},
    "820_Example3": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.ge02_mismatch", "x12.no_grammar"},
    "850_Example4": {"x12.bom", "x12.indentation", "x12.isa_length", "x12.blank_before_terminator"},
    "860_Example1": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.isa_length", "x12.terminator_missing", "x12.no_grammar"},
    "865_From": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.iea02_mismatch", "x12.no_grammar"},
    "856_Example2": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.element_missing", "x12.element_long"},
    "940_simplot": {"x12.bom", "x12.indentation", "x12.ge02_mismatch", "x12.iea02_mismatch"},
    "945_inter": {"x12.bom", "x12.line_breaks", "x12.indentation", "x12.ge02_mismatch", "x12.gs_elements"},
    "empty997": {"x12.line_breaks", "x12.segment_missing"},
    "invalid997": {"x12.line_breaks", "x12.element_long", "x12.element_character"},
    "simple999": {"x12.line_breaks"},
    "856_edi1": {"x12.bom", "x12.line_breaks", "x12.indentation"},
    "issue109": {"x12.line_breaks", "x12.no_grammar"},
    "issue128": {"x12.isa_wrapped", "x12.wrapped", "x12.line_breaks", "x12.no_grammar"},
    "binary": {"x12.line_breaks", "x12.no_grammar"},
    "_dual": {"x12.line_breaks", "x12.no_grammar", "x12.element_conditional"},
}


def sample(part: str) -> bytes:
    (name,) = [name for name in FILES if part in name]
    return (SAMPLES / name).read_bytes()


@pytest.mark.parametrize(("name", "count", "types", "note"), [(row[0], row[2], row[3], row[4]) for row in ROWS])
def test_counts_and_types(name: str, count: str, types: str, note: str) -> None:
    documents = read((SAMPLES / name).read_bytes())
    business = [document for document in documents if document.types[-1] != "TA1"]
    assert len(business) == int(count)
    assert ";".join(sorted({document.types[-1] for document in business})) == types
    interchanges = {document.envelope.isa[0] for document in documents if document.envelope.isa}
    assert note.startswith(f"ISA {len(interchanges)}, TA1 {len(documents) - len(business)}")


@pytest.mark.parametrize(("part", "expected"), DIRT.items())
def test_dirt(part: str, expected: set[str]) -> None:
    found = codes(*read(sample(part)))
    assert {code for code in found if code.startswith("x12.")} == expected


def test_clean_samples_have_nothing_to_report() -> None:
    for part in ("004010_01", "005010_01", "x12_850_one_line", "x12_850_resent"):
        assert codes(*read(sample(part))) == set()


def test_a_lost_terminator_is_found_and_the_count_is_right_then() -> None:
    (document,) = read(sample("860_Example1"))
    assert [segment[2][0] for segment in document.body] == ["BCH", "REF", "N1", "N3", "N4", "POC", "POC", "CTT"]
    assert "x12.se01_count" not in codes(document)


@pytest.mark.parametrize("name", FILES)
def test_places(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    documents = read(raw)
    assert sum(check_places(raw, document) for document in documents) > 0
    for document in documents:
        for record in document.records():
            assert raw[record.place.start : record.place.start + len(record.name)] == record.name.encode()  # type: ignore[union-attr]
        assert document.place.start < document.place.end <= len(raw)


def test_a_value_that_occurs_twice_has_two_places() -> None:
    (document,) = read(sample("850_Example1_PGW"))
    per = document.root()[1]["PER"][0]
    first, second = (document.source(per, "PER", name) for name in ("PER02", "PER09"))
    assert first is not None
    assert second is not None
    assert first.text == second.text == "Doe, Jane"
    assert first.place != second.place


def test_same_content_under_other_separators_and_numbers_has_the_same_fingerprint() -> None:
    parts = ("x12_850_bom", "control_separators", "cr_only", "isa_short", "one_line", "resent_new", "se01_wrong", "005010_01", "004010_01")
    prints = {document.fingerprint() for part in parts for document in read(sample(part))}
    assert len(prints) == 1
    (other,) = read(sample("same_control_number"))
    assert other.fingerprint() not in prints
    assert other.technical == ("x12", "000006267", "6267", "0001")
    assert read(sample("resent_new"))[0].technical != other.technical


def test_wrapped_lines_are_joined() -> None:
    (document,) = read(sample("issue128"))
    texts = {segment[2][0]: segment[2] for segment in document.body}
    assert texts["N4"][1:3] == ["FAIRFAX", "VA"]
    assert document.control["ISA10"] == "0224"


def test_binary_segments_are_cut_by_length() -> None:
    (document,) = read(sample("binary"))
    assert [segment[2][2] for segment in document.body] == [
        "1234567890123456789012345", "12345678901234567890\n1234", "1234567890\n1234567890\n12\n",
    ]  # fmt: skip


def foreign(raw: bytes) -> list[tuple[str, ...]] | None:
    """Segments as pyx12 reads them, or None where it refuses the file."""
    try:
        with X12Reader(io.StringIO(raw.decode("utf-8-sig"))) as reader:
            return [tuple(segment.format().rstrip(reader.seg_term).split("*")) for segment in reader]
    except (X12Error, IndexError):
        return None


def ours(documents: list[X12Document]) -> list[tuple[str, ...]]:
    return [tuple(segment[2]) for document in documents for segment in (document.header, *document.body, document.trailer) if segment]


def test_a_foreign_reader_sees_the_same_segments() -> None:
    agreed = []
    for name in FILES:
        raw = (SAMPLES / name).read_bytes()
        theirs = foreign(raw)
        documents = list(FORMAT.read(raw))
        if theirs is None or documents[0].types[-1] in ("TA1", "000") or documents[0].envelope.separators.element != "*":
            continue
        inside = [segment for segment in theirs if segment[0] not in ("ISA", "GS", "GE", "IEA", "ISB", "ISE")]
        if documents[0].envelope.separators.component in Path(SAMPLES / name).read_text().split("ST*", 1)[1]:
            continue  # pyx12 writes components back with its own separator
        assert [_trimmed(segment) for segment in inside] == [_trimmed(segment) for segment in ours(documents)], name
        agreed.append(name)
    assert len(agreed) >= 10


def _trimmed(segment: tuple[str, ...]) -> list[str]:
    fields = [field.rstrip() for field in segment]
    while fields and not fields[-1]:
        fields.pop()
    return fields
