"""Reading a delimited file for a test, and what must hold of every document whatever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.base import Document, apply_steps, problems_of
from adapters.delimited import DelimitedFormat

FORMAT = DelimitedFormat()


def read(raw: bytes, **options: Any) -> list[Document]:
    """All documents, each with its places checked."""
    documents = list(FORMAT.read(raw, **options))
    for document in documents:
        check_places(raw, document)
    return documents


def check_places(raw: bytes, document: Document) -> None:
    """Every field can be made again from its place; rows lie inside their document."""
    root = document.root()
    for node, segment in [(root, ""), *((row, "row") for row in root[1]["row"])]:
        for name, text in node[0].items():
            source = document.source(node, segment, name)
            assert source is not None
            assert source.text == text
            assert apply_steps(raw[source.place.start : source.place.end], source.steps) == text  # type: ignore[union-attr]
        assert document.source(node, segment, "no such heading") is None
    for record in document.records():
        assert document.place.start <= record.place.start <= record.place.end <= document.place.end  # type: ignore[union-attr]


def rows(document: Document) -> list[dict[str, str]]:
    """The rows of a document."""
    return [dict(node[0]) for node in document.root()[1]["row"]]


def groups(documents: Sequence[Document], name: str) -> list[str | None]:
    """A field of each document."""
    return [document.root()[0].get(name) for document in documents]


def codes(documents: Sequence[Document], *, notes: bool = False) -> list[str]:
    """Codes of the findings, without those that every file has."""
    found = [finding for document in documents for finding in document.findings]
    return [finding.code for finding in found if notes or finding.code not in ("charset.decided", "delimited.dialect")]


def keys(documents: Sequence[Document]) -> list[list[str]]:
    """Keys of the problems of each document."""
    return [[problem.key for problem in problems_of(document)] for document in documents]
