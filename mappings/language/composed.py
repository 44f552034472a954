"""YAML as composed nodes: every scalar is text, every node knows its place, nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from mappings.language.faults import Faults, Lint, MappingFault, Mark

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAG: Final = "tag:yaml.org,2002:"
_SIZE: Final = 1_000_000
_DEEPEST: Final = 60


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``style`` is ``'``, ``\"``, ``|``, ``>`` or empty for a plain one."""

    text: str
    style: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A YAML list."""

    items: Sequence[Composed]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapped:
    """A YAML mapping; ``marks`` are the places of its keys."""

    items: Mapping[str, Composed]
    marks: Mapping[str, Mark]
    mark: Mark


Composed = Scalar | Sequenced | Mapped


def compose(text: str, file: str, faults: Faults) -> Mapped:
    """The one document of a YAML text. Raises MappingFault when it cannot be read at all."""
    if len(text) > _SIZE:
        raise MappingFault([Lint(Mark(file, 1, 1), f"the text is longer than {_SIZE} characters", "split the mapping with $extends")])
    try:
        _refuse_anchors(text, file, faults)
        node = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise MappingFault([*faults.lints, _lint(error, file)]) from None
    if not isinstance(node, yaml.MappingNode):
        raise MappingFault([Lint(Mark(file, 1, 1), "a mapping file is a YAML mapping", "start with `mapping: <name>`")])
    composed = _convert(node, file, faults)
    assert isinstance(composed, Mapped)
    return composed


def _refuse_anchors(text: str, file: str, faults: Faults) -> None:
    for token in yaml.scan(text, Loader=_LOADER):
        if isinstance(token, (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)):
            word = {yaml.AnchorToken: "an anchor (&name)", yaml.AliasToken: "an alias (*name)"}.get(type(token), "a tag (!name)")
            faults.add(_mark(token.start_mark, file), f"{word} is not part of the language", 'quote it with "...", or use $let or $extends')
    faults.check()


def _lint(error: Exception, file: str) -> Lint:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    fix = "check the indentation"
    if "mapping values are not allowed" in problem:
        fix = 'quote it: an expression with ": " in it stands in "..."'
    elif "block end" in problem or "expected <" in problem or "scalar" in problem or "alphabetic" in problem:
        fix = 'quote it: an expression that starts with \' or [ stands in "..." or starts with ='
    return Lint(_mark(mark, file) if mark else Mark(file, 1, 1), f"this is not YAML: {problem}", fix)


def _mark(mark: yaml.Mark, file: str) -> Mark:
    return Mark(file, mark.line + 1, mark.column + 1)


def _convert(node: yaml.Node, file: str, faults: Faults, depth: int = 0) -> Composed:
    mark = _mark(node.start_mark, file)
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, node.style or "", mark)
    if depth > _DEEPEST:
        raise MappingFault([Lint(mark, f"more than {_DEEPEST} levels of YAML", "a flatter mapping")])
    if isinstance(node, yaml.SequenceNode):
        return Sequenced(tuple(_convert(item, file, faults, depth + 1) for item in node.value), mark)
    items: dict[str, Composed] = {}
    marks: dict[str, Mark] = {}
    for key, value in node.value:
        at = _mark(key.start_mark, file)
        if not isinstance(key, yaml.ScalarNode):
            faults.add(at, "a key is one word", "quote it")
        elif key.value in items:
            faults.add(at, f"{key.value!r} stands here twice", f"first at line {marks[key.value].line}: keep one")
        else:
            items[key.value], marks[key.value] = _convert(value, file, faults, depth + 1), at
    return Mapped(items, marks, mark)
