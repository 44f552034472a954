"""Cutting: separators from ISA however it is broken, envelopes in any state, each dirt with its code."""

from __future__ import annotations

import pytest

from adapters.base import Document, Format
from canonical_model.problems import HubError, Misconfigured, Unreadable
from tests.adapters.x12.support import FORMAT, GS, ISA, MESSAGE, ORDER, below, check_places, codes, only, read, value

PLAIN = MESSAGE.replace(">1>2", "")
TRAILER = "GE*1*42~IEA*1*000000042~"


def test_the_format_keeps_the_contract() -> None:
    format: Format = FORMAT
    document: Document = only(MESSAGE)
    assert format.name == document.format == "x12"
    assert document.types == ("850/00", "850")
    assert document.technical == ("x12", "000000042", "42", "0001")
    assert document.n == 1
    assert document.findings == ()
    assert MESSAGE.encode()[document.place.start : document.place.end].startswith(b"ST*850")
    assert {name: document.control[name] for name in ("sender", "receiver", "version", "ISA06", "GS08", "ST01", "terminator")} == {
        "sender": "ZZ:AGENT-GD", "receiver": "14:9506000000013", "version": "004010", "ISA06": "AGENT-GD", "GS08": "004010",
        "ST01": "850", "terminator": "~",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("element", "terminator", "component"),
    [
        ("*", "~", ">"), ("~", "}", ">"), ("~", "\r", ">"), ("*", "\n", ">"), ("*", "\r\n", ">"), ("^", "~", ":"), ("*", "^", ":"),
        ("*", "\\", ">"), ("~", "*", "`"), (">", "\r", "<"), ("*", "|", "~"), ("\x1d", "\x1c", "\x1f"), ("*", "…", ">"), ("\t", "!", ">"),
        ("*", "。", ">"), ("*", "'", "+"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("between", ["", "\r\n", "\n    "])
def test_separators(element: str, terminator: str, component: str, between: str) -> None:
    table = {ord("*"): element, ord("~"): terminator + between, ord(">"): component}
    raw = MESSAGE.translate(table).encode()
    document = only(raw)
    assert document.envelope.separators.element == element
    assert document.fingerprint() == only(MESSAGE).fingerprint()
    assert not [finding for finding in document.findings if finding.severity != "note"]
    assert check_places(raw, document) == check_places(MESSAGE.encode(), only(MESSAGE))


def test_components_do_not_depend_on_the_separator() -> None:
    for component in (">", ":", "\x1f"):
        document = only(MESSAGE.replace(">", component))
        mea = document.root()[1]["PO1"][0][1]["PID"][0][1]["MEA"]
        assert [value(document, mea[0], name) for name in ("MEA04", "MEA04-1", "MEA04-2", "MEA04-3", "MEA04-4")] == [
            "KG",
            "KG",
            "1",
            "2",
            None,
        ]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("\ufeff" + MESSAGE, "x12.bom"),
        ("HTTP junk\r\n" + MESSAGE, "x12.leading_data"),
        (PLAIN.replace("*P*>~", "*P*~"), "x12.isa16_missing"),
        (PLAIN.replace("*P*>~", "*P*~").replace("~", "~\n"), "x12.isa16_missing"),
        (PLAIN.replace("*P*>~", "*P*\n").replace("~", "\n"), "x12.isa16_missing"),
        (PLAIN.replace("*P*>~", "*P*U~"), "x12.component_separator"),
        (MESSAGE.replace("~", " \r\n"), "x12.blank_before_terminator"),
        (MESSAGE.replace("AGENT-GD       *14", "AGENT*GD       *14"), "x12.isa_elements"),
        (MESSAGE.replace("*00*          *ZZ", "*ZZ"), "x12.isa_elements"),
        (MESSAGE.replace("AGENT-GD       *14", "AGENT-GD*14"), "x12.isa_length"),
        (MESSAGE.replace("*000000042*0", "*ABC*0"), "x12.isa13"),
        (MESSAGE.replace("IEA*1*000000042~", "IEA*1*000000043~"), "x12.iea02_mismatch"),
        (MESSAGE.replace("IEA*1", "IEA*2"), "x12.iea01_count"),
        (MESSAGE.replace("GE*1*42", "GE*2*42"), "x12.ge01_count"),
        (MESSAGE.replace("GE*1*42", "GE*1*43"), "x12.ge02_mismatch"),
        (MESSAGE.replace("SE*16", "SE*17"), "x12.se01_count"),
        (MESSAGE.replace("SE*16", "SE*x"), "x12.se01_count"),
        (MESSAGE.replace("SE*16*0001", "SE*16*0002"), "x12.se02_mismatch"),
        (MESSAGE.replace("SE*16*0001~", ""), "x12.se_missing"),
        (MESSAGE.replace("GE*1*42~", ""), "x12.ge_missing"),
        (MESSAGE.replace("IEA*1*000000042~", ""), "x12.iea_missing"),
        (ISA + ORDER + "IEA*0*000000042~", "x12.st_outside_group"),
        (MESSAGE.replace("ST*850*0001", "ST*850"), "x12.st02"),
        (ISA + GS + "ZZZ*1~" + ORDER + TRAILER, "x12.stray_segment"),
        (GS + ORDER + "GE*1*42~", "x12.no_isa"),
        (ORDER, "x12.no_isa"),
        (MESSAGE.replace("~", "~\n").replace("CUR*BY*CNY~", "CUR*BY*CNY"), "x12.terminator_missing"),
        (MESSAGE.replace("Sesame", "Ses\r\name"), "x12.wrapped"),
    ],
)
def test_each_dirt_is_reported_and_read(message: str, code: str) -> None:
    documents = read(message)
    assert len(documents) == 1
    assert code in codes(*documents)
    assert documents[0].fingerprint() in (only(MESSAGE).fingerprint(), only(PLAIN).fingerprint())
    check_places(message.encode(), documents[0])
    assert all(finding.place is not None for finding in documents[0].findings if finding.code == code)


def test_st_without_an_envelope_has_no_technical_id() -> None:
    document = only(ORDER.replace("~", "\n"))
    assert document.technical is None
    assert document.types == ("850/00", "850")
    assert codes(document) == {"x12.no_isa", "x12.no_gs"}


def test_several_interchanges_with_other_separators_and_no_terminator_between() -> None:
    second = MESSAGE.translate({ord("*"): "|", ord("~"): "\n"}).replace("000000042", "000000043")
    documents = read(MESSAGE.rstrip("~") + "\n" + second + "\r\n\r\n" + MESSAGE)
    assert [document.control["ISA13"] for document in documents] == ["000000042", "000000043", "000000042"]
    assert [document.n for document in documents] == [1, 2, 3]
    assert len({document.fingerprint() for document in documents}) == 1
    assert "x12.trailing_data" in codes(*read(MESSAGE + "%%%" + MESSAGE))


def test_an_interchange_that_never_ends_does_not_swallow_the_next() -> None:
    cut = MESSAGE[: MESSAGE.index("PO1*20")]
    documents = read(cut + MESSAGE)
    assert [len(document.body) for document in documents] == [10, 14]
    assert codes(documents[0]) >= {"x12.se_missing", "x12.ge_missing", "x12.iea_missing"}
    assert codes(documents[1]) == set()


def test_trailers_speak_to_the_last_document_of_their_group() -> None:
    other = ORDER.replace("0001", "0002")
    first, second = read(ISA + GS + ORDER + other + "GE*3*42~IEA*1*000000042~")
    assert codes(first) == set()
    assert codes(second) == {"x12.ge01_count"}
    assert codes(*read(ISA + GS + ORDER + ORDER + "GE*2*42~IEA*1*000000042~")) == {"x12.st02"}


def test_documents_come_lazily() -> None:
    documents = FORMAT.read((ISA + GS + ORDER * 2000 + "GE*2000*42~IEA*1*000000042~").encode())
    assert next(documents).n == 1
    assert next(documents).n == 2


def test_ta1_is_a_document_of_its_own() -> None:
    first, second = read(ISA + "TA1*000000007*261120*0800*A*000~TA1*000000008*261120*0801*R*001~IEA*0*000000042~")
    assert first.types == ("TA1",)
    assert first.technical == ("x12", "000000042", "TA1", "000000007")
    ta1 = second.root()[1]["TA1"][0]
    assert [value(second, ta1, name) for name in ("TA101", "TA104", "TA105")] == ["000000008", "R", "001"]
    assert first.fingerprint() != second.fingerprint()
    assert codes(first, second) == set()


def test_binary_segments_hold_anything() -> None:
    content = b"a~b*c\r\n\x00\xff~"
    body = b"ST*841*0001~BIN*%d*" % len(content) + content + b"~BDS*ASC*3*x~y~SE*4*0001~"
    raw = ISA.encode() + GS.encode() + body + TRAILER.encode()
    document = only(raw)
    assert [segment[2] for segment in document.body] == [["BIN", str(len(content)), content.decode("latin-1")], ["BDS", "ASC", "3", "x~y"]]
    assert "x12.se01_count" not in codes(document)
    check_places(raw, document)
    wrong = only(raw.replace(b"BIN*%d*" % len(content), b"BIN*99*"))
    assert wrong.trailer is not None
    assert "x12.binary_length" in codes(wrong)
    assert "x12.binary_length" not in codes(document)


def test_text_outside_ascii_keeps_its_bytes() -> None:
    for charset, declared in (("utf-8", None), ("gb18030", None), ("gbk", "gbk"), ("utf-16-le", "utf-16-le")):
        raw = MESSAGE.replace("Guangdong agent", "广东代理|商").encode(charset)
        document = only(raw, charset=declared)
        buyer = document.root()[1]["N1"][0]
        assert value(document, buyer, "N102") == "广东代理|商"
        check_places(raw, document)


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"ISA", b"ISA*", b"ISA*00*x", b"UNB+UNOA:1+A+B'", b"\xff\xfe\x00", ISA.encode() + b"IEA*0*000000042~"]
)
def test_what_is_no_message_is_unreadable_and_says_why(raw: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw)
    assert caught.value.problems[0].key
    assert caught.value.problems[0].fact


