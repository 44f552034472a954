"""Messages written by others through the library's mappings: the engines agree, and every source stands where it is said to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.base import Document, apply_steps
from canonical_model.places import Bytes
from canonical_model.problems import HubError
from mappings.language import MappingFault, bind, parse, sources_of
from mappings.language.api import Result, Traced
from tests.mappings.language.tables import CONTEXT
from tests.mappings.language.test_formats import CODES, formats
from tests.samples import SAMPLES, need_samples

LIBRARY = Path(__file__).parents[3] / "mappings" / "library"
TRIED = {
    "idoc": ("idoc_flat/*.txt", "idoc_xml/*.xml", "derived_dirty/*"),
    "x12": ("x12/*", "derived_dirty/*"),
}


def documents(raw: bytes, format: str) -> Iterator[Document]:
    """What the format can read of a file; a file of another format gives nothing."""
    try:
        yield from formats()[format].read(raw)
    except HubError:
        return


def both(text: str, document: Document) -> tuple[Result, Traced] | None:
    """The results of both engines, None where the mapping is for another layout."""
    try:
        bound = bind(parse(text, "library.yaml"), document.layout)
    except MappingFault:
        return None
    return bound.row(document, CODES, CONTEXT), bound.trace(document, CODES, CONTEXT)


@need_samples
@pytest.mark.parametrize("format", sorted(TRIED))
def test_engines_agree_on_messages_of_others(format: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(LIBRARY.rglob("*.yaml"))]
    texts = [text for text in texts if f"source: {{format: {format}," in text]
    whole = 0
    for path in sorted({path for pattern in TRIED[format] for path in SAMPLES.glob(pattern) if path.is_file()}):
        raw = path.read_bytes()
        for document in documents(raw, format):
            for result in filter(None, (both(text, document) for text in texts)):
                row, traced = result
                assert row == traced.result, path.name
                whole += row.body is not None
                check_places(traced, raw, path.name)
    assert whole >= 3


def check_places(traced: Traced, raw: bytes, name: str) -> None:
    """Every field that a leaf rests on is read again from its bytes."""
    for leaf in traced.leaves.values():
        for one in sources_of(leaf):
            if one.source is not None and isinstance(one.source.place, Bytes):
                token = raw[one.source.place.start : one.source.place.end]
                assert apply_steps(token, one.source.steps) == one.source.text == one.value, name
