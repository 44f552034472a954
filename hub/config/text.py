"""From YAML text to plain values: every scalar stays the text it was (``NO``, ``012``, ``on``), every place is known."""

from __future__ import annotations

from typing import Any

from mappings.language.composed import Composed, Mapped, Scalar, Sequenced, compose
from mappings.language.faults import Faults, Lint, MappingFault, Mark

Path = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the root."""


class Marked:
    """Plain values of a YAML text with the place of each."""

    def __init__(self, file: str) -> None:
        self.value: dict[str, Any] = {}
        self.file = file
        self._marks: dict[Path, Mark] = {}

    def note(self, path: Path, mark: Mark) -> None:
        self._marks[path] = mark

    def at(self, path: Path) -> Mark:
        """The place of a value, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._marks:
                return self._marks[path[:length]]
        return Mark(self.file, 1, 1)


def read(text: str, file: str, faults: Faults) -> Marked:
    """YAML text -> plain dicts, lists and texts. What is wrong goes to ``faults``; an unreadable text gives no values."""
    marked = Marked(file)
    try:
        root = compose(text, file, faults)
    except MappingFault as fault:
        faults.lints = [_ours(lint) for lint in fault.lints]
        return marked
    for key, node in root.items.items():
        marked.note((key,), root.marks[key])
        marked.value[key] = _plain(node, (key,), marked, faults)
    return marked


def _ours(lint: Lint) -> Lint:
    """A finding of the mappings' reader without the fixes that only a mapping has."""
    if "$" in lint.suggestion or "mapping" in lint.suggestion + lint.message:
        return Lint(lint.at, lint.message.replace("a mapping file is", "hub.yaml is"), 'quote it with "...", or write it out')
    return lint


def _plain(node: Composed, path: Path, marked: Marked, faults: Faults) -> Any:
    if isinstance(node, Scalar):
        if not node.text and not node.style:
            faults.add(node.mark, f"{path[-1]!r} has no value", 'write the value, or "" for an empty text')
        return node.text
    if isinstance(node, Sequenced):
        for index, item in enumerate(node.items):
            marked.note((*path, index), item.mark)
        return [_plain(item, (*path, index), marked, faults) for index, item in enumerate(node.items)]
    return _plain_mapping(node, path, marked, faults)


def _plain_mapping(node: Mapped, path: Path, marked: Marked, faults: Faults) -> dict[str, Any]:
    for key, mark in node.marks.items():
        marked.note((*path, key), mark)
    return {key: _plain(item, (*path, key), marked, faults) for key, item in node.items.items()}
