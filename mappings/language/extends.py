"""``$extends``: a mapping as a list of overrides of another one. Merged as composed nodes, so that marks name both files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mappings.language.composed import Composed, Mapped, Scalar, compose
from mappings.language.faults import Faults, Mark
from mappings.language.mapping import Origin

Lookup = Callable[[str], str | None]
"""Name of a mapping -> its text, None when there is none."""

_MERGED: Final = ("map", "numbers")
_NOT_INHERITED: Final = ("mapping", "examples", "$extends")
_LONGEST: Final = 8


@dataclass(frozen=True, slots=True)
class Merged:
    """A mapping's node with its bases merged in, the bases' names (nearest first), and where each target is from."""

    node: Mapped
    bases: tuple[str, ...]
    origins: Mapping[str, tuple[Origin, Mark]]


def merge_bases(node: Mapped, lookup: Lookup, faults: Faults) -> Merged:
    """Follow ``$extends`` up to the last base and lay the overrides over it, the nearest last."""
    chain = _chain(node, lookup, faults)
    faults.check()
    merged = chain[-1][1]
    origins: dict[str, tuple[Origin, Mark]] = {pointer: ("own", mark) for pointer, mark in _targets(merged)}
    for _, child in reversed(chain[:-1]):
        own = dict(_targets(child))
        inherited: dict[str, tuple[Origin, Mark]] = {pointer: ("inherited", mark) for pointer, (_, mark) in origins.items()}
        overrides: dict[str, tuple[Origin, Mark]] = {
            pointer: ("overridden" if pointer in origins else "own", mark) for pointer, mark in own.items()
        }
        origins = {**inherited, **overrides}
        merged = _overlay(merged, child, top=True)
    return Merged(merged, tuple(name for name, _ in chain[1:]), origins)


def _chain(node: Mapped, lookup: Lookup, faults: Faults) -> list[tuple[str, Mapped]]:
    name = node.items.get("mapping")
    chain = [(name.text if isinstance(name, Scalar) else "", node)]
    while (word := chain[-1][1].items.get("$extends")) is not None:
        base = _base(word, chain, lookup, faults)
        if base is None:
            break
        chain.append(base)
    return chain


def _base(word: Composed, chain: list[tuple[str, Mapped]], lookup: Lookup, faults: Faults) -> tuple[str, Mapped] | None:
    if not isinstance(word, Scalar):
        faults.add(word.mark, "$extends names one mapping", "e.g. $extends: sap/orders05.order")
        return None
    if word.text in [name for name, _ in chain] or len(chain) > _LONGEST:
        faults.add(word.mark, f"$extends goes round: {' -> '.join([*(name for name, _ in chain), word.text])}", "break the circle")
        return None
    text = lookup(word.text)
    if text is None:
        faults.add(word.mark, f"there is no mapping {word.text!r} to extend", "name a mapping of the library or of the project")
        return None
    return word.text, compose(text, word.text, faults)


def _overlay(base: Mapped, child: Mapped, *, top: bool = False) -> Mapped:
    """The child's words over the base's; ``map`` and ``numbers`` target by target, everything else as a whole."""
    items = {name: value for name, value in base.items.items() if not (top and name in _NOT_INHERITED)}
    marks = {name: mark for name, mark in base.marks.items() if name in items}
    for name, value in child.items.items():
        under = items.get(name)
        deep = isinstance(value, Mapped) and isinstance(under, Mapped) and (not top or name in _MERGED)
        items[name] = _overlay(under, value) if deep and isinstance(under, Mapped) and isinstance(value, Mapped) else value
        marks[name] = child.marks[name]
    return Mapped(items, marks, child.mark)


def _targets(node: Mapped) -> Iterator[tuple[str, Mark]]:
    block = node.items.get("map")
    return _leaves(block, "") if isinstance(block, Mapped) else iter(())


def _leaves(node: Mapped, pointer: str) -> Iterator[tuple[str, Mark]]:
    for name, value in node.items.items():
        here = f"{pointer}/{name}"
        if isinstance(value, Mapped) and name != "$let":
            yield from _leaves(value, here)
        else:
            yield here, node.marks[name]
