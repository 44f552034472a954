"""Shared by the IDoc tests: the shipped definitions, small own messages, and values by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapters.base import Document, Node, Source
from adapters.idoc import Definition, IdocFormat, by_name, combine, load_definition
from adapters.idoc.definition import CONTROL_FIELDS
from canonical_model.places import Bytes
from tests.samples import SAMPLES

GRAMMARS = Path(__file__).resolve().parents[3] / "adapters" / "grammars" / "idoc"
SHIPPED = by_name(load_definition(path.read_text()) for path in sorted(GRAMMARS.glob("*.txt")))


def sample_definitions() -> dict[str, Definition]:
    return by_name(load_definition(path.read_bytes()) for path in sorted((SAMPLES / "idoc_definitions").glob("*.txt")))


def shipped_format(*uploaded: Definition) -> IdocFormat:
    return IdocFormat(combine(SHIPPED, by_name(uploaded)))


def control(**values: str) -> str:
    """A control record of 524 characters."""
    given = {"TABNAM": "EDI_DC40", "MANDT": "800", "DOCNUM": "0000000000225645", "IDOCTYP": "ORDERS05", "MESTYP": "ORDERS", "SNDPRN": "HQ"}
    given |= values
    return "".join(f"{given.get(one.name, ''):<{one.length}}" for one in CONTROL_FIELDS)


def data(name: str, number: int, above: int, sdata: str, docnum: str = "0000000000225645") -> str:
    """A data record of 1063 characters."""
    return f"{name:<30}800{docnum}{number:06d}{above:06d}02{sdata:<1000}"


def small_order(*more: str) -> list[str]:
    """Records of an order with two lines, E1EDP19 below each."""
    return [
        control(),
        data("E2EDK01005", 1, 0, "000 CNY"),
        data("E2EDKA1003", 2, 0, "AG 4711             V-1              Shop No 7"),
        data("E2EDP01011", 3, 0, "000010001 12.000         PCE"),
        data("E2EDP19003", 4, 3, "002ABC-1"),
        data("E2EDP19002", 5, 3, "0039506000140445"),
        data("E2EDP01011", 6, 0, "000020001 7.500          KGM"),
        data("E2EDP19003", 7, 6, "002ABC-2"),
        *more,
    ]


def one(raw: bytes, format: IdocFormat | None = None, **options: Any) -> Document:
    documents = list((format or shipped_format()).read(raw, **options))
    assert len(documents) == 1
    return documents[0]


def nodes(node: Node) -> Iterator[tuple[str, Node]]:
    for name, kids in node[1].items():
        for kid in kids:
            yield name, kid
            yield from nodes(kid)


def values(document: Document, *, control_record: bool = False) -> dict[str, str]:
    """Path with field -> text, of everything the document's layout knows."""
    found = {}
    for name, node in nodes(document.root()):
        if name != "EDI_DC40" or control_record:
            for field in document.layout.fields(name):
                if source := document.source(node, name, field):
                    found[source.path] = source.text
    return found


def token(raw: bytes, source: Source) -> bytes:
    """The bytes that a source names."""
    assert isinstance(source.place, Bytes)
    return raw[source.place.start : source.place.end]


def codes(document: Document) -> set[str]:
    return {finding.code for finding in document.findings}


def joined(records: Iterable[str], newline: str = "\n") -> bytes:
    return newline.join(records).encode("utf-8")
