"""JSON messages: strict, without a float, with places."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import Document, Node, apply_steps, problems_of
from adapters.json_document import CanonicalFormat, JsonFormat
from canonical_model.problems import Misconfigured, Unreadable

FORMAT = JsonFormat()


def read(raw: bytes, **options: Any) -> list[Document]:
    """All documents, each with its places checked."""
    documents = list(FORMAT.read(raw, **options))
    for document in documents:
        check_places(raw, document, document.root(), "")
        assert list(document.records())
    return documents


def check_places(raw: bytes, document: Document, node: Node, segment: str) -> None:
    """Every field can be made again from its place, which lies inside its node's place."""
    whole = document.where(node)
    for name, text in node[0].items():
        source = document.source(node, segment, name)
        assert source is not None
        assert apply_steps(raw[source.place.start : source.place.end], source.steps) == text == source.text  # type: ignore[union-attr]
        assert whole.start <= source.place.start <= source.place.end <= whole.end  # type: ignore[union-attr]
    assert document.source(node, segment, "no such name") is None
    for below, children in node[1].items():
        for child in children:
            check_places(raw, document, child, below)


def keys(documents: list[Document]) -> list[list[str]]:
    return [[problem.key for problem in problems_of(document)] for document in documents]


def plain(node: Node) -> Any:
    """A node as the JSON that it was, with every scalar a text."""
    if set(node[0]) == {""}:
        return node[0][""]
    if set(node[1]) == {""}:
        return [plain(child) for child in node[1][""]]
    return {**node[0], **{name: [plain(child) for child in children] for name, children in node[1].items()}}


def test_scalars_are_texts_as_written_and_null_is_absent() -> None:
    raw = b'{"id": 12345678901234567890, "qty": 1.50, "exp": 1E3, "zero": -0, "ok": true, "no": false, "none": null, "empty": ""}'
    [document] = read(raw, type="order")
    assert document.root()[0] == {
        "id": "12345678901234567890", "qty": "1.50", "exp": "1E3", "zero": "-0", "ok": "true", "no": "false", "empty": "",
    }  # fmt: skip
    assert (document.types, document.technical, document.findings) == (("order",), None, ())


def test_objects_and_lists_are_children() -> None:
    raw = (
        '{"buyer":{"code":"é","x":{}},"lines":[{"id":"1","tags":["a",2,null,true]},{"id":"2"}],"grid":[[1],[{"y":"z"}]],"none":[]}'.encode()
    )
    [document] = read(raw)
    root = document.root()
    assert [child[0] for child in root[1]["lines"]] == [{"id": "1"}, {"id": "2"}]
    assert [child[0][""] for child in root[1]["lines"][0][1]["tags"]] == ["a", "2", "true"]
    assert root[1]["none"] == []
    tag = root[1]["lines"][0][1]["tags"][2]
    assert document.path(tag) == "lines[1]/tags[4]", "an absent element keeps its number"
    assert document.path(root[1]["grid"][1][1][""][0]) == "grid[2][1]"
    source = document.source(root[1]["lines"][1], "lines", "id")
    assert source is not None
    assert source.path == "lines[2].id"
    assert set(document.root(frozenset({"lines"}))[1]) == {"lines"}
    assert [record.path for record in document.records()][:3] == ["", "buyer", "buyer/x"]


@pytest.mark.parametrize(
    ("raw", "options", "ids"),
    [
        (b'{"id":1}', {}, ["1"]),
        (b'[{"id":1},{"id":2}]', {}, ["1", "2"]),
        (b"[]", {}, []),
        (b'{"id":1}\n\r\n{"id":2}\n', {}, ["1", "2"]),
        (b'{"id":1}', {"lines": "true"}, ["1"]),
        (b'{"data":{"orders":[{"id":1},{"id":2}]}}', {"documents": "/data/orders"}, ["1", "2"]),
        (b'{"data":{"order":{"id":1}}}', {"documents": "data.order"}, ["1"]),
        ('{"id":"中"}'.encode("gbk"), {}, ["中"]),
        (b"\xef\xbb\xbf" + b'{"id":1}', {}, ["1"]),
        ('{"id":"中"}'.encode("utf-16"), {}, ["中"]),
    ],
)
def test_where_documents_are(raw: bytes, options: dict[str, Any], ids: list[str]) -> None:
    documents = read(raw, **options)
    assert [document.root()[0]["id"] for document in documents] == ids
    assert [document.n for document in documents] == list(range(1, len(ids) + 1))


