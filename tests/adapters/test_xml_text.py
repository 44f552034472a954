"""Character data and element positions, against lxml on generated documents."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.xml_text import character_data, scan

PIECES = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn"), exclude_characters="<&>"), max_size=6),
    st.sampled_from(
        ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#65;", "&#x4e2d;", "\r\n", "\r", "\n", "<!-- & < > -->", "<?p <x> ?>", "&#13;"]
    ),
    st.builds("<![CDATA[{}]]>".format, st.sampled_from(["", "<a>&amp;</a>", "]", "]]", "x\r\ny", "<!-- no -->", "&#65;"])),
)
DATA = st.lists(PIECES, max_size=6).map("".join)
ATTRIBUTES = st.sampled_from(["", " a='1'", ' b="x>y"', " c = '/>'", ' d="a/b" e=\'"\''])
NAMES = st.sampled_from(["A", "B", "E1X", "_-NS_-Z", "é"])


def element(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def make(name: str, attributes: str, inner: list[str]) -> str:
        return f"<{name}{attributes}>{''.join(inner)}</{name} >"

    return st.builds(make, NAMES, ATTRIBUTES, st.lists(below, max_size=4))


DOCUMENTS = element(st.recursive(st.one_of(DATA, st.builds("<{}{}/>".format, NAMES, ATTRIBUTES)), element, max_leaves=12))


@settings(max_examples=150, deadline=None)
@given(DATA)
def test_character_data_equals_what_lxml_reads(text: str) -> None:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False)
    assert character_data(text) == (etree.fromstring(f"<a>{text}</a>".encode(), parser).text or "")


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_scan_finds_every_element_where_it_stands(text: str) -> None:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False)
    elements = list(etree.fromstring(text.encode(), parser).iter())
    spans = list(scan(text))
    assert [span.name for span in spans] == [one.tag for one in elements]
    for span, one in zip(spans, elements, strict=True):
        assert len(span.kids) == len(one)
        assert text[span.start : span.end].startswith(f"<{span.name}")
        assert text[span.start : span.end].endswith(">")
        if not span.kids:
            assert character_data(text[span.inner : span.outer]) == (one.text or "")


def test_unknown_references_stay() -> None:
    assert character_data("&nbsp;&#x110000;&#xZZ;") == "&nbsp;&#x110000;&#xZZ;"
