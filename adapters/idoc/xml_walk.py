"""One walk over an IDoc in XML: its nodes, its content for the fingerprint, and whether anything in it is odd.

lxml makes an object for every element that is looked at, and that is most of what reading XML costs: so each is looked
at once. What is odd is described elsewhere, by a second and slower walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from adapters.base import Node
from adapters.idoc.layout import Lengths
from adapters.idoc.paths import local
from adapters.idoc.plan import Kids

Element = etree._Element


_UNKNOWN: Final = Lengths()


class Walked(NamedTuple):
    """What a walk found. ``clean``: every segment and field is as the definition and SAP's rules have it.

    ``content`` holds, in the order of the document, each segment's name, its fields, what is below it, and None at its end.
    """

    root: Node
    content: list[Any]
    clean: bool


class Walk:
    """Walks one IDoc. A document keeps what was found, never its walk: that holds the document, and a ring waits for the collector."""

    def __init__(self, lengths: Mapping[str, Lengths], is_segment: Callable[[Element], bool], spaces: bool) -> None:
        """``spaces``: whether XML name spaces may stand before names."""
        self._lengths, self._is_segment, self._spaces = lengths, is_segment, spaces
        self.content: list[Any] = []
        self.clean = True

    def node(self, element: Element, name: str) -> Node:
        """A segment with its fields that are not blank, and the segments below it."""
        data: dict[str, str] = {}
        kids: Kids = {}
        content, spaces, lengths = self.content, self._spaces, self._lengths.get(name, _UNKNOWN)
        odd = lengths is _UNKNOWN or element.get("SEGMENT") is None
        start = len(content)
        content += (name, data)
        for kid in element:
            tag, text = kid.tag, kid.text
            if spaces and tag[0] == "{":
                tag = local(kid)
            if text and not text.isspace() and not len(kid):
                text = text.rstrip(" ")
                if tag in data:
                    odd = True
                    content.append([tag, text])
                else:
                    data[tag] = text
                    odd = odd or len(text) > lengths[tag]
            elif len(kid) or self._is_segment(kid):
                kids.setdefault(tag, []).append(self.node(kid, tag))
        content.append(None)
        if not len(element):
            del content[start:]
        self.clean = self.clean and not odd
        return data, kids, element


class Picker:
    """The wanted segments of an IDoc and nothing else: the nodes of ``only`` over a whole walk, without looking at the rest."""

    def __init__(self, wanted: frozenset[str], is_segment: Callable[[Element], bool], spaces: bool) -> None:
        self._wanted, self._is_segment, self._spaces = wanted, is_segment, spaces

    def node(self, element: Element) -> Node:
        """A segment with its fields that are not blank, and the wanted segments below it."""
        data: dict[str, str] = {}
        kids: Kids = {}
        wanted, spaces = self._wanted, self._spaces
        for kid in element:
            tag, text = kid.tag, kid.text
            if spaces and tag[0] == "{":
                tag = local(kid)
            if tag not in wanted:
                # A last character between blank and DEL: nothing to take off, and no look at every kind of white space.
                if not text or not (" " < text[-1] < "\x7f" or (text := _filled(text))) or len(kid):
                    continue
                if tag not in data:
                    data[tag] = text
            elif text and _filled(text) and not len(kid):
                data.setdefault(tag, _filled(text))
            elif len(kid) or self._is_segment(kid):
                kids.setdefault(tag, []).append(self.node(kid))
        return data, kids, element


def _filled(text: str) -> str:
    """A text without blanks at its end; nothing when all of it is white space."""
    return "" if text.isspace() else text.rstrip(" ")


def only(node: Node, wanted: frozenset[str]) -> Node:
    """A node with those of the records below it that are wanted."""
    data, kids, token = node
    if not kids:
        return node
    return data, {name: [only(kid, wanted) for kid in some] for name, some in kids.items() if name in wanted}, token


def without(content: list[Any], volatile: frozenset[tuple[str, str]]) -> list[Any]:
    """A walk's content without the (segment, field) pairs that say nothing."""
    names = {name for _, name in volatile}
    out, segment = [], ""
    for one in content:
        if isinstance(one, str):
            segment = one
        if isinstance(one, dict) and not names.isdisjoint(one):
            one = {name: text for name, text in one.items() if (segment, name) not in volatile}
        out.append(one)
    return out
