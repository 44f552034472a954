"""The sales export of a small Chinese program, in every charset it was seen in."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import problems_of
from canonical_model.places import Bytes
from tests.adapters.delimited.support import codes, keys, read, rows
from tests.samples import SAMPLES, need_samples

pytestmark = need_samples
TABLES = SAMPLES / "own_tables"

FILES = [
    ("sales_export_gbk.csv", "gb18030", "strictly valid", "comma"),
    ("sales_export_gb18030.csv", "gb18030", "strictly valid", "comma"),
    ("sales_export_tab_gbk.txt", "gb18030", "strictly valid", "tab"),
    ("sales_export_utf16.csv", "utf-16-le", "byte order mark", "tab"),
    ("sales_export_utf8_bom.csv", "utf-8", "byte order mark", "comma"),
]


@pytest.mark.parametrize(("name", "charset", "why", "delimiter"), FILES)
def test_sales_export(name: str, charset: str, why: str, delimiter: str) -> None:
    documents = read((TABLES / name).read_bytes(), type="sales", group="单据编号")
    assert [len(rows(document)) for document in documents] == [2, 1]
    first, second = rows(documents[0])
    assert (first["单据编号"], first["存货编码"], first["条形码"], first["数量"]) == ("XS-20261102-0007", "0010101", "9506000101019", "24")
    assert (second["单据日期"], second["数量"], second["金额"]) == ("2026/11/2 9:05", "1,200", "50,400.00")
    assert "条形码" not in second
    assert second["备注"] == "整单，赠品另计"
    [returned] = rows(documents[1])
    assert (returned["往来单位"], returned["数量"]) == ("苏州示例超市（园区店）", "-4.5")
    decided, dialect, total = documents[0].findings
    assert decided.details == {"charset": charset, "why": why}
    assert dialect.details == {"delimiter": delimiter, "columns": "17"}
    assert total.code == "delimited.total_row"
    assert "合计" in total.text
    assert codes(documents[1:]) == []
    assert keys(documents) == [[], []]


def test_four_byte_characters_of_gb18030_are_read() -> None:
    [_, document] = read((TABLES / "sales_export_gb18030.csv").read_bytes(), group="单据编号")
    assert rows(document)[0]["存货名称"] == "散装麦片㎏𠮷"


def test_the_same_content_in_another_charset_and_dialect_has_the_same_fingerprint() -> None:
    prints = {
        name: [document.fingerprint() for document in read((TABLES / name).read_bytes(), group="单据编号")]
        for name, *_ in FILES
        if name != "sales_export_gb18030.csv"
    }
    assert len({tuple(each) for each in prints.values()}) == 1


def test_a_lost_byte_holds_its_own_document_and_no_other() -> None:
    raw = (TABLES / "sales_export_gbk_broken_byte.csv").read_bytes()
    before, broken = read(raw, group="单据编号")
    assert keys([before, broken]) == [[], ["delimited:bytes"]]
    [problem] = problems_of(broken)
    assert problem.place == Bytes(477, 478)
    assert "line 4, column 往来单位" in problem.fact
    assert problem.value is not None
    assert "\\xa9" in problem.value
    [row] = rows(broken)
    assert "往来单位" not in row, "what is broken is absent, never replaced"
    assert (row["单据编号"], row["存货编码"]) == ("XS-20261102-0008", "0010103"), "key and search numbers can still be taken"
    assert "charset.broken_bytes" in codes([before])


@pytest.mark.parametrize(("options", "name", "doubtful"), [({"charset": "cp1252"}, "Müsli lose", False), ({}, "M黶li lose", True)])
def test_a_western_file_is_read_as_declared_and_doubted_when_it_is_not(options: dict[str, Any], name: str, doubtful: bool) -> None:
    documents = read((TABLES / "stock_semicolon_decimal_comma_cp1252.csv").read_bytes(), **options)
    assert len(documents) == 2
    assert rows(documents[0]) == [
        {"Artikel": "4711", "Bezeichnung": name, "Menge": "1.234,50", "Einheit": "KG", "Preis": "15,00", "MHD": "31.12.2026"}
    ]
    assert ("charset.doubtful" in codes(documents)) == doubtful
