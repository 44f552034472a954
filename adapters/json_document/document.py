"""One JSON object as a business document, in the three views of ``adapters.base``.

Scalars are a node's fields, objects and lists its children; a scalar in a list is a child whose field is ``""``. A
node's token is (token of its parent, keys from there), so that its path is made only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import orjson

from adapters.base import Field, Finding, Node, Record, Source, Step
from adapters.json_document.options import JsonLayout
from adapters.json_document.parse import Message, Path
from canonical_model.places import Bytes
from canonical_model.problems import Problem

At = tuple[Any, ...]
"""(token of the parent, keys from there); a third member marks a scalar in a list, whose field is itself."""
_TOP: Final[At] = (None, ())
_SCALAR: Final = 3
_SCALARS: Final = {True: "true", False: "false"}


class JsonDocument:
    """One document: ``value`` (numbers as texts, no nulls), which stands at ``base`` inside ``text[start:end]`` of its message."""

    technical: Final = None

    def __init__(
        self, message: Message, layout: JsonLayout, n: int, value: Mapping[str, Any], span: tuple[int, int], base: Path = (),
        findings: Sequence[Finding] = (), problems: tuple[Problem, ...] = (),
    ) -> None:  # fmt: skip
        self.n, self.layout, self.format = n, layout, layout.format
        self.findings, self.problems = findings, problems
        self.types: Sequence[str] = (layout.type,)
        self.control: Mapping[str, str] = {}
        self._message, self._value, self._span, self._base = message, value, span, base

    @property
    def place(self) -> Bytes:
        """The bytes of the object."""
        return self._place(self._base)

    @cached_property
    def _nodes(self) -> dict[frozenset[str] | None, Node]:
        return {}

    def root(self, wanted: frozenset[str] | None = None) -> Node:
        """The object as nodes; children that nobody wants are left out."""
        found = self._nodes.get(wanted)
        if found is None:
            found = self._nodes[wanted] = build(self._value, _TOP, wanted)
        return found

    def source(self, node: Node, segment: str, name: str) -> Source | None:
        """The token of a scalar and the steps to its text."""
        if name not in node[0]:
            return None
        path = keys(node[2])
        place = self._place((*self._base, *path, *(() if len(node[2]) == _SCALAR else (name,))))
        steps = (Step("decode", self._message.charset), Step("json_string"))
        return Source(".".join(part for part in (self.path(node), name) if part), place, steps, node[0][name])

    def where(self, node: Node) -> Bytes:
        """The bytes of an object, list or scalar."""
        return self._place((*self._base, *keys(node[2])))

    def path(self, node: Node) -> str:
        """``lines[2]/item``, counted from 1; nothing for the document itself."""
        return shown(keys(node[2]))

    def _place(self, path: Path) -> Bytes:
        start, end = self._message.places(*self._span).values.get(path, self._span)
        return self._message.offsets.place(start, end)

    def records(self) -> Iterator[Record]:
        """Every object and list element with its scalars, in the order of the message."""
        yield from self._records(self.root(), self.layout.type)

    def _records(self, node: Node, name: str) -> Iterator[Record]:
        filled = [(key, source) for key in node[0] if (source := self.source(node, name, key))]
        yield Record(name, self.path(node), self.where(node), tuple(Field(key, source.text, source.place) for key, source in filled))
        for below, children in node[1].items():
            for child in children:
                yield from self._records(child, below)

    def fingerprint(self, volatile: frozenset[tuple[str, str]] = frozenset()) -> bytes:
        """Over names and texts whatever their order, blanks, escapes or nulls."""
        value = without(self._value, "", volatile) if volatile else self._value
        return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def build(value: Mapping[str, Any], at: At, wanted: frozenset[str] | None) -> Node:
    """An object as a node."""
    data: dict[str, str] = {}
    kids: dict[str, list[Node]] = {}
    for name, inner in value.items():
        if type(inner) is str:
            data[name] = inner
        elif type(inner) is list:
            if wanted is None or name in wanted:
                kids[name] = _elements(inner, at, name, wanted)
        elif type(inner) is dict:
            if wanted is None or name in wanted:
                kids[name] = [build(inner, (at, (name,)), wanted)]
        elif inner is not None:
            data[name] = _scalar(inner)
    return data, kids, at


def _scalar(value: Any) -> str:
    return value if type(value) is str else _SCALARS[value] if type(value) is bool else str(value)


def _elements(values: Sequence[Any], at: At, name: str | None, wanted: frozenset[str] | None) -> list[Node]:
    """The elements of a list as nodes; ``null`` ones are absent and keep their number. ``name`` is None for a list in a list."""
    nodes: list[Node] = []
    for number, inner in enumerate(values):
        own: At = (at, (number,) if name is None else (name, number))
        if type(inner) is dict:
            nodes.append(build(inner, own, wanted))
        elif type(inner) is list:
            nodes.append(({}, {"": _elements(inner, own, None, wanted)}, own))
        elif inner is not None:
            nodes.append(({"": _scalar(inner)}, {}, (*own, True)))
    return nodes


def keys(at: At | None) -> Path:
    """The path of a token from the document."""
    path: Path = ()
    while at is not None:
        path = (*at[1], *path)
        at = at[0]
    return path


def shown(path: Path) -> str:
    """A path for people.

    >>> shown(("lines", 1, "item"))
    'lines[2]/item'
    """
    text = ""
    for key in path:
        text += f"[{key + 1}]" if isinstance(key, int) else f"/{key}"
    return text.removeprefix("/")


def without(value: Any, segment: str, volatile: frozenset[tuple[str, str]]) -> Any:
    """A copy without the volatile (record, field) pairs; the document's own fields have the record ``""``."""
    if isinstance(value, list):
        return [without(inner, segment, volatile) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: without(inner, name, volatile) for name, inner in value.items() if (segment, name) not in volatile}
