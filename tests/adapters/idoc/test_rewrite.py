"""A read document as a message again: untouched bytes stay, edits stand where they belong."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.idoc.rewrite import rewrite
from canonical_model.problems import Hold, Reject
from tests.adapters.idoc.support import data, joined, one, shipped_format, small_order, values
from tests.adapters.idoc.test_read_flat import chinese, wrapped
from tests.adapters.idoc.test_read_xml import encodings, message
from tests.samples import SAMPLES, need_samples


def messages() -> dict[str, bytes]:
    return {**{f"flat {name}": raw for name, raw in wrapped().items()}, **{f"xml {name}": raw for name, raw in encodings().items()}}


@pytest.mark.parametrize("name", messages())
def test_nothing_changed_nothing_differs_and_one_edit_changes_one_field(name: str) -> None:
    raw = messages()[name]
    document: Any = one(raw)
    assert rewrite(document) == (raw.lstrip() if name == "flat blank lines" else raw)
    edited = one(rewrite(document, {"E1EDP01[1]/E1EDP19[1].IDTNR": "NEW & 中"}))
    assert values(edited) == {**values(document), "E1EDP01[1]/E1EDP19[1].IDTNR": "NEW & 中"}


def test_absent_fields_are_put_where_the_definition_has_them() -> None:
    document: Any = one(message().encode())
    raw = rewrite(
        document, {"E1EDK01.BELNR": "4711", "E1EDKA1[1].PARTN": "9", "E1EDP01[1]/E1EDP19[1].KTEXT": "x", "EDI_DC40.MESCOD": "CAN"}
    )
    text = raw.decode()
    assert "<CURCY>CNY</CURCY><BELNR>4711</BELNR></E1EDK01>" in text
    assert "<PARVW>AG</PARVW><PARTN>9</PARTN><NAME1>" in text
    assert one(raw).types[0] == "ORDERS05/ORDERS/CAN"
    trimmed: Any = one(joined([record.rstrip() for record in small_order()]))
    raw = rewrite(trimmed, {"E1EDP01[2].WERKS": "1000", "E1EDKA1[1].NAME1": ""})
    assert values(one(raw))["E1EDP01[2].WERKS"] == "1000"
    assert "E1EDKA1[1].NAME1" not in values(one(raw))


def test_an_empty_segment_is_opened() -> None:
    document: Any = one(message('<E1EDS01 SEGMENT="1"/><E1EDK01 SEGMENT="1"><CURCY/></E1EDK01>').encode())
    raw = rewrite(document, {"E1EDS01.SUMID": "002", "E1EDK01.CURCY": "EUR"})
    assert '<E1EDS01 SEGMENT="1"><SUMID>002</SUMID></E1EDS01><E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY></E1EDK01>' in raw.decode()


def test_one_idoc_of_a_packet_becomes_a_message_of_its_own() -> None:
    raw = joined([*small_order(), *small_order(data("E2EDS01", 8, 0, "0021.00"))])
    first, second = shipped_format().read(raw)
    alone: Any = second
    assert values(one(rewrite(alone))) == values(second) != values(first)
    packet = message().replace("</IDOC>", "</IDOC><IDOC>" + message().split("<IDOC", 1)[1].split(">", 1)[1].split("</IDOC>")[0] + "</IDOC>")
    _, last = shipped_format().read(packet.encode())
    lonely: Any = last
    assert values(one(rewrite(lonely))) == values(last)


def test_bytes_are_kept_where_widths_count_bytes() -> None:
    raw = chinese("gbk", True, "上海某某贸易有限公司")
    document: Any = one(raw)
    assert rewrite(document) == raw
    edited = one(rewrite(document, {"E1EDKA1[1].NAME1": "北京"}), charset="gbk", count="bytes")
    assert values(edited) == {**values(document), "E1EDKA1[1].NAME1": "北京"}


def test_wrong_edits_are_refused() -> None:
    document: Any = one(joined(small_order()))
    for path in ("E1EDP01[3].MENGE", "E1EDP01[1].NOPE", "nonsense", "E1NONE.X"):
        with pytest.raises(Reject):
            rewrite(document, {path: "1"})
    with pytest.raises(Hold, match="4 characters, the field holds 3"):
        rewrite(document, {"E1EDK01.CURCY": "EURO"})


@need_samples
def test_every_sample_is_kept_byte_for_byte() -> None:
    for path in sorted((*(SAMPLES / "idoc_flat").glob("*"), *(SAMPLES / "idoc_xml").glob("*"), *(SAMPLES / "derived_dirty").glob("idoc*"))):
        raw = path.read_bytes()
        documents: list[Any] = list(shipped_format().read(raw))
        if len(documents) == 1:
            assert rewrite(documents[0]) == raw, path.name
