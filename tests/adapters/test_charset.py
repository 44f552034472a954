"""The charset of a message: the order of the decision, what is not guessed, and that places survive decoding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.charset import CHARSETS, DAMAGED, Offsets, codec, decode, encode, unencodable
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable

CHINESE = "单据编号,存货\n南京示例便利店,燕麦饮料\n"


@pytest.mark.parametrize(
    ("raw", "declared", "charset", "skip"),
    [
        (CHINESE.encode(), None, "utf-8", 0),
        (CHINESE.encode("gbk"), None, "gb18030", 0),
        (CHINESE.encode("utf-8-sig"), None, "utf-8", 3),
        (CHINESE.encode("utf-16"), None, "utf-16-le", 2),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), None, "utf-16-be", 2),
        (CHINESE.encode("gbk"), "gbk", "gbk", 0),
        (CHINESE.encode("gbk"), "GB2312", "gbk", 0),
        (CHINESE.encode("utf-8-sig"), "utf-8", "utf-8", 3),
        (CHINESE.encode("utf-16"), "UTF-16", "utf-16-le", 2),
        (CHINESE.encode("utf-16-le"), "utf-16", "utf-16-le", 0),
        (CHINESE.encode("big5", "ignore"), "big5", "cp950", 0),
        ((CHINESE + "𠮷").encode("gb18030"), "gbk", "gb18030", 0),
    ],
)
def test_declared_then_mark_then_utf8_then_gb18030(raw: bytes, declared: str | None, charset: str, skip: int) -> None:
    decoded = decode(raw, declared)
    assert (decoded.charset, decoded.skip, decoded.damaged) == (charset, skip, False)
    assert decoded.text == raw[skip:].decode(charset)
    assert decoded.finding.details["charset"] == charset


def test_two_statements_that_contradict_each_other_are_not_guessed() -> None:
    with pytest.raises(Unreadable, match="gbk is declared and the file begins with the byte order mark of utf-8"):
        decode(CHINESE.encode("utf-8-sig"), "gbk")
    with pytest.raises(Unreadable, match="all of it is valid gb18030"):
        decode(CHINESE.encode("gbk"), "utf-8")


def test_a_western_file_is_hinted_at_not_guessed() -> None:
    with pytest.raises(Unreadable, match="cp1252"):
        decode("Gruß\nCafé\n".encode("cp1252"))
    doubted = decode("Müsli;1\nKäse;2\n".encode("cp1252"))
    assert (doubted.charset, doubted.finding.code) == ("gb18030", "charset.doubtful")
    assert decode("单据㎏𠮷".encode("gb18030")).finding.code == "charset.decided"


def test_a_broken_byte_is_kept_and_found() -> None:
    raw = CHINESE.encode("gbk") + b"\xa9\n" + CHINESE.encode("gbk")
    decoded = decode(raw)
    at = raw.index(b"\xa9\n")
    assert (decoded.damaged, decoded.finding.code, decoded.finding.place) == (True, "charset.broken_bytes", Bytes(at, at + 1))
    assert len(DAMAGED.findall(decoded.text)) == 1
    assert encode(decoded.text, decoded.charset) == raw


def test_unknown_charsets_are_refused_and_known_ones_are_stateless() -> None:
    with pytest.raises(Misconfigured, match="gkb"):
        codec("gkb")
    for name in set(CHARSETS.values()) - {"utf-16"}:
        assert "ab".encode(name) == "a".encode(name) + "b".encode(name)


def test_what_a_charset_lacks() -> None:
    assert unencodable("3 m³ 5 m³ €é", "gbk") == "³€"
    assert unencodable("燕麦", "gbk") == ""
    assert unencodable("燕麦a", "ascii") == "燕麦"


@settings(deadline=None)
@given(
    st.text("ab,\n中文字㎏𠮷éß", max_size=40).map(lambda text: text * 300),
    st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-16-be"]),
    st.data(),
)
def test_places_lead_back_to_the_bytes(text: str, charset: str, data: st.DataObject) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(charset, b"")
    raw = mark + text.encode(charset)
    offsets = Offsets(decode(raw, None if mark else charset))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    place = offsets.place(start, end)
    assert raw[place.start : place.end].decode(charset) == text[start:end]
    assert offsets.character(place.start) == start


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from([None, *sorted(set(CHARSETS))]))
def test_any_bytes_are_decoded_or_refused_and_nothing_is_lost(raw: bytes, declared: str | None) -> None:
    try:
        decoded = decode(raw, declared)
    except Unreadable:
        return
    assert decoded.damaged == bool(DAMAGED.search(decoded.text))
    if decoded.charset.startswith("utf-16") and decoded.damaged:
        return  # an odd last byte has no code unit of its own
    again = encode(decoded.text, decoded.charset)
    assert len(again) == len(raw) - decoded.skip
    if decoded.charset != "cp932":  # has characters at two code points, of two bytes each
        assert again == raw[decoded.skip :]


def test_every_two_byte_pair_of_gb18030_goes_both_ways() -> None:
    for lead in range(0x81, 0xFF):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF)):
            pair = bytes((lead, trail))
            assert encode(pair.decode("gb18030", "surrogateescape"), "gb18030") == pair
