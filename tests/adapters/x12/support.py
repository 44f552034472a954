"""What the tests of X12 share: the format with its grammars, own messages, and walks over documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.base import Document, Index, Node, apply_steps
from adapters.edi import COMPONENT
from adapters.x12 import X12
from adapters.x12.document import X12Document
from canonical_model.places import Bytes

_FOLDER = Path(__file__).resolve().parents[3] / "adapters" / "grammars" / "x12"
GRAMMARS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.x12"))}
FORMAT = X12(GRAMMARS)

ISA = "ISA*00*          *00*          *ZZ*AGENT-GD       *14*9506000000013  *261125*0930*U*00401*000000042*0*P*>~"
GS = "GS*PO*AGENT-GD*9506000000013*20261125*0930*42*X*004010~"
ORDER = (
    "ST*850*0001~BEG*00*SA*PO-26-11-0042**20261120~CUR*BY*CNY~DTM*002*20261201~"
    "N1*BY*Guangdong agent*92*GD01~N3*1 Flower Road*Hall 2~N4*Guangzhou**510000*CN~N1*ST*Store 7*UL*9506000000020~"
    "PO1*10*36*CA*12.50*PE*UK*19506000000010*VN*000000000004711~PID*F****Sesame paste 200 g~MEA*PD*G*3.5*KG>1>2~"
    "PO1*20*5*EA*3**VN*4712*BP*A-1~N9*L1*x~MSG*handle with care~CTT*2~SE*16*0001~"
)
MESSAGE = f"{ISA}{GS}{ORDER}GE*1*42~IEA*1*000000042~"
ASSIGNED = {"sender": "14:9506000000013", "receiver": "ZZ:AGENT-GD", "ISA13": "77", "date": "20261126", "time": "0801"}


def read(message: str | bytes, **options: Any) -> list[X12Document]:
    """All documents of a message."""
    raw = message.encode() if isinstance(message, str) else message
    return list(FORMAT.read(raw, **options))


def only(message: str | bytes, **options: Any) -> X12Document:
    """The one document of a message."""
    (document,) = read(message, **options)
    return document


def codes(*documents: Document) -> set[str]:
    """Codes of all findings."""
    return {finding.code for document in documents for finding in document.findings}


def below(node: Node) -> Iterator[Node]:
    """All nodes below one."""
    for kids in node[1].values():
        for kid in kids:
            yield kid
            yield from below(kid)


def value(document: Document, node: Node, name: str) -> str | None:
    """What generated code takes out of a node."""
    access = document.layout.access(node[0][0], name)
    if not isinstance(access, Index):
        return None
    text = node[0][access.index] if access.index < len(node[0]) else ""
    if access.component is not None:
        parts = text.split(access.separator)
        text = parts[access.component] if access.component < len(parts) else ""
    return text or None


def names(document: Document, node: Node) -> list[str]:
    """Every name that a node's segment may be asked for."""
    tag = node[0][0]
    known = list(document.layout.fields(tag))
    return known if known or not document.layout.open else [f"{tag}{place:02d}" for place in range(1, min(100, len(node[0])))]


def check_places(raw: bytes, document: X12Document) -> int:
    """Row value, traced text and the raw bytes must agree for every field; how many there were."""
    count = 0
    for node in below(document.root()):
        assert document.path(node)
        for name in names(document, node):
            source = document.source(node, node[0][0], name)
            assert value(document, node, name) == (source.text if source else None), name
            if source is not None:
                assert isinstance(source.place, Bytes)
                assert apply_steps(raw[source.place.start : source.place.end], source.steps) == source.text
                count += 1
    return count


def tree_of(document: X12Document) -> dict[str, Any]:
    """A document as the tree that would write it."""
    return {tag: [_tree(document, node) for node in nodes] for tag, nodes in document.root()[1].items() if tag not in ("ISA", "GS", "ST")}


def _tree(document: X12Document, node: Node) -> dict[str, Any]:
    tag, out = node[0][0], {}
    composites = document.context.composites.get(tag, ())
    for place, text in enumerate(node[0][1:], 1):
        parts = text.split(COMPONENT) if place in composites else [text]
        for number, part in enumerate(parts, 1):
            if part:
                out[f"{tag}{place:02d}" + (f"-{number}" if place in composites else "")] = part
    out |= {kid: [_tree(document, inner) for inner in nodes] for kid, nodes in node[1].items() if kid != "PAIR"}
    return out
