"""From the composed nodes of ``map:`` to its syntax tree: blocks, lists, ``$`` words and expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from mappings.language.composed import Composed, Mapped, Scalar, Sequenced
from mappings.language.expressions import parse_expression, parse_record, parse_test
from mappings.language.faults import Faults, MappingFault, Mark, did_you_mean
from mappings.language.syntax import Constant, Expression, Item, Items, Object, Record, Test

WORDS: Final = ("$each", "$with", "$when", "$let")
_T = TypeVar("_T")
_NOTHING: Final = Expression(Constant("", Mark("", 0, 0)), (), False, Mark("", 0, 0))


def read_object(node: Composed, faults: Faults, depth: int = 0) -> Object:
    """A block of targets. Faults are collected; what could not be read is left out."""
    if not isinstance(node, Mapped):
        faults.add(node.mark, "a block of targets expected", "write `target: expression` lines, indented")
        return Object({}, node.mark)
    if depth > 20:
        faults.add(node.mark, "more than 20 levels of targets", "a flatter document")
        return Object({}, node.mark)
    _check_words(node, faults)
    fields = {name: _item(value, faults, depth + 1) for name, value in node.items.items() if not name.startswith("$")}
    if not fields:
        faults.add(node.mark, "a block without targets gives nothing", "add a target or leave the block out")
    if "$each" in node.items and "$with" in node.items:
        faults.add(node.marks["$with"], "$each and $with in one block", "put the $with into a block of its own inside")
    return Object(
        fields,
        node.mark,
        within=_record(node.items.get("$with"), faults),
        each=_record(node.items.get("$each"), faults),
        when=_test(node.items.get("$when"), faults),
        let=_lets(node.items.get("$let"), faults),
    )


def read_expression(node: Composed, faults: Faults) -> Expression:
    """A scalar as an expression; one in single quotes is a constant as it stands."""
    if not isinstance(node, Scalar):
        faults.add(node.mark, "an expression expected, found a block or list", "write one path, e.g. E1EDK01.CURCY")
        return _NOTHING
    if node.style == "'":
        _warn_quoted(node, faults)
        return Expression(Constant(node.text, node.mark), (), False, node.mark)
    try:
        return parse_expression(node.text, _start(node))
    except MappingFault as fault:
        faults.lints.extend(fault.lints)
        return _NOTHING


def _item(node: Composed, faults: Faults, depth: int) -> Item:
    if isinstance(node, Mapped):
        return read_object(node, faults, depth)
    if isinstance(node, Sequenced):
        if not node.items:
            faults.add(node.mark, "an empty list gives nothing", "add a block or leave the target out")
        return Items(tuple(_item(item, faults, depth + 1) for item in node.items), node.mark)
    return read_expression(node, faults)


def _check_words(node: Mapped, faults: Faults) -> None:
    for name, mark in node.marks.items():
        if name.startswith("$") and name not in WORDS:
            faults.add(mark, f"{name!r} is not a word of the language", did_you_mean(name, WORDS))
        elif name == "":
            faults.add(mark, "a target without a name", "name it, or quote it")


def _record(node: Composed | None, faults: Faults) -> Record | None:
    return None if node is None else _parsed(parse_record, node, faults)


def _test(node: Composed | None, faults: Faults) -> Test | None:
    return None if node is None else _parsed(parse_test, node, faults)


def _lets(node: Composed | None, faults: Faults) -> tuple[tuple[str, Expression], ...]:
    if node is None:
        return ()
    if not isinstance(node, Mapped):
        faults.add(node.mark, "$let holds `name: expression` lines", "e.g. $let: {item: MATNR | strip0}")
        return ()
    for name, mark in node.marks.items():
        if not name.isidentifier() or name in ("received", "system", "party", "numbers"):
            faults.add(mark, f"{name!r} cannot be the name of a $let value", "letters, digits and _; not received, system, party, numbers")
    return tuple((name, read_expression(value, faults)) for name, value in node.items.items())


def _parsed(parse: Callable[[str, Mark], _T], node: Composed, faults: Faults) -> _T | None:
    if not isinstance(node, Scalar):
        faults.add(node.mark, "a path expected, found a block or list", "write it on one line")
        return None
    try:
        return parse(node.text, _start(node))
    except MappingFault as fault:
        faults.lints.extend(fault.lints)
        return None


def _start(node: Scalar) -> Mark:
    return node.mark.after(1) if node.style else node.mark


def _warn_quoted(node: Scalar, faults: Faults) -> None:
    if " | " in node.text or ("[" in node.text and "=" in node.text) or " & " in node.text:
        message = "a text in '...' is a constant, and this one looks like an expression"
        faults.add(node.mark, message, 'put an expression in "...", a constant behind =', "warning")
