"""The one walk over an IDoc in XML: what is content, what is clean, and that a document goes when nobody wants it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.idoc.support import one
from tests.adapters.idoc.test_read_xml import BODY, message

LATE = '<E1EDK03 SEGMENT="1"><IDDAT>012</IDDAT><DATUM>20261125</DATUM></E1EDK03>'


def fingerprint(body: str, *volatile: tuple[str, str]) -> bytes:
    return one(message(body).encode()).fingerprint(frozenset(volatile))


def test_volatile_fields_say_nothing_and_their_names_elsewhere_do() -> None:
    other = LATE.replace("20261125", "20261126")
    assert fingerprint(BODY + LATE) != fingerprint(BODY + other)
    assert fingerprint(BODY + LATE, ("E1EDK03", "DATUM")) == fingerprint(BODY + other, ("E1EDK03", "DATUM"))
    assert fingerprint(BODY + LATE, ("E1EDK02", "DATUM")) != fingerprint(BODY + other, ("E1EDK02", "DATUM"))


def test_nesting_order_and_a_second_value_are_content() -> None:
    inside = BODY.replace("</E1EDP01>", LATE + "</E1EDP01>")
    second = BODY + LATE.replace("</DATUM>", "</DATUM><DATUM>20261201</DATUM>")
    assert len({fingerprint(body) for body in (BODY, BODY + LATE, LATE + BODY, inside, second)}) == 5


def test_the_control_record_is_no_content() -> None:
    again = message().replace("0000000000000001", "0000000000000002")
    assert one(again.encode()).fingerprint() == fingerprint(BODY)


def test_a_walk_knows_what_is_odd() -> None:
    assert one(message(BODY + LATE).encode()).clean  # type: ignore[attr-defined]
    for odd in (
        LATE.replace("20261125", "202611250"), LATE.replace("IDDAT", "OTHER"), LATE.replace(' SEGMENT="1"', ""),
        LATE.replace("E1EDK03", "Z1HUB"), LATE.replace("</DATUM>", "</DATUM><DATUM>20261125</DATUM>"),
    ):  # fmt: skip
        assert not one(message(BODY + odd).encode()).clean  # type: ignore[attr-defined]


FILL = ["", " ", "\n", "\u3000", "a", "a ", " a", "a\n ", "é", "\x7f"]
DEEP = st.recursive(
    st.sampled_from(FILL),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(["E1EDP01", "E1EDP19", "E1EDK03", "IDTNR", "QUALF", "Z1X"]), st.booleans(), inner), max_size=4
    ),
    max_leaves=12,
)


def written(one: Any) -> str:
    """Text, or elements with and without SEGMENT."""
    if isinstance(one, str):
        return one.replace("\x7f", "&#127;")
    marks = {True: " SEGMENT='1'", False: ""}
    return "".join(f"<{name}{marks[marked]}>{written(inner)}</{name}>" for name, marked, inner in one)


def told(node: Any) -> Any:
    """A node without its token."""
    return node[0], {name: [told(kid) for kid in kids] for name, kids in node[1].items()}


@given(st.lists(st.tuples(st.sampled_from(["E1EDP01", "E1EDK03", "Z1X"]), st.booleans(), DEEP), max_size=4),
       st.sets(st.sampled_from(["E1EDP01", "E1EDP19", "E1EDK03", "Z1X", "EDI_DC40"]), min_size=1), st.booleans())  # fmt: skip
def test_picked_nodes_are_those_of_the_whole_walk(body: Any, wanted: set[str], spaces: bool) -> None:
    text = message(written(body))
    raw = (text.replace("<IDOC ", "<IDOC xmlns='urn:x' ", 1) if spaces else text).encode()
    whole, names = one(raw), frozenset(wanted)
    whole.fingerprint()
    assert told(one(raw).root(names)) == told(whole.root(names))


def test_a_document_that_was_read_goes_without_the_collector() -> None:
    document = one(message().encode())
    document.root()
    document.fingerprint()
    assert document.findings is not None
    seen = weakref.ref(document)
    gc.disable()
    try:
        del document
        assert seen() is None
    finally:
        gc.enable()