@pytest.mark.parametrize(
    ("raw", "options", "said"),
    [
        (b"", {}, "empty"),
        (b'{"a":NaN}', {}, "line 1, column 6: NaN is not a JSON number"),
        (b'{"a":[1,\n}', {}, "line 2, column 1: not JSON"),
        (b'{"a":01}', {}, "not JSON"),
        (b"{'a':1}", {}, "not JSON"),
        (b'{"a":"x\ty"}', {}, "not JSON"),
        (b'{"a":1} x', {}, "Extra data"),
        (b"[" * 5000, {}, "nested too deeply|Expecting value"),  # which one: how deep Python may go just now
        (b'{"a":' * 70 + b"1" + b"}" * 70, {}, "nested deeper than 64"),
        (b'{"a":{"b":1}}', {"depth": "1"}, "nested deeper than 1"),
        (b'{"data":{"order":[]}}', {"documents": "data.orders"}, r"nothing stands at 'data/orders'"),
        (b'{"a":"\xff"}', {}, "neither valid UTF-8"),
    ],
)
def test_what_is_no_json_holds_the_message_with_line_and_column(raw: bytes, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read(raw, **options)


def test_a_name_that_comes_twice_is_reported_and_held_when_the_values_differ() -> None:
    documents = read(b'[{"a":{"b":1,"c":2},"a":{"b":1,"c":2}},{"a":1,"a":2},{"a":1}]')
    assert keys(documents) == [[], ["json:doubled"], []]
    assert [finding.code for finding in documents[0].findings] == ["json.doubled_name"]
    assert documents[1].root()[0] == {"a": "2"}


def test_no_break_spaces_between_tokens_are_read_and_reported() -> None:
    raw = '{\u00a0"a":\u00a0"x\u00a0y"}'.encode()
    [document] = read(raw)
    assert document.root()[0] == {"a": "x\u00a0y"}
    assert [(finding.code, str(finding.place)) for finding in document.findings] == [("json.no_break_space", "bytes 1-3")]


def test_one_bad_document_holds_no_other() -> None:
    assert keys(read(b'{"id":1}\n{"id":\n{"id":3}\n', lines="true")) == [[], ["json:syntax"], []]
    assert keys(read(b'[{"id":1},7,{"id":3}]')) == [[], ["json:object"], []]
    documents = read(b'[{"a":"\\ud83d\\ude00"},{"a":"\\ud83d","b":"ok"},{"l":["x","\\u0000"]}]')
    assert keys(documents) == [[], ["json:text"], ["json:text"]]
    assert documents[0].root()[0] == {"a": "😀"}
    assert documents[1].root()[0] == {"b": "ok"}
    assert [len(document.fingerprint()) for document in documents] == [16] * 3


def test_same_content_has_the_same_fingerprint() -> None:
    one, other, third = (
        read(raw)[0] for raw in (b'{"a":1,"b":[{"t":"9:05"}]}', b'{ "b":[{"t":"9:05"}], "a":1, "c":null}', b'{"a":1,"b":[{"t":"9:06"}]}')
    )
    assert one.fingerprint() == other.fingerprint() != third.fingerprint()
    volatile = frozenset({("b", "t")})
    assert one.fingerprint(volatile) == third.fingerprint(volatile)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"document": "x"}, "did you mean 'documents'"),
        ({"depth": "0"}, "1 to 500"),
        ({"lines": "yes"}, "auto"),
        ({"charset": "gkb"}, "not known"),
    ],
)
def test_wrong_words_are_refused_by_name(options: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured) as failure:
        FORMAT.layout("t", **options)
    assert said in str(failure.value)


def test_a_canonical_body_is_one_document() -> None:
    body = {
        "number": "PO-1",
        "lines": [{"id": "1", "quantity": {"value": "1.50", "unit": "CS"}}],
        "units": [{"numerator": 12, "base": True}],
    }
    raw = orjson.dumps(body)
    [document] = CanonicalFormat().read(raw, type="order/1")
    assert (document.format, document.types, document.layout.type) == ("canonical", ("order/1",), "order/1")
    assert document.root()[1]["units"][0][0] == {"numerator": "12", "base": "true"}
    check_places(raw, document, document.root(), "")
    [strict] = CanonicalFormat().read(b'{"price": 1.10}', type="order/1")
    assert strict.root()[0] == {"price": "1.10"}
    for broken in (b"[]", b"{", b""):
        with pytest.raises(Unreadable):
            list(CanonicalFormat().read(broken))


values = st.recursive(
    st.one_of(
        st.text(max_size=8),
        st.integers(),
        st.booleans(),
        st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: float(round(number, 3)) if abs(number) < 1e9 else 1),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=12,
)


def texts(value: Any) -> Any:
    """What must be read: scalars as texts."""
    if isinstance(value, dict):
        return {name: texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return value if isinstance(value, str) else json.dumps(value)


@settings(deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=5),
    st.booleans(),
    st.sampled_from([None, 2]),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_any_object_is_read_as_it_is(value: dict[str, Any], escaped: bool, indent: int | None, charset: str) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    [document] = list(FORMAT.read(text.encode(charset), charset=charset))
    raw = text.encode(charset)
    check_places(raw, document, document.root(), "")
    if not problems_of(document):
        assert as_objects(document.root()) == without_empty(texts(value))


def as_objects(node: Node) -> Any:
    """Nodes as objects, where a list of one object and that object look alike, as they do to a path."""
    return {**node[0], **{name: [as_objects(child) for child in children] for name, children in node[1].items()}}


def without_empty(value: dict[str, Any]) -> Any:
    """The expected tree in the same form."""
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            made[name] = [without_empty(inner)]
        elif isinstance(inner, list):
            made[name] = [element(one) for one in inner]
        else:
            made[name] = inner
    return made


def element(value: Any) -> Any:
    """An element of a list in that form."""
    if isinstance(value, dict):
        return without_empty(value)
    return {"": [element(one) for one in value]} if isinstance(value, list) else {"": value}


@settings(deadline=None)
@given(st.text('{}[]:,"\\u0d8 \u00a0abnN1.-\n', max_size=60))
def test_any_text_is_documents_or_unreadable(text: str) -> None:
    raw = text.encode()
    try:
        documents = list(FORMAT.read(raw))
    except Unreadable:
        return
    for document in documents:
        check_places(raw, document, document.root(), "")
        document.fingerprint()