def test_a_broken_byte_names_its_place() -> None:
    with pytest.raises(HubError) as caught:
        read(MESSAGE.encode().replace(b"Store 7", b"Store \xff"), charset="utf-8")
    assert "utf-8" in str(caught.value)


def test_strict_makes_warnings_errors() -> None:
    message = MESSAGE.replace("SE*16", "SE*17")
    assert [finding.severity for finding in only(message).findings] == ["warning"]
    assert [finding.severity for finding in only(message, strict=True).findings] == ["error"]


def test_a_type_that_is_none_is_misconfigured() -> None:
    with pytest.raises(Misconfigured):
        FORMAT.layout("orders")
    assert FORMAT.layout("810").open
    assert not FORMAT.layout("850/00").open


def test_only_wanted_records_are_built() -> None:
    document = only(MESSAGE)
    root = document.root(frozenset({"N1", "PO1", "PAIR"}))
    assert {node[0][0] for node in below(root)} == {"ISA", "GS", "ST", "N1", "PO1", "PAIR", "N9", "PID", "CTT"}
    everything = {str(node[2]) for node in below(document.root())}
    assert {str(node[2]) for node in below(root)} < everything


def test_a_message_that_lost_its_terminators_is_read_line_by_line_and_not_slowly() -> None:
    lines = "".join(f"PO1*{n}*1*EA*3~" for n in range(20_000))
    message = f"{ISA}\n" + (GS + ORDER.replace("CTT", lines + "CTT") + TRAILER).replace("~", "\n")
    document = only(message)
    assert len(document.body) == 20_014
    assert {"x12.terminator_missing", "x12.se01_count"} <= codes(document)


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE.replace("*P*>~", "*P\n~\r\n  ").replace("~ST", "~\r\n ST").replace("CUR", "\r\n" * 3000 + "CUR"),
        MESSAGE.replace("~", "\r\n").replace("*P*>\r\n", "*P*>~\r\n").replace("Sesame", "Ses\r\n  I\x1came"),
    ],
)
def test_line_breaks_in_odd_places_come_to_an_end(message: str) -> None:
    for document in read(message):
        check_places(message.encode(), document)


def test_many_stray_segments_are_reported_but_not_one_by_one() -> None:
    document = only(ISA + GS + ORDER + "PO1*1~" * 5000 + TRAILER)
    strays = [finding for finding in document.findings if finding.code == "x12.stray_segment"]
    assert len(strays) == 20
