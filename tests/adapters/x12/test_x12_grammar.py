"""Grammars as data, the nesting they give, and what they find wrong in a message."""

from __future__ import annotations

import pytest

from adapters.base import Index
from adapters.edi import COMPONENT, Separators, Text, segments, split
from adapters.x12 import X12
from adapters.x12.grammar import parse
from canonical_model.problems import Misconfigured
from tests.adapters.x12.support import FORMAT, GRAMMARS, GS, ISA, MESSAGE, codes, only, value

OWN = {
    "own": "elements\n1 AN 1 3,005010:5 text : A B\n2 N0 1 2 number\ncomposites\nC001 pair = 1! 2\n"
    "segments\nAAA head = 1! 2\nBBB line = 1 C001 3x(2 1) 9/R/1/4 | pairs 3-8 P0102\nCCC leaf = 1\n"
    "set 111 ZZ own set\npurpose AAA01\nAAA M 1\nloop BBB O 2\n  CCC O 1\n",
}


def frame(code: str, body: str, version: str = "004010") -> str:
    count = body.count("~") + 2
    return f"{ISA}{GS.replace('004010', version)}ST*{code}*0001~{body}SE*{count}*0001~GE*1*42~IEA*1*000000042~"


def test_a_grammar_is_what_its_text_says() -> None:
    grammar = parse(OWN)
    line = grammar.segments["BBB"]
    assert len(line.positions) == 9
    assert line.pair_starts() == (3, 5, 7)
    assert line.composites() == (2,)
    assert grammar.elements["1"].most("004010") == 3
    assert grammar.elements["1"].most("005010X1") == 5
    assert [part.tag for part in grammar.sets["111"].parts] == ["AAA", "BBB"]
    assert grammar.sets["111"].purpose == ("AAA", 1)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("nonsense\n", "own:1"),
        ("elements\n1 XX 1 2 text\n", "own:2"),
        ("segments\nAAA head = 7\n", "own:2"),
        ("segments\nAAA head = AN/1/2 | Q0102\n", "own:2"),
        ("segments\nAAA head = AN/1/2\nset 1 ZZ x\n", "own:3"),
        ("segments\nAAA head = AN/1/2\nset 111 ZZ x\nAAA M 1\n  AAA M 1\n", "own:4"),
        ("segments\nAAA head = AN/1/2\nset 111 ZZ x\nloop AAA M 1\n    AAA M 1\n", "own:4"),
        ("segments\nAAA head = AN/1/2\nset 111 ZZ x\npurpose BEG\nAAA M 1\n", "own:4"),
        ("set 111 ZZ x\nNOT M 1\n", "own:2"),
    ],
)
def test_a_wrong_grammar_names_its_line(wrong: str, line: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse({"own": wrong})
    assert caught.value.at == line


def test_an_upload_adds_a_set_and_corrects_a_segment() -> None:
    mine = X12(
        {**GRAMMARS, "mine": "segments\nZAP our segment = AN/1/5!\nset 850 PO ours\npurpose BEG01\nBEG M 1\nZAP O 1\nloop PO1 M *\n"}
    )
    (document,) = mine.read(frame("850", "BEG*00*SA*1**20261120~ZAP*x~PO1*1~").encode())
    assert document.findings == ()
    assert value(document, document.root()[1]["ZAP"][0], "ZAP01") == "x"
    assert mine.layout("850").hash != FORMAT.layout("850").hash
    assert mine.layout("997").hash == FORMAT.layout("997").hash


def test_layout_knows_names_and_components() -> None:
    layout = FORMAT.layout("850/00")
    assert (layout.type, layout.format, layout.open) == ("850", "x12", False)
    assert layout.access("PO1", "PO106") == Index(6)
    assert layout.access("MEA", "MEA04-2") == Index(4, 1, COMPONENT)
    assert layout.access("MEA", "MEA04") == Index(4, 0, COMPONENT)
    assert layout.access("PAIR", "V") == Index(2)
    for name in ("PO199", "PO106-1", "N104", "PO1", "PO100", "MEA04-0"):
        assert layout.access("PO1", name) is None
    assert {"ISA", "GS", "ST", "BEG", "N1", "PO1"} <= set(layout.segments(None))
    assert {"PAIR", "PID", "N1"} <= set(layout.segments("PO1"))
    assert "PO125" in layout.fields("PO1")
    flat = FORMAT.layout("810")
    assert flat.access("IT1", "IT102") == Index(2)
    assert flat.access("ZZZ", "ZZZ02-3") == Index(2, 2, COMPONENT)
    assert flat.segments(None) == ()


def test_loops_nest_and_paths_count() -> None:
    document = only(MESSAGE)
    root = document.root()[1]
    assert [node[0][1] for node in root["N1"]] == ["BY", "ST"]
    assert root["N1"][0][1]["N4"][0][0][1] == "Guangzhou"
    line = root["PO1"][1]
    assert document.path(line) == "PO1[2]"
    assert document.path(line[1]["N9"][0][1]["MSG"][0]) == "PO1[2]/N9[1]/MSG[1]"
    pair = line[1]["PAIR"][1]
    assert (document.path(pair), pair[0]) == ("PO1[2]/PAIR[2]", ["PAIR", "BP", "A-1"])
    source = document.source(pair, "PAIR", "V")
    assert source is not None
    assert (source.path, source.text) == ("PO1[2]/PAIR[2].V", "A-1")
    place = document.where(pair)
    assert MESSAGE.encode()[place.start : place.end] == b"BP*A-1"  # type: ignore[union-attr]
    assert value(document, root["ISA"][0], "ISA06") == "AGENT-GD"


def test_levels_nest_by_parent_or_by_code() -> None:
    numbered = "HL*1**S~HL*2*1*O~HL*3*2*I~LIN**UK*1~HL*4*2*I~HL*5*1*O~HL*6*5*I~"
    flat = "HL*1**S~HL*2**O~HL*3**I~LIN**UK*1~HL*4**I~HL*5**O~HL*6**I~"
    for body in (numbered, flat):
        document = only(frame("856", f"BSN*00*S1*20261125*0930~{body}"))
        shipment = document.root()[1]["HL"]
        assert len(shipment) == 1
        assert [[inner[0][1] for inner in order[1]["HL"]] for order in shipment[0][1]["HL"]] == [["3", "4"], ["6"]]


def test_segments_unknown_or_out_of_order_are_kept_and_reported() -> None:
    document = only(frame("850", "BEG*00*SA*1**20261120~REF*CR*1~CUR*BY*CNY~PO1*1~ZZZ*a*b~PID*F~W05*N*1~ACK*IA~"))
    line = document.root()[1]["PO1"][0][1]
    assert [node[0] for node in line["ZZZ"]] == [["ZZZ", "a", "b"]]
    found = [
        (finding.code, finding.details["segment"], finding.details["position"], finding.details["ak304"]) for finding in document.findings
    ]
    assert found == [
        ("x12.segment_order", "CUR", "4", "7"), ("x12.segment_unknown", "ZZZ", "6", "1"),
        ("x12.segment_unknown", "W05", "8", "6"), ("x12.segment_unknown", "ACK", "9", "6"),
    ]  # fmt: skip
    assert [record.known for record in document.records()][-4:-1] == [True, False, False]


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (
            "BEG*00*SA***20261120~PO1*1~",
            "x12.element_missing",
            {"element": "3", "reference": "324", "ak403": "1", "ak304": "8", "position": "2"},
        ),
        ("BEG*0*SA*1**20261120~PO1*1~", "x12.element_short", {"element": "1", "ak403": "4", "value": "0"}),
        ("BEG*00*SA*12345678901234567890123**20261120~PO1*1~", "x12.element_long", {"element": "3", "ak403": "5"}),
        ("BEG*00*SA*1**20261120~PO1*1*x~", "x12.element_character", {"element": "2", "ak403": "6", "value": "x"}),
        ("BEG*00*SA*1\x02**20261120~PO1*1~", "x12.element_character", {"element": "3", "ak403": "6"}),
        ("BEG*00*SA*1**20261320~PO1*1~", "x12.element_date", {"element": "5", "ak403": "8"}),
        ("BEG*00*SA*1**20261120~DTM*002*20261120*2500~PO1*1~", "x12.element_time", {"element": "3", "ak403": "9"}),
        ("BEG*00*SA*1**20261120~PO1*1*****VN~", "x12.element_conditional", {"element": "7", "ak403": "2"}),
        ("BEG*00*SA*1**20261120~PO1*1~QTY*01*1**x~", "x12.element_excluded", {"element": "4", "ak403": "10"}),
        ("BEG*00*SA*1**20261120~N3*a*b*c~PO1*1~", "x12.element_too_many", {"element": "3", "ak403": "3"}),
        ("BEG*00*SA*1**20261120~PO1*1~MEA****KG>x~", "x12.element_character", {"element": "4", "component": "2", "reference": "1018"}),
        ("BEG*00*SA*1**20261120~PO1*1~MEA****>1~", "x12.element_missing", {"element": "4", "component": "1", "reference": "355"}),
        ("BEG*00*SA*1**20261120~SAC*X~PO1*1~", "x12.element_code", {"element": "1", "ak403": "7", "value": "X"}),
        ("BEG*00*SA*1**20261120~", "x12.segment_missing", {"segment": "PO1", "ak304": "3", "position": "3"}),
        ("PO1*1~", "x12.segment_missing", {"segment": "BEG", "ak304": "3"}),
        ("BEG*00*SA*1**20261120~BEG*00*SA*1**20261120~PO1*1~", "x12.segment_repeat", {"segment": "BEG", "ak304": "5", "position": "3"}),
        ("BEG*00*SA*1**20261120~PO1*1~CTT*1~CTT*1~", "x12.loop_repeat", {"segment": "CTT", "ak304": "4"}),
        ("BEG*00*SA*1**20261120~N2*x~PO1*1~", "x12.segment_unexpected", {"segment": "N2", "ak304": "2"}),
    ],
)
def test_what_the_grammar_finds(body: str, code: str, details: dict[str, str]) -> None:
    message = frame("850", body)
    document = only(message)
    found = [finding for finding in document.findings if finding.code == code]
    assert any(details.items() <= finding.details.items() for finding in found), document.findings
    assert all(finding.severity == "warning" and finding.place is not None for finding in found)
    if "value" in details:
        place = found[0].place
        assert message.encode()[place.start : place.end] == details["value"].encode()  # type: ignore[union-attr]


