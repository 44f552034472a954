"""Dialects, headings and groups of delimited files."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import Key, problems_of
from adapters.delimited import DelimitedFormat
from canonical_model.problems import Misconfigured, Unreadable
from tests.adapters.delimited.support import codes, groups, keys, read, rows

ORDERS = "no,item,qty\nA,1,10\nB,2,20\nA,3,30\n"


def test_without_group_each_row_is_a_document() -> None:
    documents = read(ORDERS.encode(), type="t")
    assert [document.n for document in documents] == [1, 2, 3]
    assert groups(documents, "item") == ["1", "2", "3"]
    assert (documents[0].types, documents[0].technical, documents[0].format) == (("t",), None, "delimited")


def test_rows_of_a_group_belong_together_wherever_they_stand() -> None:
    documents = read(ORDERS.encode(), group="no")
    assert [[row["item"] for row in rows(document)] for document in documents] == [["1", "3"], ["2"]]
    assert documents[0].path(documents[0].root()[1]["row"][1]) == "row[2]"


def test_consecutive_groups_end_when_the_value_changes() -> None:
    documents = read(ORDERS.encode(), group="no", consecutive="true")
    assert groups(documents, "no") == ["A", "B", "A"]


def test_several_columns_make_a_group_and_the_whole_file_can_be_one() -> None:
    assert len(read(ORDERS.encode(), group=["no", "item"])) == 3
    [document] = read(ORDERS.encode(), whole="true")
    assert len(rows(document)) == 3
    assert len(document.root(frozenset({"row"}))[1]["row"]) == 3
    assert document.root(frozenset())[1] == {}


def test_a_row_without_group_is_held_alone_or_filled_from_above() -> None:
    raw = b"no,item\nA,1\n,2\nB,3\n"
    documents = read(raw, group="no")
    assert keys(documents) == [[], ["delimited:group"], []]
    assert "fill_down" in problems_of(documents[1])[0].fix
    assert [len(rows(document)) for document in read(raw, group="no", fill_down="true")] == [2, 1]


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_every_dialect_is_found(ends: str, delimiter: str, charset: str) -> None:
    table = [["单号", "名称", "数量"], ["1", "燕麦饮料", "1.5"], ["2", "散装麦片", "-3"]]
    raw = "".join(delimiter.join(row) + ends for row in table).encode(charset)
    documents = read(raw)
    assert [list(rows(document)[0].values()) for document in documents] == table[1:]


def test_big_endian_utf16() -> None:
    [document] = read(b"\xfe\xff" + "a,b\n中,2".encode("utf-16-be"))
    assert rows(document) == [{"a": "中", "b": "2"}]


def test_quotes_hold_delimiters_line_breaks_and_quotes() -> None:
    raw = b'a,b,c\r\n"x,1","line 1\r\nline 2","say ""hi"""\r\n1,2,3\r\n'
    first, second = read(raw)
    assert rows(first) == [{"a": "x,1", "b": "line 1\r\nline 2", "c": 'say "hi"'}]
    assert rows(second) == [{"a": "1", "b": "2", "c": "3"}]


def test_nothing_an_empty_text_and_lookalikes_are_told_apart() -> None:
    [document] = read(b'a,b,c,d,e,f,g\nNO,012,1_000,on,null,"",\n')
    assert rows(document) == [{"a": "NO", "b": "012", "c": "1_000", "d": "on", "e": "null", "f": ""}]
    [document] = read(b'a,b\n1,""\n', quoted_empty="absent")
    assert rows(document) == [{"a": "1"}]


def test_blanks_around_a_value_are_no_part_of_it_unless_declared() -> None:
    raw = 'a,b,c\n　x ," y ", "z"\n'.encode()
    assert rows(read(raw)[0]) == [{"a": "x", "b": "y", "c": "z"}]
    assert rows(read(raw, trim="false")[0]) == [{"a": "　x ", "b": " y ", "c": ' "z"'}]


