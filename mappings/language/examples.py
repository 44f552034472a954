"""Examples that a mapping carries: run them, tell field by field what differs, and say what they do not cover."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from adapters.base import Document
from canonical_model.problems import HubError, Problem
from mappings.language.api import Codes, Context, Traced
from mappings.language.bound import Bound, bind
from mappings.language.derivations import flat
from mappings.language.example_codes import ExampleCodes
from mappings.language.leaves import Leaves
from mappings.language.mapping import Example
from mappings.language.mapping import Mapping as MappingText

Read = Callable[[bytes], Iterator[Document]]
"""Bytes of an example -> documents: the format's reader with the mapping's ``source:`` words."""
ReadFile = Callable[[str], bytes]
CodesOf = Callable[[str], Codes]

_INDEX: Final = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that is not as the example says; None: not there."""

    pointer: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.pointer}: wanted {_shown(self.wanted)}, found {_shown(self.found)}"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What an example gave. ``fault`` says why it could not run at all; ``hit`` are the targets it filled (``*`` for places)."""

    example: Example
    differences: tuple[Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    fault: str = ""
    body: Mapping[str, Any] | None = None
    hit: frozenset[str] = field(default=frozenset())

    @property
    def passed(self) -> bool:
        """True when it gave what it should."""
        return not self.differences and not self.fault and (self.body is not None or bool(self.example.problems))

    def __str__(self) -> str:
        lines = [f"{self.example.mark}: {self.example.given} {'ok' if self.passed else 'FAILED'}"]
        lines += [f"  {self.fault}"] if self.fault else []
        lines += [f"  {one}" for one in self.differences]
        unexpected = [] if self.passed else self.problems
        return "\n".join([*lines, *(f"  {line}" for problem in unexpected for line in str(problem).splitlines())])


@dataclass(frozen=True, slots=True)
class Coverage:
    """Targets of a mapping, and those that examples (or any documents) have filled."""

    targets: frozenset[str]
    hit: frozenset[str]

    @property
    def missed(self) -> tuple[str, ...]:
        """Targets that nothing filled, in order of their names."""
        return tuple(sorted(self.targets - self.hit))

    @property
    def percent(self) -> int:
        """Share of targets that were filled, rounded down."""
        return 100 * len(self.targets & self.hit) // len(self.targets) if self.targets else 100


def run_examples(mapping: MappingText, read: Read, read_file: ReadFile, codes_of: CodesOf | None = None) -> list[ExampleResult]:
    """Run every example of a mapping. ``read_file`` gives the bytes of a file beside the mapping.

    ``codes_of`` gives the tables of a file that an example names in ``codes:``; rows written in the example need none.
    """
    return [_run(mapping, example, read, read_file, codes_of) for example in mapping.examples]


def coverage(bound: Bound, results: Iterable[ExampleResult]) -> Coverage:
    """Which targets of a mapping its examples have filled."""
    targets = {target for target in bound.plan.types if "/$" not in target}
    return Coverage(frozenset(targets), frozenset[str]().union(*(result.hit for result in results)))


def filled(traced: Traced) -> frozenset[str]:
    """The targets that a traced translation filled, with ``*`` for list places."""
    leaves = traced.leaves
    return frozenset(_INDEX.sub("/*", pointer) for pointer in (leaves.targets if isinstance(leaves, Leaves) else leaves))


def differences(wanted: Any, found: Any, ignore: Iterable[str] = ()) -> tuple[Difference, ...]:
    """Leaf by leaf. ``ignore`` are pointers, ``*`` for any list place; they cover what is below them."""
    left, right = dict(flat(wanted)), dict(flat(found))
    pointers = [*left, *(pointer for pointer in right if pointer not in left)]
    skip = tuple(ignore)
    return tuple(
        Difference(pointer, left.get(pointer), right.get(pointer))
        for pointer in pointers
        if left.get(pointer) != right.get(pointer) and not _ignored(pointer, skip)
    )


def _ignored(pointer: str, ignore: tuple[str, ...]) -> bool:
    pattern = _INDEX.sub("/*", pointer)
    return any(one == skip or one.startswith(f"{skip}/") for skip in ignore for one in (pointer, pattern))


def _run(mapping: MappingText, example: Example, read: Read, read_file: ReadFile, codes_of: CodesOf | None) -> ExampleResult:
    try:
        document = _document(example, read(read_file(example.given)))
        codes = _codes(example, codes_of)
        bound = bind(mapping, document.layout, (example.zone,))
        traced = bound.trace(document, codes, _context(example))
        wanted = None if example.gives is None else orjson.loads(read_file(example.gives))
    except (HubError, orjson.JSONDecodeError) as error:
        return ExampleResult(example, fault=str(error))
    result = traced.result
    if bound.row(document, codes, _context(example)) != result:
        return ExampleResult(example, fault="the two engines do not agree: please report this")
    if example.gives is None:
        causes = tuple(str(problem.cause) for problem in result.problems)
        wrong = differences(list(example.problems), list(causes))
        return ExampleResult(example, wrong, result.problems, body=result.body, hit=filled(traced))
    wrong = () if result.body is None else differences(wanted, result.body, example.ignore)
    return ExampleResult(example, wrong, result.problems, body=result.body, hit=filled(traced))


def _document(example: Example, documents: Iterator[Document]) -> Document:
    for document in documents:
        if document.n == example.document:
            return document
    raise HubError(f"{example.given} has no document {example.document}", at=str(example.mark), fix="documents count from 1")


def _codes(example: Example, codes_of: CodesOf | None) -> Codes:
    if example.code_file is None:
        return ExampleCodes(example.codes, example.system)
    if codes_of is None:
        raise HubError(
            f"code tables {example.code_file!r} cannot be read here", at=str(example.mark), fix="write the rows into the example"
        )
    return codes_of(example.code_file)


def _context(example: Example) -> Context:
    received = datetime.fromisoformat(example.received)
    return Context(example.system, received, example.zone, None, example.party, example.numbers)


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
