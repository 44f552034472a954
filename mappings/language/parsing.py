"""``parse``: the text of a mapping -> Mapping. Every word is known or refused, every fault is told at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from mappings.language.composed import Composed, Mapped, Scalar, Sequenced, compose
from mappings.language.expressions import parse_record
from mappings.language.extends import Lookup, Merged, merge_bases
from mappings.language.faults import Faults, MappingFault, did_you_mean
from mappings.language.mapping import End, Example, Mapping
from mappings.language.registry import used_versions
from mappings.language.structure import read_expression, read_object
from mappings.language.syntax import Expression, Object

WORDS: Final = (
    "mapping", "source", "target", "namespace", "key", "revision", "numbers", "volatile", "stake", "map", "examples", "$extends",
)  # fmt: skip
_EXAMPLE_WORDS: Final = (
    "given", "gives", "document", "codes", "problems", "ignore", "received", "zone", "system", "party", "numbers",
)  # fmt: skip


def no_lookup(name: str) -> None:
    """A lookup for texts that extend nothing."""
    return


def parse(text: str, file: str, lookup: Lookup = no_lookup) -> Mapping:
    """Read a mapping. ``lookup`` gives the text of a base by name. Raises MappingFault with everything that is wrong."""
    faults = Faults()
    mapping = read_mapping(text, file, lookup, faults)
    faults.check()
    return mapping


def read_mapping(text: str, file: str, lookup: Lookup, faults: Faults) -> Mapping:
    """As ``parse``, but faults (also warnings) are collected; the result is whole only when there is no error."""
    merged = merge_bases(compose(text, file, faults), lookup, faults)
    node = merged.node
    for word, mark in node.marks.items():
        if word not in WORDS:
            faults.add(mark, f"{word!r} is not a word of a mapping", did_you_mean(word, WORDS))
    for word in ("mapping", "source", "target", "map", "examples"):
        if word not in node.items:
            faults.add(node.mark, f"the word {word!r} is missing", _WHY[word])
    return _mapping(file, merged, faults)


_WHY: Final = {
    "mapping": "name the mapping, e.g. `mapping: sap/orders05.order`",
    "source": "say what is read, e.g. `source: {format: idoc, type: ORDERS05}`",
    "target": "say what it becomes, e.g. `target: order/1`",
    "map": "add the block of targets",
    "examples": "a mapping carries an example: `examples: [{given: FILE, gives: FILE}]`",
}


def _mapping(file: str, merged: Merged, faults: Faults) -> Mapping:
    items, node = merged.node.items, merged.node
    map_block = read_object(items["map"], faults) if "map" in items else Object({}, node.mark)
    key, revision = _expressions(items.get("key"), faults), _optional(items.get("revision"), faults)
    numbers, stake = _named(items.get("numbers"), faults), _optional(items.get("stake"), faults)
    source, target = _end(items.get("source"), faults), _end(items.get("target"), faults)
    volatile, namespace = _volatile(items.get("volatile"), faults), _text(items.get("namespace"), faults)
    normal = repr((source, target, namespace, key, revision, numbers, sorted(volatile), stake, map_block, merged.bases))
    versions = used_versions((key, revision, numbers, stake, map_block))
    return Mapping(
        name=_text(items.get("mapping"), faults) or "",
        file=file,
        source=source,
        target=target,
        map=map_block,
        hash=sha256(f"{normal}\n{versions}".encode()).hexdigest(),
        key=key,
        revision=revision,
        numbers=numbers,
        stake=stake,
        namespace=namespace,
        volatile=volatile,
        examples=_examples(items.get("examples"), faults),
        bases=merged.bases,
        origins=merged.origins,
    )


def _end(node: Composed | None, faults: Faults) -> End:
    if isinstance(node, Scalar):
        return End("canonical", node.text)
    if not isinstance(node, Mapped):
        if node is not None:
            faults.add(node.mark, "a document type or {format, type} expected", "e.g. order/1")
        return End("", "")
    words = {name: plain(value) for name, value in node.items.items()}
    for word in ("format", "type"):
        if not isinstance(words.get(word), str):
            faults.add(node.mark, f"the word {word!r} is missing", "e.g. {format: idoc, type: ORDERS05}")
    options = {name: value for name, value in words.items() if name not in ("format", "type")}
    return End(str(words.get("format", "")), str(words.get("type", "")), options)


def plain(node: Composed) -> Any:
    """Composed nodes as texts, tuples and dicts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequenced):
        return tuple(plain(item) for item in node.items)
    return {name: plain(value) for name, value in node.items.items()}


