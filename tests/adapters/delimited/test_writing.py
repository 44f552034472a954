"""Writing delimited files: what stands in them, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import Written
from canonical_model.problems import Cause, Hold
from tests.adapters.delimited.support import FORMAT


def write(*trees: Any, **options: Any) -> Written:
    return FORMAT.write(trees, type="t", assigned={}, **options)


def test_rows_in_the_declared_order_with_headings() -> None:
    tree = {"no": "A", "row": [{"item": "012", "qty": "1"}, {"item": "x,y", "qty": None}]}
    assert write(tree, columns=["no", "item", "qty"]).payload == b'no,item,qty\r\nA,012,1\r\nA,"x,y",\r\n'
    assert write(tree, {"no": "B", "row": {"item": "3"}}).payload == b'no,item,qty\r\nA,012,1\r\nA,"x,y",\r\nB,3,\r\n'


def test_dialect_charset_and_headings_as_declared() -> None:
    written = write({"单号": "1", "备注": "整单"}, charset="gbk", delimiter="tab", line_end="lf")
    assert written.payload == "单号\t备注\n1\t整单\n".encode("gbk")
    assert write({"a": "1"}, header="none", bom="true").payload == b"\xef\xbb\xbf1\r\n"
    assert write({"a": "中"}, charset="utf-16").payload == b"\xff\xfe" + "a\r\n中\r\n".encode("utf-16-le")
    assert write({"条码": "1", "条码.2": "2", "_3": "3"}).payload == "条码,条码,\r\n1,2,3\r\n".encode()


def test_an_empty_text_is_told_from_nothing() -> None:
    assert write({"row": [{"a": "1", "b": ""}, {"a": "1", "b": None}]}).payload == b'a,b\r\n1,""\r\n1,\r\n'


def test_what_the_charset_cannot_hold_is_refused_by_name_or_replaced_as_declared() -> None:
    tree = {"row": [{"name": "5 m³"}, {"name": "6 m³ €"}]}
    with pytest.raises(Hold) as failure:
        write(tree, charset="gbk", replace={"³": "3"})
    [problem] = failure.value.problems
    assert (problem.cause, problem.key) == (Cause.INVALID_VALUE, "delimited:charset:name")
    assert "row 2, column name: gbk has no '³€'" in problem.fact
    written = write(tree, charset="gbk", replace={"³": "3", "€": "EUR"})
    assert written.payload == b"name\r\n5 m3\r\n6 m3 EUR\r\n"
    assert [finding.code for finding in written.findings] == ["delimited.replaced"] * 2


def test_lengths_are_checked_in_bytes_of_the_charset() -> None:
    tree = {"row": [{"name": "燕麦饮料"}, {"name": "燕麦饮料X"}]}
    assert write({"name": "燕麦饮料"}, charset="gbk", bytes={"name": "8"}).findings == ()
    with pytest.raises(Hold, match="row 2, column name: 9 bytes in gbk, the receiver takes 8"):
        write(tree, charset="gbk", bytes={"name": "8"})


def test_what_needs_quotes_where_there_are_none_is_refused() -> None:
    assert write({"a": 'x"y'}, quote="none").payload == b'a\r\nx"y\r\n'
    with pytest.raises(Hold, match="quotes are switched off"):
        write({"a": "x,y"}, quote="none")


def test_a_field_that_is_no_column_is_a_fault_of_the_mapping() -> None:
    with pytest.raises(Hold) as failure:
        write({"no": "1", "itme": "2"}, columns=["no", "item"])
    assert [(problem.cause, problem.fact) for problem in failure.value.problems] == [(Cause.MAPPING_ERROR, "column 'itme' is not declared")]


def test_same_arguments_same_bytes() -> None:
    tree = {"b": "1", "a": "2", "row": [{"c": "3"}]}
    assert write(tree).payload == write(tree).payload == b"b,a,c\r\n1,2,3\r\n"