def test_limits_follow_the_release() -> None:
    body = f"BEG*00*SA*1**20261120~REF*CR*{'x' * 45}~PO1*1~"
    assert codes(only(frame("850", body))) == {"x12.element_long"}
    assert codes(only(frame("850", body, "005010"))) == set()


def test_a_set_without_a_grammar_is_flat_and_open() -> None:
    document = only(frame("810", "BIG*20261120*R1~IT1*1*2*EA*3**VN*4711~REF*ZZ*a>b~"))
    assert codes(document) == {"x12.no_grammar"}
    assert document.types == ("810",)
    root = document.root()[1]
    assert root["IT1"][0][1]["PAIR"][0][0] == ["PAIR", "VN", "4711"]
    assert value(document, root["BIG"][0], "BIG02") == "R1"


def test_volatile_fields_do_not_count() -> None:
    volatile = frozenset({("BEG", "BEG05"), ("PO1", "PO102")})
    other = only(MESSAGE.replace("20261120", "20261121").replace("PO1*10*36", "PO1*10*37"))
    assert other.fingerprint() != only(MESSAGE).fingerprint()
    assert other.fingerprint(volatile) == only(MESSAGE).fingerprint(volatile)


def test_the_cutter_knows_release_characters() -> None:
    cut = Separators("+", ":", "'", release="?")
    found = list(segments(Text(b"UNH+1'FTX+A?'b??'BGM+a?+b+c?"), 0, cut))
    assert [data for _, _, data in found] == [["UNH", "1"], ["FTX", "A?'b??"], ["BGM", "a?+b", "c?"]]
    assert split("a?:b:c", ":", "?") == ["a?:b", "c"]
