"""Random IDoc types, exported, uploaded and used: every field that was written is read, in any wrapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.base import apply_steps
from adapters.idoc import IdocFormat, load_definition
from adapters.idoc.style import style_of_document, tree_of
from canonical_model.problems import Hold
from tests.adapters.idoc.support import control, nodes, shipped_format, small_order, token, values
from tests.adapters.idoc.support import one as only

MORE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TEXT = st.text(st.sampled_from("AZaz09 .-+/&<>中文度äß"), min_size=1, max_size=8).map(str.rstrip).filter(bool)


@dataclass
class Spec:
    """A segment of a random type."""

    name: str
    version: str
    fields: list[tuple[str, int]]
    kids: list[Spec] = field(default_factory=list)


@dataclass
class Filled:
    """One occurrence of a segment with what is written into it."""

    spec: Spec
    texts: dict[str, str]
    kids: list[Filled] = field(default_factory=list)


@st.composite
def types(draw: st.DrawFn) -> list[Spec]:
    count = draw(st.integers(1, 8))
    tops: list[Spec] = []
    made: list[tuple[int, Spec]] = []
    for number in range(count):
        lengths = draw(st.lists(st.integers(1, 20), min_size=1, max_size=5))
        spec = Spec(
            f"1SEG{number:02d}X", draw(st.sampled_from(["", "000", "012"])), [(f"F{at}", length) for at, length in enumerate(lengths)]
        )
        holders = [one for depth, one in made if depth < 4]
        above = draw(st.one_of(st.none(), st.sampled_from(holders))) if holders else None
        depth = 0 if above is None else next(deep for deep, one in made if one is above) + 1
        (tops if above is None else above.kids).append(spec)
        made.append((depth, spec))
    return tops


@st.composite
def filled(draw: st.DrawFn, specs: list[Spec], need: bool = True) -> list[Filled]:
    found = []
    for at, spec in enumerate(specs):
        for _ in range(draw(st.integers(1 if need and at == 0 else 0, 3))):
            texts = {name: draw(TEXT)[:length].rstrip() for name, length in spec.fields if draw(st.booleans())}
            kept = {name: text for name, text in texts.items() if text}
            found.append(Filled(spec, kept, draw(filled(spec.kids, False)) if spec.kids else []))
    return found


def export(specs: list[Spec], word: str) -> str:
    lines = ["BEGIN_SEGMENT_SECTION", "BEGIN_IDOC ZRANDOM01"]

    def add(spec: Spec, level: int) -> None:
        lines.append(f"BEGIN_SEGMENT Z2{spec.name[1:]}{spec.version}")
        lines.extend(
            [f"SEGMENTTYPE Z1{spec.name[1:]}", f"LEVEL {level:02d}", "STATUS OPTIONAL", "LOOPMIN 0000000001", "LOOPMAX 0000000003"]
        )
        lines.append("BEGIN_FIELDS")
        first = 64
        for name, length in spec.fields:
            lines.extend([f"NAME {name}", f"TEXT {name} of it", "TYPE CHARACTER", f"LENGTH {length:06d}", f"{word}_FIRST {first:06d}"])
            first += length
        lines.extend(["END_FIELDS", "END_SEGMENT"])

    def group(spec: Spec, level: int) -> None:
        if spec.kids:
            lines.extend(["BEGIN_GROUP 1", f"LEVEL {level:02d}", "STATUS OPTIONAL", "LOOPMIN 0000000001", "LOOPMAX 0000000009"])
        add(spec, level)
        for kid in spec.kids:
            group(kid, level + 1)
        if spec.kids:
            lines.append("END_GROUP")

    for spec in specs:
        group(spec, 1)
    return "\n".join([*lines, "END_IDOC", "END_SEGMENT_SECTION"])


def flat(tree: list[Filled], newline: str, trim: bool) -> str:
    records = [control(IDOCTYP="ZRANDOM01")]

    def add(one: Filled) -> None:
        sdata = "".join(one.texts.get(name, "").ljust(length) for name, length in one.spec.fields)
        name = f"Z2{one.spec.name[1:]}{one.spec.version}"
        record = f"{name:<30}8000000000000225645{len(records):06d}{0:06d}02{sdata:<1000}"
        records.append(record.rstrip(" ") if trim else record)
        for kid in one.kids:
            add(kid)

    for one in tree:
        add(one)
    return newline.join(records)


def xml(tree: list[Filled]) -> str:
    def say(one: Filled) -> str:
        name = f"Z1{one.spec.name[1:]}"
        fields = "".join(f"<{field}>{escape(text)}</{field}>" for field, text in one.texts.items())
        return f'<{name} SEGMENT="1">{fields}{"".join(map(say, one.kids))}</{name}>'

    head = "<EDI_DC40 SEGMENT='1'><IDOCTYP>ZRANDOM01</IDOCTYP><MESTYP>ORDERS</MESTYP></EDI_DC40>"
    return f"<X><IDOC>{head}{''.join(map(say, tree))}</IDOC></X>"


def wanted(tree: list[Filled]) -> dict[str, str]:
    found: dict[str, str] = {}

    def add(kids: list[Filled], above: str) -> None:
        counts: dict[str, int] = {}
        for one in kids:
            name = f"Z1{one.spec.name[1:]}"
            counts[name] = counts.get(name, 0) + 1
            path = f"{above}/{name}[{counts[name]}]".strip("/")
            found.update({f"{path}.{field}": text for field, text in one.texts.items()})
            add(one.kids, path)

    add(tree, "")
    return found


def check(raw: bytes, format: IdocFormat, expected: dict[str, str]) -> Any:
    document = only(raw, format)
    assert values(document) == expected
    for segment, node in nodes(document.root()):
        for name in document.layout.fields(segment):
            if source := document.source(node, segment, name):
                assert apply_steps(token(raw, source), source.steps) == source.text
    return document


@MORE
@given(
    st.data(),
    st.sampled_from(["CHARACTER", "BYTE"]),
    st.sampled_from(["\n", "\r\n", "\r", ""]),
    st.booleans(),
    st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_every_written_field_is_read(draw: st.DataObject, word: str, newline: str, trim: bool, charset: str) -> None:
    specs = draw.draw(types())
    tree = draw.draw(filled(specs))
    format = IdocFormat({"ZRANDOM01": load_definition(export(specs, word))})
    expected = wanted(tree)
    text = flat(tree, newline, trim and newline != "")
    document = check(text.encode(charset), format, expected) if charset != "gb18030" else None
    in_xml = check(f'<?xml version="1.0" encoding="{charset}"?>{xml(tree)}'.encode(charset), format, expected)
    if document is not None:
        style = style_of_document(document)
        again = format.write([tree_of(document)], type="ZRANDOM01/ORDERS", assigned={}, **style).payload
        assert values(only(again, format)) == expected
        assert [record.path for record in document.records()][1:] == [record.path for record in in_xml.records()][1:]


@MORE
@given(st.data(), st.booleans())
def test_gbk_counted_in_characters_or_bytes(draw: st.DataObject, in_bytes: bool) -> None:
    specs = draw.draw(types())
    tree = draw.draw(filled(specs))
    format = IdocFormat({"ZRANDOM01": load_definition(export(specs, "BYTE" if in_bytes else "CHARACTER"))})
    count = "bytes" if in_bytes else "characters"
    fits = all(len(text.encode("gb18030")) <= dict(one.spec.fields)[name] for one in every(tree) for name, text in one.texts.items())
    if fits or not in_bytes:
        said = format.write([as_tree(tree)], type="ZRANDOM01/ORDERS", assigned={}, charset="gb18030", count=count)
        document = only(said.payload, format, charset="gbk", count=count)
        assert values(document) == wanted(tree)


@MORE
@given(st.data())
def test_wanted_segments_stand_where_the_full_view_has_them(draw: st.DataObject) -> None:
    specs = draw.draw(types())
    tree = draw.draw(filled(specs))
    format = IdocFormat({"ZRANDOM01": load_definition(export(specs, "CHARACTER"))})
    names = sorted({f"Z1{one.spec.name[1:]}" for one in every(tree)})
    asked = frozenset(draw.draw(st.sets(st.sampled_from(names))) if names else ())
    for raw in (flat(tree, "\n", True).encode(), xml(tree).encode()):
        document = only(raw, format)
        full = [document.path(node) for name, node in nodes(document.root()) if name in asked]
        part = [document.path(node) for name, node in nodes(document.root(asked)) if name in asked]
        assert part == full
        assert len(part) == sum(1 for one in every(tree) if f"Z1{one.spec.name[1:]}" in asked)


def every(tree: list[Filled]) -> list[Filled]:
    return [below for one in tree for below in (one, *every(one.kids))]


def as_tree(tree: list[Filled]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in tree:
        found.setdefault(f"Z1{one.spec.name[1:]}", []).append({**one.texts, **as_tree(one.kids)})
    return found


HEADS = st.sampled_from([b"", b"EDI_DC40  ", b"<X><IDOC>", b"\xff\xfeE\0D\0", b"\xef\xbb\xbf<"])
OPTIONS = st.sampled_from([{}, {}, {"charset": "gbk", "count": "bytes"}, {"charset": "utf-8", "count": "bytes"}, {"charset": "gb18030"}])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), HEADS, st.integers(0, 2), OPTIONS)
def test_no_bytes_raise_anything_but_our_own_problems(tail: bytes, head: bytes, how: int, options: dict[str, str]) -> None:
    order = "\n".join(small_order("Z2MORE".ljust(63) + "x" * 40)).encode()
    raw = [head + tail, order[: len(tail) * 17] + tail + order[len(tail) * 17 :], head + order[len(tail) :]][how]
    try:
        for document in shipped_format().read(raw, **options):
            document.root()
            assert isinstance(list(document.records()), list)
            assert document.findings is not None
            assert document.types
            document.fingerprint(frozenset({("E1EDP19", "IDTNR")}))
            values(document, control_record=True)
    except Hold:
        pass


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("上海贸易ab1 "), max_size=30), st.integers(0, 3))
def test_gbk_cut_anywhere_is_read_up_to_the_cut(name: str, blanks: int) -> None:
    value = name.encode("gbk")[: 35 - blanks]
    expected = value.decode("gbk", "ignore").rstrip(" ")
    record = b"E2EDKA1003".ljust(63) + b"AG".ljust(37) + value.ljust(35) + b"Second name".ljust(35)
    raw = control().encode() + b"\n" + record
    document = only(raw, shipped_format(), charset="gbk", count="bytes")
    found = values(document)
    assert found.get("E1EDKA1[1].NAME1", "") == expected
    assert found["E1EDKA1[1].NAME2"] == "Second name"
    halved = expected.encode("gbk") != value.rstrip(b" ")
    assert ("idoc.cut_character" in {finding.code for finding in document.findings}) == halved
