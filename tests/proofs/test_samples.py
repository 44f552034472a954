"""Every message written by others is read: counts and types as counted by somebody else, every kind of dirt reported.

By the command line, as a user sees it. What a reader alone cannot know (sent again, changed under the same number) is
reported by the lane. The IDoc writer gives the bytes of every clean file again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.idoc.rewrite import rewrite
from adapters.idoc.style import style_of_document, tree_of
from hub.cli.app import app
from hub.plugins import formats
from tests.proofs.hubs import world
from tests.samples import SAMPLES, need_samples

pytestmark = need_samples

DEFINITIONS = SAMPLES / "idoc_definitions"
FOLDERS = ("idoc_flat", "idoc_xml", "x12", "derived_dirty")

Shown = tuple[int, list[dict[str, Any]], dict[str, Any]]


def read(*words: str) -> Shown:
    """(exit code, documents, summary) of ``hub read WORDS --json``."""
    done = CliRunner().invoke(app, ["read", *words, "--json"])
    return shown(done.exit_code, done.stdout)


def shown(code: int, text: str) -> Shown:
    rows = [json.loads(line) for line in text.splitlines()]
    return code, [row for row in rows if "type" in row], rows[-1]["summary"]


def expected() -> list[tuple[str, int, str]]:
    if not SAMPLES.is_dir():
        return []
    rows = (line.split("\t") for line in (SAMPLES / "EXPECTED.tsv").read_text("utf-8").splitlines()[1:])
    return [(row[0], int(row[2]), row[3]) for row in rows if row[0].split("/")[0] in FOLDERS and row[1] != "edifact"]


@pytest.mark.parametrize(("name", "count", "types"), expected())
def test_counts_and_types(name: str, count: int, types: str) -> None:
    code, documents, summary = read(str(SAMPLES / name), "--definitions", str(DEFINITIONS), "--records")
    assert (code, summary["readable"], summary["documents"]) == (0, True, len(documents))
    business = [document for document in documents if document["type"] != "TA1"]
    assert len(business) == count
    assert {document["type"] for document in business} == set(filter(None, types.split(";")))
    assert all(document["records"] for document in documents)


def test_two_interchange_acknowledgements_are_documents_of_their_own() -> None:
    _, documents, _ = read(str(SAMPLES / "x12/oopfactory_Acknowledgments_TechnicalAcknowledgment_Sample1.txt"))
    assert [document["type"] for document in documents] == ["TA1", "TA1"]


def test_the_real_process_says_the_same() -> None:
    file = str(SAMPLES / "derived_dirty/x12_850_se01_wrong.edi")
    done = subprocess.run([sys.executable, "-m", "hub.cli", "read", file, "--json"], capture_output=True, text=True, check=False)
    assert shown(done.returncode, done.stdout) == read(file)


UNKNOWN = "idoc.unknown_segment"
"""29 of the 61 segments of the message that the dirty ones come from are of types outside the shipped part."""

DIRT: dict[str, set[str]] = {
    "idocflat_orders05_bom.txt": {"idoc.byte_order_mark", UNKNOWN},
    "idocflat_orders05_ctl_unicode_name.txt": {"idoc.control_name", UNKNOWN},
    "idocflat_orders05_name1_gbk_bytes.txt": {"idoc.charset_found", "idoc.count_bytes", UNKNOWN},
    "idocflat_orders05_name1_gbk_chars.txt": {"idoc.charset_found", UNKNOWN},
    "idocflat_orders05_name1_utf8_chars.txt": {"idoc.charset_found", UNKNOWN},
    "idocflat_orders05_nolinebreaks.txt": {"idoc.no_line_ends", UNKNOWN},
    "idocflat_orders05_rstrip.txt": {UNKNOWN},
    "idocflat_orders05_utf16le.txt": {"idoc.byte_order_mark", UNKNOWN},
    "idocflat_package_two_docnums_cr.txt": {"idoc.line_ends_cr", UNKNOWN},
    "idocflat_truncated_mid_record.txt": {"idoc.truncated"},
    "idocxml_orders05_blank_before_declaration.xml": {"idoc.xml_blank_first", UNKNOWN},
    "idocxml_orders05_gbk.xml": {UNKNOWN},
    "idocxml_orders05_gbk_declared_utf8.xml": {"idoc.charset_contradicts", UNKNOWN},
    "idocxml_orders05_no_segment_attributes.xml": {"idoc.xml_no_segment_attribute", UNKNOWN},
    "idocxml_orders05_package.xml": {UNKNOWN},
    "idocxml_orders05_utf16.xml": {"idoc.byte_order_mark", UNKNOWN},
    "x12_850_bom.edi": {"x12.bom", "charset.decided"},
    "x12_850_control_separators.edi": set(),
    "x12_850_cr_only.edi": set(),
    "x12_850_indented_pipe_crlf.edi": {"x12.bom", "x12.line_breaks", "x12.indentation", "charset.decided"},
    "x12_850_isa_short.edi": {"x12.isa_length"},
    "x12_850_one_line.edi": set(),
    "x12_850_se01_wrong.edi": {"x12.se01_count"},
}
"""File -> everything that is found in it. Without a finding of their own, because the format allows it: blanks cut off at the end
of records, a charset that is declared and right, packages, separators and terminators that ISA names."""

OF_THE_WHOLE = {
    "charset.decided",
    "idoc.charset_contradicts",
    "idoc.charset_found",
    "idoc.line_ends_cr",
    "idoc.no_line_ends",
    "idoc.count_bytes",
    "idoc.xml_no_segment_attribute",
}
"""Findings about the message as a whole: they name no place."""

SAID_BY_THE_LANE = {
    "idocflat_same_docnum_other_content.txt", "idocflat_two_idocs_package.txt",
    "x12_850_resent_new_control_number.edi", "x12_850_same_control_number_other_content.edi",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DIRT))
def test_every_kind_of_dirt_is_reported(name: str) -> None:
    _, documents, _ = read(str(SAMPLES / "derived_dirty" / name), "--definitions", str(DEFINITIONS))
    assert {finding["code"] for document in documents for finding in document["findings"]} == DIRT[name]
    unplaced = {finding["code"] for document in documents for finding in document["findings"] if "place" not in finding}
    assert unplaced <= OF_THE_WHOLE


def test_no_dirty_file_is_forgotten() -> None:
    files = {path.name for path in (SAMPLES / "derived_dirty").iterdir() if not path.name.startswith("edifact")}
    assert files == set(DIRT) | SAID_BY_THE_LANE


X12 = "x12/sap_recipes_ASC_X12_004010_01._a_Sales_Order_Request_-_Inbound.edi"
FLAT = "idoc_flat/sap_recipes_IDOCFlatConvertor_ORDERS_IDOC_-_Flat2XML_-_ORDERS05.txt"
SENT = {
    ("wms-3pl", "x12", X12): {
        "x12_850_resent_new_control_number.edi": ["duplicate"], "x12_850_same_control_number_other_content.edi": ["conflict"],
    },
    ("sap-hq", "files", FLAT): {
        "idocflat_two_idocs_package.txt": ["duplicate", "duplicate"], "idocflat_same_docnum_other_content.txt": ["conflict"],
        "idocflat_truncated_mid_record.txt": ["unreadable"],
    },
}  # fmt: skip


@pytest.mark.parametrize("sent", SENT)
def test_sent_again_changed_or_cut_is_said_by_the_lane(sent: tuple[str, str, str], tmp_path: Path) -> None:
    system, way, first = sent
    with world(tmp_path) as hub:
        hub.give(system, way, (SAMPLES / first).read_bytes())
        for name, wanted in SENT[sent].items():
            message = hub.message(hub.give(system, way, (SAMPLES / "derived_dirty" / name).read_bytes()))
            for document, word in zip(message["documents"], wanted, strict=True):
                assert word in {document["state"], *(hold["cause"] for hold in document.get("holds", ()))}, name


GROUPED = ("-o", "group=单据编号")
TABLES: dict[str, tuple[list[int], str, str]] = {
    "sales_export_gbk.csv": ([2, 1], "gb18030", "comma"),
    "sales_export_gb18030.csv": ([2, 1], "gb18030", "comma"),
    "sales_export_tab_gbk.txt": ([2, 1], "gb18030", "tab"),
    "sales_export_utf16.csv": ([2, 1], "utf-16-le", "tab"),
    "sales_export_utf8_bom.csv": ([2, 1], "utf-8", "comma"),
    "sales_export_gbk_broken_byte.csv": ([2, 1], "gb18030", "comma"),
}
"""File -> rows of each order, charset, delimiter."""


@pytest.mark.parametrize("name", TABLES)
def test_tables_with_their_charset_and_total_row(name: str) -> None:
    code, documents, summary = read(str(SAMPLES / "own_tables" / name), *GROUPED)
    rows, charset, delimiter = TABLES[name]
    found = {finding["code"]: finding.get("details", {}) for document in documents for finding in document["findings"]}
    broken = "broken" in name
    assert [document["records"] for document in documents] == rows
    assert set(found) == {"charset.broken_bytes" if broken else "charset.decided", "delimited.dialect", "delimited.total_row"}
    assert {details["charset"] for details in found.values() if "charset" in details} == {charset}
    assert found["delimited.dialect"]["delimiter"] == delimiter
    assert (code, summary["damaged"]) == ((1, 1) if broken else (0, 0))
    assert [problem["cause"] for document in documents for problem in document.get("problems", ())] == ["unreadable"] * broken


def test_a_western_table_is_doubted_and_right_when_declared() -> None:
    file = str(SAMPLES / "own_tables" / "stock_semicolon_decimal_comma_cp1252.csv")
    for words, wanted in ((), "charset.doubtful"), (("-o", "charset=cp1252"), "charset.declared"):
        _, documents, _ = read(file, *words)
        codes = [finding["code"] for document in documents for finding in document["findings"]]
        assert len(documents) == 2
        assert codes[0] == wanted or (words and "charset.doubtful" not in codes)


def test_what_no_reader_can_take_is_said_with_its_fix() -> None:
    code, documents, summary = read(str(SAMPLES / "own_tables" / "sales_export.xlsx"))
    assert (code, documents, summary["readable"], summary["problem"]["cause"]) == (1, [], False, "unreadable")
    assert summary["problem"]["fix"]


def published() -> list[Path]:
    return sorted((*(SAMPLES / "idoc_flat").glob("*.txt"), *(SAMPLES / "idoc_xml").glob("*.xml"))) if SAMPLES.is_dir() else []


def test_idoc_write_after_read_gives_the_same_bytes() -> None:
    """Clean ones by the writer from tree and style; ones with foreign segments or values too long for SAP are sent round untouched."""
    format: Any = formats({one.name: one.read_text("utf-8") for one in DEFINITIONS.iterdir()})["idoc"]
    clean = []
    for path in published():
        raw = path.read_bytes()
        [document] = format.read(raw)
        assert rewrite(document) == raw, path.name
        if all(finding.severity == "note" for finding in document.findings):
            written = format.write([tree_of(document)], type=document.types[0], assigned={}, **style_of_document(document))
            assert written.payload == raw, path.name
            clean.append(path.name)
    assert len(clean) == 10