def _text(node: Composed | None, faults: Faults) -> str | None:
    if node is None:
        return None
    if not isinstance(node, Scalar) or not node.text:
        faults.add(node.mark, "one word expected", "write it on the same line")
        return None
    return node.text


def _expressions(node: Composed | None, faults: Faults) -> tuple[Expression, ...]:
    if node is None:
        return ()
    nodes = node.items if isinstance(node, Sequenced) else (node,)
    return tuple(read_expression(item, faults) for item in nodes)


def _optional(node: Composed | None, faults: Faults) -> Expression | None:
    return None if node is None else read_expression(node, faults)


def _named(node: Composed | None, faults: Faults) -> tuple[tuple[str, Expression], ...]:
    if node is None:
        return ()
    if not isinstance(node, Mapped):
        faults.add(node.mark, "numbers holds `name: expression` lines", "e.g. numbers: {po: E1EDK02[QUALF=001].BELNR}")
        return ()
    return tuple((name, read_expression(value, faults)) for name, value in node.items.items())


def _volatile(node: Composed | None, faults: Faults) -> frozenset[tuple[str, str]]:
    nodes = () if node is None else node.items if isinstance(node, Sequenced) else (node,)
    return frozenset(pair for item in nodes if (pair := _pair(item, faults)) is not None)


def _pair(node: Composed, faults: Faults) -> tuple[str, str] | None:
    """A volatile path as (segment, field): the fingerprint leaves the field out of every such record."""
    text = node.text if isinstance(node, Scalar) else ""
    try:
        steps = parse_record(text, node.mark).path.steps
    except MappingFault as fault:
        faults.lints.extend(fault.lints)
        return None
    if not 1 <= len(steps) <= 2 or any(step.test for step in steps):
        faults.add(node.mark, "volatile names a segment and a field, without conditions", "e.g. E1EDK01.BSTDK")
        return None
    return (steps[0].name, steps[1].name) if len(steps) == 2 else ("", steps[0].name)


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _examples(node: Composed | None, faults: Faults) -> tuple[Example, ...]:
    if node is None:
        return ()
    if not isinstance(node, Sequenced) or not node.items:
        faults.add(node.mark, "examples is a list with at least one entry", _WHY["examples"])
        return ()
    return tuple(example for item in node.items if (example := _example(item, faults)) is not None)


def _example(node: Composed, faults: Faults) -> Example | None:
    if not isinstance(node, Mapped):
        faults.add(node.mark, "an example is {given, gives}", _WHY["examples"])
        return None
    for word, mark in node.marks.items():
        if word not in _EXAMPLE_WORDS:
            faults.add(mark, f"{word!r} is not a word of an example", did_you_mean(word, _EXAMPLE_WORDS))
    words = {name: plain(value) for name, value in node.items.items()}
    if "given" not in words or ("gives" in words) == ("problems" in words):
        faults.add(node.mark, "an example has `given` and either `gives` or `problems`", _WHY["examples"])
        return None
    shapes: dict[str, Callable[[Any], bool]] = {
        "document": lambda value: isinstance(value, str) and value.isascii() and value.isdigit() and value != "0",
        "problems": lambda value: isinstance(value, tuple),
        "ignore": lambda value: isinstance(value, tuple),
        "codes": lambda value: isinstance(value, str) or (isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())),
        "numbers": lambda value: isinstance(value, dict),
        "received": _is_instant,
    }
    for word, value in words.items():
        if not shapes.get(word, lambda value: isinstance(value, str))(value):
            faults.add(node.marks.get(word, node.mark), f"{word!r} of an example has another shape", "see the language reference")
            return None
    codes = words.pop("codes", {})
    number = int(words.pop("document", "1"))
    known = {name: value for name, value in words.items() if name in _EXAMPLE_WORDS}
    return Example(
        **{"gives": None, **known},
        mark=node.mark,
        document=number,
        codes=codes if isinstance(codes, dict) else {},
        code_file=codes if isinstance(codes, str) else None,
    )