def test_headings_twice_without_name_and_with_line_breaks() -> None:
    raw = '条码,条码,"单据\n编号",,\n1,2,3,4,\n5,6,7,8,\n'.encode()
    assert rows(read(raw)[0]) == [{"条码": "1", "条码.2": "2", "单据 编号": "3", "_4": "4"}]


def test_declared_columns_close_the_layout_and_are_looked_for_below_titles() -> None:
    layout = DelimitedFormat().layout("t", columns=["no", "item", "note ?"])
    assert (layout.open, layout.fields("row"), layout.access("row", "item")) == (False, ("no", "item", "note"), Key("item"))
    assert layout.access("row", "itme") is None
    raw = b"Sales report,,,\nfrom,2026-11-01,to,2026-11-02\nitem,no,extra,\n1,A,x,\n"
    [document] = read(raw, columns=["no", "item", "note ?"])
    assert rows(document) == [{"item": "1", "no": "A", "extra": "x"}]
    assert codes([document]) == ["delimited.title_line", "delimited.title_line", "delimited.unknown_column"]


def test_a_missing_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(Unreadable, match=r"no column '单据编号' \(did you mean '单据编码'\?\)"):
        read("单据编码,数量\n1,2\n".encode(), group="单据编号")
    with pytest.raises(Unreadable, match="no column 'qty'"):
        read(b"no,item\n1,2\n", columns=["no", "item", "qty"])


def test_title_lines_above_the_headings_are_reported() -> None:
    raw = "销售日报表\n制表人：王,,,\n\n单号,名称,数量,备注\n1,燕麦,2,\n".encode("gbk")
    [document] = read(raw)
    assert rows(document) == [{"单号": "1", "名称": "燕麦", "数量": "2"}]
    assert codes([document]) == ["delimited.title_line"] * 2


def test_headings_can_be_in_a_declared_row_or_missing() -> None:
    assert rows(read(b"x,y\nno,item\n1,2\n", header="2")[0]) == [{"no": "1", "item": "2"}]
    assert rows(read(b"1,2\n3,4\n", header="none")[0]) == [{"_1": "1", "_2": "2"}]
    assert rows(read(b"1,2\n3,4\n", header="none", columns=["no", "item"])[1]) == [{"no": "3", "item": "4"}]
    assert codes(read(b"2026-11-02,20\n2026-11-03,30\n")) == ["delimited.header_doubtful"]
    with pytest.raises(Unreadable, match="declared in row 9"):
        read(b"a,b\n1,2\n", header="9")


def test_one_column_has_no_delimiter() -> None:
    assert groups(read(b"gtin\n9506000101019\n9506000101033\n"), "gtin") == ["9506000101019", "9506000101033"]


def test_headings_and_no_rows_are_no_documents_and_an_empty_file_is_unreadable() -> None:
    assert read(b"no,item\r\n") == []
    assert read("no,item\r\n合计,\r\n".encode()) == []
    for raw in (b"", b"\r\n\n", b"\xef\xbb\xbf"):
        with pytest.raises(Unreadable, match="empty"):
            read(raw)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"groop": "no"}, "did you mean 'group'"),
        ({"delimiter": "ab"}, "not one character"),
        ({"charset": "gkb"}, "not known"),
        ({"whole": "yes"}, "true or false"),
        ({"header": "0"}, "counted from 1"),
        ({"columns": ["a", "a"]}, "declared twice"),
        ({"group": "a", "whole": "true"}, "contradict"),
        ({"header": "none", "group": "a"}, "columns"),
        ({"columns": {"a": "b"}}, "list of headings"),
    ],
)
def test_wrong_words_are_refused_by_name(options: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured) as failure:
        DelimitedFormat().layout("t", **options)
    assert said in str(failure.value)


def test_layouts_are_equal_when_all_options_are() -> None:
    one, other = DelimitedFormat().layout("t", group="no"), DelimitedFormat().layout("t", group=["no"])
    assert (one, hash(one), one.hash) == (other, hash(other), other.hash)
    assert one != DelimitedFormat().layout("t", group="no", charset="gbk")
