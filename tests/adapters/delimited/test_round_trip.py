"""Random tables, written in a random charset and dialect, are read back equal, and every place holds."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from adapters.delimited import DelimitedFormat
from canonical_model.problems import Hold, Unreadable
from tests.adapters.delimited.support import FORMAT, check_places, read, rows

CHINESE = "燕麦饮料散装箱瓶千克合计店（园区），整单赠品另计㎏"
LETTERS = "aZ09 ,;|\t\"'\n\r.-+_/\\%" + CHINESE
CHARSETS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"]
TRICKY = st.sampled_from(["NO", "012", "1_000", "on", "null", "", '"', '""', "6.90E+12", "-", "a\r\nb", "合计", "''", '","', "\\"])

texts = st.one_of(TRICKY, st.text(LETTERS, max_size=12))
headings = st.lists(st.text("abcdef编号名称数量", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)
dialects = st.fixed_dictionaries(
    {
        "charset": st.sampled_from(CHARSETS),
        "delimiter": st.sampled_from(["comma", "tab", "semicolon", "pipe"]),
        "quote": st.sampled_from(['"', "'"]),
        "line_end": st.sampled_from(["crlf", "lf", "cr"]),
        "bom": st.booleans(),
        "trim": st.just("false"),
        "totals": st.just([]),
    }
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[dict[str, str]]]:
    """Headings and rows; the first cell of a row is filled, so that no row is blank."""
    names = draw(headings)
    row = st.fixed_dictionaries({names[0]: st.text("k0123", min_size=1, max_size=4)}, optional=dict.fromkeys(names[1:], texts))
    return names, draw(st.lists(row, max_size=6))


def is_utf8(raw: bytes) -> bool:
    """Whether a GBK text happens to be valid UTF-8 beyond ASCII: the rule reads it as that, rightly or not."""
    try:
        return not raw.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def as_read(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a writer for its reader: a byte order mark says the charset of UTF-16."""
    return {name: value for name, value in options.items() if name not in ("bom", "line_end")}


@settings(deadline=None)
@given(tables(), dialects)
@example((["编号", "a"], [{"编号": "1", "a": ""}]), {"charset": "utf-16", "delimiter": "tab", "trim": "false"})
def test_what_is_written_is_read_back(table: tuple[list[str], list[dict[str, str]]], options: dict[str, Any]) -> None:
    names, own = table
    written = FORMAT.write([{"row": own}], type="t", assigned={}, **options, columns=names)
    options = as_read(options)
    assert [rows(document)[0] for document in read(written.payload, **options, columns=names)] == own
    assert [row for document in read(written.payload, **options, whole="true") for row in rows(document)] == own


@settings(deadline=None)
@given(tables(), dialects.filter(lambda options: options["charset"] not in ("utf-16-le", "utf-16-be")))
def test_charset_and_delimiter_are_found_where_headings_are_declared(
    table: tuple[list[str], list[dict[str, str]]], options: dict[str, Any]
) -> None:
    names, own = table
    written = FORMAT.write([{"row": own}], type="t", assigned={}, **options, columns=names)
    assume(not options["charset"].startswith("gb") or not is_utf8(written.payload))
    found = [rows(document)[0] for document in read(written.payload, quote=options["quote"], trim="false", totals=[], columns=names)]
    assert found == own


@settings(deadline=None)
@given(tables(), st.sampled_from([",", "\t", ";", "|"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_another_program_writes_is_read(table: tuple[list[str], list[dict[str, str]]], delimiter: str, quoting: int) -> None:
    names, own = table
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([names, *([row.get(name, "") for name in names] for row in own)])
    documents = read(file.getvalue().encode("gb18030"), charset="gb18030", delimiter=delimiter, columns=names, trim="false", totals=[])
    assert [{name: text for name, text in rows(document)[0].items() if text} for document in documents] == [
        {name: text for name, text in row.items() if text} for row in own
    ]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_documents_or_unreadable(raw: bytes) -> None:
    try:
        documents = list(DelimitedFormat().read(raw))
    except Unreadable:
        return
    for document in documents:
        check_places(raw, document)
        assert len(document.fingerprint()) == 16


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b'"', b",", b"\n", b"\r", b" ", b";", b"\xb5\xe3", b"\xb5", b"|", b"1"]), max_size=60),
    st.sampled_from(["gbk", "utf-8"]),
)
def test_any_dirt_is_documents_or_unreadable(parts: list[bytes], charset: str) -> None:
    raw = b"a,b,c\n" + b"".join(parts)
    try:
        documents = list(DelimitedFormat().read(raw, charset=charset, group="a"))
    except (Unreadable, Hold):
        return
    for document in documents:
        check_places(raw, document)
        list(document.findings)
