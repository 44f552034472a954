"""Writing: what is written reads as the tree it was, a foreign reader agrees, and what cannot be said is refused by name."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.x12file import X12Reader

from adapters.x12.grammar import Element, Part, Position
from canonical_model.problems import Cause, Hold, Misconfigured
from tests.adapters.x12.support import ASSIGNED, FORMAT, codes, only, read, tree_of

RESPONSE: dict[str, Any] = {
    "BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "PO-26-11-0042", "BAK04": "20261126"},
    "N1": [{"N101": "ST", "N102": "Store 7", "N103": "UL", "N104": "9506000000020", "N3": {"N301": "1 Flower Road"}}],
    "PO1": [
        {
            "PO101": "10", "PO102": "36", "PO103": "EA", "PO104": "12.50",
            "PAIR": [{"Q": "UK", "V": "19506000000010"}, {"Q": "VN", "V": "4711"}],
            "ACK": [
                {"ACK01": "IQ", "ACK02": "24", "ACK03": "EA", "ACK04": "068", "ACK05": "20261203"},
                {"ACK01": "IB", "ACK02": "12", "ACK03": "EA"},
            ],
        },
        {
            "PO101": "20", "PO102": "5", "PO103": "EA", "PAIR": {"Q": "VN", "V": "4712"}, "ACK": {"ACK01": "IR"},
            "PID": {"PID01": "F", "PID05": None, "PID02": ""},
        },
    ],
    "CTT": {"CTT02": ""},
}  # fmt: skip


def write(*trees: Any, type: str = "855", assigned: Any = None, **options: Any) -> bytes:
    return FORMAT.write(trees, type=type, assigned=ASSIGNED if assigned is None else assigned, **options).payload


def test_known_answer() -> None:
    tree = {**RESPONSE, "CTT": {"CTT01": ""}}
    tree["CTT"] = {"CTT02": "41", "AMT": {"AMT01": "TT", "AMT02": "450"}}
    assert write(tree).decode() == (
        "ISA*00*          *00*          *14*9506000000013  *ZZ*AGENT-GD       *261126*0801*U*00401*000000077*0*P*>~"
        "GS*PR*9506000000013*AGENT-GD*20261126*0801*77*X*004010~ST*855*0001~BAK*00*AC*PO-26-11-0042*20261126~"
        "N1*ST*Store 7*UL*9506000000020~N3*1 Flower Road~PO1*10*36*EA*12.50**UK*19506000000010*VN*4711~"
        "ACK*IQ*24*EA*068*20261203~ACK*IB*12*EA~PO1*20*5*EA***VN*4712~PID*F~ACK*IR~CTT*2*41~AMT*TT*450~SE*13*0001~"
        "GE*1*77~IEA*1*000000077~"
    )


def test_read_after_write_and_no_findings() -> None:
    document = only(write(RESPONSE, element="|", terminator="\n", component="^"))
    assert document.types == ("855/00", "855")
    assert document.technical == ("x12", "000000077", "77", "0001")
    assert codes(document) == set()
    first = document.root()[1]["PO1"][0][1]
    assert [node[0][1:] for node in first["PAIR"]] == [["UK", "19506000000010"], ["VN", "4711"]]
    assert len(first["ACK"]) == 2


def test_a_foreign_reader_finds_nothing_wrong() -> None:
    for version in ("004010", "005010"):
        payload = write(RESPONSE, RESPONSE, version=version, assigned={**ASSIGNED, "ST02": "000000998"})
        with X12Reader(io.StringIO(payload.decode())) as reader:
            rows = [segment.format().rstrip("~").split("*") for segment in reader]
            assert reader.pop_errors() == []
        documents = read(payload)
        assert [document.control["ST02"] for document in documents] == ["000000998", "000000999"]
        assert [row for row in rows if row[0] == "PO1"] == [row for document in documents for row in document.rows if row[0] == "PO1"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"BAK03": "PO*1"}, "x12:BAK03"), ({"BAK03": "PO~1"}, "x12:BAK03"), ({"BAK03": "PO>1"}, "x12:BAK03"),
        ({"BAK03": "a\nb"}, "x12:BAK03"), ({"BAK03": "x" * 23}, "x12:BAK03"), ({"BAK99": "x"}, "x12:BAK.BAK99"),
        ({"BEG01": "00"}, "x12:BAK.BEG01"), ({"BAK03": 7}, "x12:BAK.BAK03"), ({"BAK03": "订单" * 4}, "x12:BAK03"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_by_name(change: dict[str, Any], name: str) -> None:
    with pytest.raises(Hold) as caught:
        write({**RESPONSE, "BAK": {**RESPONSE["BAK"], **change}})
    assert [problem.key.replace("%3A", ":") for problem in caught.value.problems] == [name]
    assert caught.value.problems[0].cause in (Cause.INVALID_VALUE, Cause.MAPPING_ERROR)


def test_all_problems_come_at_once_and_the_charset_counts() -> None:
    with pytest.raises(Hold) as caught:
        write({**RESPONSE, "N1": {"N101": "ST", "N102": "店"}, "ZZZ": {}, "BAK": {"BAK01": "000"}}, charset="ascii")
    assert {problem.key for problem in caught.value.problems} == {"x12:N102", "x12:ZZZ", "x12:BAK01"}
    assert only(write({**RESPONSE, "N1": {"N101": "ST", "N102": "店"}}, charset="gbk"), charset="gbk").root()[1]["N1"][0][0][2] == "店"


def test_pairs_that_find_no_place_are_refused() -> None:
    with pytest.raises(Hold) as caught:
        write({**RESPONSE, "PO1": {"PO101": "1", "PAIR": [{"Q": "VN", "V": str(n)} for n in range(11)]}})
    assert "no place left" in caught.value.problems[0].fact


def test_what_is_written_against_the_grammar_is_reported() -> None:
    written = FORMAT.write([{**RESPONSE, "BAK": {"BAK01": "00"}}], type="855", assigned=ASSIGNED)
    assert {finding.details["element"] for finding in written.findings} == {"2", "3", "4"}


@pytest.mark.parametrize("lacking", ["sender", "receiver", "ISA13", "date", "time"])
def test_an_envelope_that_is_not_known_stops(lacking: str) -> None:
    with pytest.raises(Misconfigured):
        write(RESPONSE, assigned={name: text for name, text in ASSIGNED.items() if name != lacking})


@pytest.mark.parametrize(
    "wrong",
    [{"element": "A"}, {"element": ">"}, {"terminator": "~~"}, {"charset": "klingon"}, {"sender": "ZZ:1234567890123456"}, {"ISA13": "x"}],
)
def test_settings_that_make_no_interchange_stop(wrong: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        write(RESPONSE, assigned={**ASSIGNED, **wrong})


def test_levels_are_numbered() -> None:
    item = {"HL03": "I", "LIN": {"PAIR": {"Q": "UK", "V": "19506000000010"}}, "SN1": {"SN102": "3", "SN103": "EA"}}
    tree = {
        "BSN": {"BSN01": "00", "BSN02": "80001234", "BSN03": "20261126", "BSN04": "0801"},
        "HL": {"HL03": "S", "HL": [{"HL03": "O", "PRF": {"PRF01": "PO-1"}, "HL": [item, item]}, {"HL03": "O", "HL": [item]}]},
        "CTT": {},
    }
    document = only(write(tree, type="856"))
    assert [data[1:] for data in document.rows if data[0] == "HL"] == [
        ["1", "", "S", "1"], ["2", "1", "O", "1"], ["3", "2", "I", "0"], ["4", "2", "I", "0"], ["5", "1", "O", "1"], ["6", "5", "I", "0"],
    ]  # fmt: skip
    orders = document.root()[1]["HL"][0][1]["HL"]
    assert [len(order[1]["HL"]) for order in orders] == [2, 1]
    assert document.path(orders[1][1]["HL"][0][1]["SN1"][0]) == "HL[1]/HL[2]/HL[1]/SN1[1]"


def test_a_set_without_a_grammar_is_written_as_given() -> None:
    payload = write({"BCH": {"BCH01": "04"}, "POC": [{"POC01": "1"}, {"POC01": "2"}]}, type="860", group="PC")
    assert b"~ST*860*0001~BCH*04~POC*1~POC*2~SE*5*0001~" in payload
    with pytest.raises(Misconfigured):
        write({"BCH": {"BCH01": "04"}}, type="860")


LETTERS = st.characters(codec="ascii", categories=("L", "N", "P", "S"), exclude_characters="*~>")


def texts(element: Element) -> st.SearchStrategy[str]:
    if element.codes:
        return st.sampled_from(sorted(element.codes))
    if element.type == "DT":
        return st.dates().map(lambda day: f"{day:%Y%m%d}"[-element.longest :] if element.longest == 6 else f"{day.year:04d}{day:%m%d}")
    if element.type == "TM":
        return st.sampled_from(["0000", "2359", "123456"][: 3 if element.longest > 4 else 2])
    low, high = element.shortest, min(element.longest, element.shortest + 8)
    if element.type[0] in "NR":
        return st.text("0123456789", min_size=low, max_size=high)
    return st.text(LETTERS | st.just(" "), min_size=low, max_size=high).map(lambda text: text.rstrip(" ").ljust(low, "x"))


@st.composite
def fields(draw: st.DrawFn, tag: str) -> dict[str, str]:
    out: dict[str, str] = {}
    positions = FORMAT.grammar.segments[tag].positions
    for place in sorted(draw(st.sets(st.integers(1, len(positions)), min_size=1, max_size=4))):
        position: Position = positions[place - 1]
        if position.element is not None:
            out[f"{tag}{place:02d}"] = draw(texts(position.element))
        for part in sorted(draw(st.sets(st.integers(1, len(position.parts)), min_size=1, max_size=3))) if position.parts else ():
            inner = position.parts[part - 1].element
            out[f"{tag}{place:02d}-{part}"] = draw(texts(inner)) if inner else ""
    return out if tag != "CTT" else {**out, "CTT01": "7"}


@st.composite
def trees(draw: st.DrawFn, parts: tuple[Part, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    chosen = draw(st.sets(st.integers(0, len(parts) - 1), max_size=4)) if parts else set()
    for part in (parts[place] for place in sorted(chosen)):
        most = min(part.most or 3, 2)
        count = draw(st.integers(1, most))
        out[part.tag] = [{**draw(fields(part.tag)), **(draw(trees(part.parts)) if part.loop else {})} for _ in range(count)]
    return out


@pytest.mark.parametrize("type", ["850", "855", "940", "945", "997", "999", "846"])
@pytest.mark.parametrize("separators", [{}, {"element": "|", "terminator": "\n", "component": "^"}])
def test_what_is_written_reads_as_it_was(type: str, separators: dict[str, str]) -> None:
    known = FORMAT.grammar.sets[type]

    @settings(max_examples=40, deadline=None)
    @given(trees(known.parts))
    def run(tree: dict[str, Any]) -> None:
        marks = "".join(separators.values())
        plain = _without(tree, marks)
        document = only(write(plain, type=type, **separators))
        assert tree_of(document) == _closed(plain)
        assert not {code for code in codes(document) if not code.startswith(("x12.element_", "x12.segment_missing"))}

    run()


def test_a_bounded_loop_is_ended_where_its_tree_leaves_that_out() -> None:
    """Else the second line would be read as one of the list within the first."""
    inner = {"LS01": "LX", "LX": {"LX01": "7", "N9": {"N901": "LT", "N902": "A"}}}
    packed = {"LX01": "1", "W12": {"W1201": "CC", "LS": inner}}
    document = only(write({"W06": {"W0601": "F"}, "LX": [packed, {"LX01": "2"}]}, type="945"))
    assert [row[:2] for row in document.rows][1:] == [
        ["LX", "1"],
        ["W12", "CC"],
        ["LS", "LX"],
        ["LX", "7"],
        ["N9", "LT"],
        ["LE", "LX"],
        ["LX", "2"],
    ]
    given = {**inner, "LE": {"LE01": "XX"}}
    document = only(write({"W06": {"W0601": "F"}, "LX": {"LX01": "1", "W12": {"W1201": "CC", "LS": given}}}, type="945"))
    assert [row for row in document.rows if row[0] == "LE"] == [["LE", "XX"]]


def _closed(tree: Any) -> Any:
    """The tree with the end (LE) of each bounded loop (LS) that lacks it: it is written too."""
    if isinstance(tree, list):
        return [_closed(entry) for entry in tree]
    if not isinstance(tree, dict):
        return tree
    done = {name: _closed(value) for name, value in tree.items()}
    for entry in done.get("LS", ()):
        entry.setdefault("LE", [{name.replace("LS", "LE"): text for name, text in entry.items() if name == "LS01"}])
    return done


def _without(tree: Any, marks: str) -> Any:
    """The same tree without the characters that separate."""
    if isinstance(tree, str):
        return tree.translate({ord(mark): "x" for mark in marks})
    if isinstance(tree, list):
        return [_without(inner, marks) for inner in tree]
    return {name: _without(inner, marks) for name, inner in tree.items()}
