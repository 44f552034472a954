"""Dirt in delimited files: reported with its place, held where it cannot be trusted, never replaced."""

from __future__ import annotations

import pytest

from adapters.base import problems_of
from canonical_model.problems import Unreadable
from tests.adapters.delimited.support import codes, groups, keys, read, rows


def test_total_rows_are_left_out_wherever_they_stand() -> None:
    raw = '单号,名称,数量\n1,燕麦,2\n小 计：,,2\n2,麦片,3\n合计,,5\n"总计",,5\nTotal,,5\n'.encode()
    documents = read(raw)
    assert groups(documents, "单号") == ["1", "2"]
    assert codes(documents) == ["delimited.total_row"] * 4


def test_an_item_that_is_called_like_a_total_is_data() -> None:
    assert groups(read(b"item,no,qty\nTotal,A,1\nTotal,,2\n", group="no"), "qty") == ["1"]
    assert groups(read(b"item,qty\nTotal,1\n"), "item") == ["Total"]
    assert groups(read(b"item,qty\nTotal,\n", totals=[]), "item") == ["Total"]
    assert groups(read("item,qty\n结余,\n1,2\n".encode(), totals=["结余"]), "item") == ["1"]


def test_headings_that_stand_again_blank_rows_and_trailing_delimiters() -> None:
    raw = b"no,item\nA,1,\n\n , \nno,item\n,,\nB,2,\n"
    documents = read(raw)
    assert groups(documents, "no") == ["A", "B"]
    assert sorted(codes(documents)) == ["delimited.repeated_header", "delimited.trailing_delimiter"]


def test_a_short_row_is_reported_and_a_long_one_holds_its_document() -> None:
    raw = b"no,item,note\nA,1\nB,2,x,y\nC,3,z\n"
    documents = read(raw)
    assert [rows(document)[0] for document in documents] == [
        {"no": "A", "item": "1"},
        {"no": "B", "item": "2", "note": "x"},
        {"no": "C", "item": "3", "note": "z"},
    ]
    assert codes(documents) == ["delimited.ragged_row"]
    assert keys(documents) == [[], ["delimited:ragged"], []]
    assert problems_of(documents[1])[0].value == "B,2,x,y"


def test_a_column_that_all_rows_have_and_no_heading_names_is_no_damage() -> None:
    documents = read(b"no,item\nA,1,x\nB,2,y\n")
    assert rows(documents[1]) == [{"no": "B", "item": "2", "_3": "y"}]
    assert keys(documents) == [[], []]


def test_a_stray_quote_costs_one_row() -> None:
    raw = 'no,name,qty\nA,"大号,1\nB,5" pipe,2\nC,"大"号,3\nD,"ok",4\n'.encode()
    documents = read(raw)
    assert groups(documents, "no") == ["A", "B", "C", "D"]
    assert keys(documents) == [["delimited:quote"], [], [], []]
    assert codes(documents) == ["delimited.text_after_quote"]
    assert groups(documents, "name") == ['"大号', '5" pipe', '"大"号', "ok"]
    assert groups(read(raw, quote="none"), "name") == ['"大号', '5" pipe', '"大"号', '"ok"']


def test_a_quote_that_closes_lines_later_with_text_behind_it_is_not_a_long_cell() -> None:
    raw = b'no,name\nA,"x\nB,"y"\nC,z\n'
    assert groups(read(raw), "no") == ["A", "B", "C"]


def test_codes_that_a_spreadsheet_rounded_are_reported_by_column() -> None:
    raw = b"no,code,weight\n1,6.90129E+12,1.5\n2,6.90129E+12,2.5\n"
    [document] = read(raw, whole="true")
    found = [finding for finding in document.findings if finding.code == "delimited.scientific_notation"]
    assert [finding.details["column"] for finding in found] == ["code"]
    assert rows(document)[0]["code"] == "6.90129E+12"


def test_codes_of_different_lengths_hint_at_lost_zeros() -> None:
    assert "delimited.leading_zeros" in codes(read("存货编码,数量\n10101,1\n10102,1\n1010103,1\n".encode(), whole="true"))
    assert "delimited.leading_zeros" not in codes(read("存货编码,数量\n0010101,1\n10102,1\n1010103,1\n".encode(), whole="true"))


def test_a_lost_byte_that_swallows_the_delimiter_holds_the_row() -> None:
    good = "A|店|1\n".encode("gbk")
    raw = b"no|name|qty\n" + good + b"B|\xb5|2\n" + "C|店|3\nD|祙\n".encode("gbk")
    documents = read(raw, group="no", charset="gbk")
    assert groups(documents, "no") == ["A", "B", "C", "D"]
    assert keys(documents) == [[], ["delimited:ragged"], [], ["delimited:ragged"]], "祙 is D8 7C... a short row with it is not trusted"
    assert "half a character" in problems_of(documents[1])[0].fact


def test_a_broken_row_that_is_ragged_too_is_given_to_no_group() -> None:
    raw = b"no|name|qty\n" + "A|店|1\n".encode("gbk") + b"A|\xb5\n" + "B|店|2\n".encode("gbk")
    documents = read(raw, group="no", charset="gbk")
    assert [len(rows(document)) for document in documents] == [1, 1, 1]
    assert keys(documents) == [[], ["delimited:bytes"], []]


def test_broken_bytes_in_other_charsets() -> None:
    documents = read("no,name\n1,中".encode() + b"\xff" + "\n2,文\n3,字\n".encode())
    assert keys(documents) == [["delimited:bytes"], [], []]
    documents = read("no,name\n1,中\n2,文".encode("utf-16") + b"\x61")
    assert keys(documents) == [[], ["delimited:bytes"]]
    assert problems_of(documents[1])[0].value == "文\\x61"


def test_a_damaged_document_has_a_fingerprint_of_its_own() -> None:
    one = read(b"no,name\n1,\xff\n2,\xe4\xb8\xad\n3,\xe4\xb8\xad\n")[0].fingerprint()
    other = read(b"no,name\n1,\xfe\n2,\xe4\xb8\xad\n3,\xe4\xb8\xad\n")[0].fingerprint()
    assert one != other


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old workbook"),
        (b"a,b\n1,\x00\n", "NUL"),
        ("a,b\n1,2\n".encode("utf-16-le"), "NUL"),
        (b"%PDF-1.7", "PDF"),
        (b"a,b\n1,\xff\xff\n2,\xe9\xff\n", "neither valid UTF-8 nor valid GB18030"),
    ],
)
def test_what_is_not_text_is_said(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read(raw)


def test_volatile_columns_and_the_order_of_columns_do_not_change_the_content() -> None:
    [one] = read(b"no,item,printed\nA,1,9:05\n")
    [other] = read(b"item,no,printed\n1,A,9:06\n")
    assert one.fingerprint() != other.fingerprint()
    volatile = frozenset({("row", "printed")})
    assert one.fingerprint(volatile) == other.fingerprint(volatile)
