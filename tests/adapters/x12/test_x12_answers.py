"""997 and TA1: made from findings, read like any document."""

from __future__ import annotations

import pytest

from adapters.base import Finding
from adapters.x12 import acknowledge
from tests.adapters.x12.support import ASSIGNED, GS, ISA, MESSAGE, ORDER, codes, only, read, value
from tests.adapters.x12.test_x12_samples import sample
from tests.samples import need_samples


def answer(message: str, strict: bool = False) -> str:
    payload = acknowledge(read(message, strict=strict), {"ISA13": "9", "date": "20261126", "time": "0801"})
    return (payload or b"").decode()


def rows(text: str) -> list[str]:
    return [row for row in text.split("~") if row[:3] in ("AK1", "AK2", "AK3", "AK4", "AK5", "AK9", "TA1")]


def test_known_answer() -> None:
    assert answer(MESSAGE) == (
        "ISA*00*          *00*          *14*9506000000013  *ZZ*AGENT-GD       *261126*0801*U*00401*000000009*0*P*>~"
        "GS*FA*9506000000013*AGENT-GD*20261126*0801*9*X*004010~ST*997*0001~AK1*PO*42~AK2*850*0001~AK5*A~AK9*A*1*1*1~"
        "SE*6*0001~GE*1*9~IEA*1*000000009~"
    )


def test_errors_are_told_segment_by_segment() -> None:
    bad = MESSAGE.replace("PO1*10*36", "PO1*10*3^6").replace("CTT*2", "CTT*2~ZZZ*1").replace("SE*16", "SE*99")
    assert rows(answer(bad)) == [
        "AK1*PO*42", "AK2*850*0001", "AK3*PO1*9**8", "AK4*2*330*6*3^6", "AK3*ZZZ*16**1", "AK5*E*4*5", "AK9*E*1*1*1",
    ]  # fmt: skip
    assert rows(answer(bad, strict=True))[-2:] == ["AK5*R*4*5", "AK9*R*1*1*0"]


def test_a_group_is_partly_accepted() -> None:
    bad = ORDER.replace("0001", "0002").replace("PO1*10*36", "PO1*10*x")
    message = ISA + GS + ORDER + bad + "GE*3*42~IEA*1*000000042~"
    assert rows(answer(message, strict=True)) == [
        "AK1*PO*42", "AK2*850*0001", "AK5*A", "AK2*850*0002", "AK3*PO1*9**8", "AK4*2*330*6*x", "AK5*R*5", "AK9*P*3*2*1*5",
    ]  # fmt: skip


def test_what_others_found_counts_too() -> None:
    finding = Finding("x12.unsupported", "not agreed", severity="error", details={"ak502": "1"})
    payload = acknowledge([only(MESSAGE)], ASSIGNED, findings={1: [finding]})
    assert payload is not None
    assert rows(payload.decode())[2:] == ["AK5*R*1", "AK9*R*1*1*0"]


def test_ta1_where_it_is_asked_for() -> None:
    asked = MESSAGE.replace("*000000042*0*P", "*000000042*1*P")
    assert rows(answer(asked))[0] == "TA1*000000042*261125*0930*A*000"
    assert rows(answer(asked.replace("IEA*1", "IEA*2")))[0] == "TA1*000000042*261125*0930*E*021"
    assert rows(answer(MESSAGE))[0].startswith("AK1")


def test_an_answer_is_never_answered() -> None:
    for message in (answer(MESSAGE), ISA + "TA1*000000007*261120*0800*A*000~IEA*0*000000042~"):
        documents = read(message)
        assert acknowledge(documents, ASSIGNED) is None


def test_two_partners_get_an_interchange_each() -> None:
    other = MESSAGE.replace("AGENT-GD       ", "AGENT-HN       ")
    answers = read(answer(MESSAGE + other))
    assert [(document.control["receiver"], document.control["ISA13"]) for document in answers] == [
        ("ZZ:AGENT-GD", "000000009"), ("ZZ:AGENT-HN", "000000010"),
    ]  # fmt: skip
    assert codes(*answers) == set()


def test_several_groups_are_answered_one_set_each() -> None:
    second = GS.replace("*42*X", "*43*X") + ORDER + "GE*1*43~"
    text = answer(ISA + GS + ORDER + "GE*1*42~" + second + "IEA*2*000000042~")
    assert [row for row in rows(text) if row.startswith("AK1")] == ["AK1*PO*42", "AK1*PO*43"]
    assert [document.control["ST02"] for document in read(text)] == ["0001", "0002"]


@pytest.mark.parametrize("version", ["004010", "005010X217"])
def test_an_answer_reads_as_loops(version: str) -> None:
    bad = MESSAGE.replace("PO1*10*36", "PO1*10*x").replace("004010", version)
    document = only(answer(bad))
    assert codes(document) == set()
    root = document.root()[1]
    assert value(document, root["AK1"][0], "AK102") == "42"
    assert value(document, root["AK1"][0], "AK103") == (version if version > "005" else None)
    (set_answer,) = root["AK2"]
    assert value(document, set_answer[1]["AK5"][0], "AK501") == "E"
    (segment,) = set_answer[1]["AK3"]
    element = segment[1]["AK4"][0]
    assert [value(document, element, name) for name in ("AK401", "AK401-1", "AK402", "AK403", "AK404")] == ["2", "2", "330", "6", "x"]
    assert value(document, root["AK9"][0], "AK901") == "E"


def test_a_group_accepted_as_a_whole() -> None:
    text = f"{ISA}{GS.replace('GS*PO', 'GS*FA')}ST*997*0001~AK1*PO*7~AK9*A*2*2*2~SE*4*0001~GE*1*42~IEA*1*000000042~"
    document = only(text)
    assert codes(document) == set()
    assert "AK2" not in document.root()[1]
    assert document.path(document.root()[1]["AK9"][0]) == "AK9[1]"


@need_samples
def test_broken_samples_of_others_are_answered_plausibly() -> None:
    documents = read(sample("945_inter"))
    payload = acknowledge(documents, {**ASSIGNED})
    assert payload is not None
    assert rows(payload.decode()) == ["AK1*SW*21*005010", "AK2*945*0003100001", "AK5*A", "AK9*E*1*1*1*6*4"]
    payload = acknowledge(read(sample("se01_wrong")), ASSIGNED)
    assert payload is not None
    assert rows(payload.decode()) == ["AK1*PO*6267", "AK2*850*0001", "AK5*E*4", "AK9*E*1*1*1"]
    for name in ("staedi_x12_empty997", "invalid997", "simple997.edi"):
        assert acknowledge(read(sample(name)), ASSIGNED) is None
