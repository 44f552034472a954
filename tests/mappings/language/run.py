"""Short ways to run a mapping in tests, always with both engines, which must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.language import bind, parse
from mappings.language.api import Context, Result, Traced
from mappings.language.derivations import as_text, replay
from tests.mappings.language.tables import CONTEXT, Tables
from tests.mappings.language.toy import ToyDocument, message

HEAD = "mapping: toy/test\nsource: {format: toy, type: toy}\ntarget: order/1\nexamples: [{given: a, gives: b}]\n"


def both(text: str, document: ToyDocument, context: Context = CONTEXT, lookup: Any = None) -> tuple[Result, Traced]:
    """The results of both engines; asserts that they are equal and that every leaf can be run again."""
    mapping = parse(text, "toy.yaml", lookup or (lambda name: None))
    bound = bind(mapping, document.layout, ("UTC", "Asia/Shanghai", "Europe/Berlin"))
    row, traced = bound.row(document, Tables(), context), bound.trace(document, Tables(), context)
    assert row == traced.result
    if row.body is not None:
        check_leaves(row.body, traced, document.raw)
    return row, traced


def check_leaves(body: Mapping[str, Any], traced: Traced, raw: bytes) -> None:
    """Every leaf has a derivation, and it gives the leaf again from the raw bytes."""
    flat = dict(leaves(body, ""))
    assert set(flat) == set(traced.leaves)
    assert None not in flat.values()
    for pointer, value in flat.items():
        assert as_text(replay(traced.leaves[pointer], raw, Tables())) == value, pointer


def leaves(value: Any, pointer: str) -> list[tuple[str, Any]]:
    """(JSON pointer, value) of everything that is not a dict or list."""
    if isinstance(value, dict):
        return [leaf for name, one in value.items() for leaf in leaves(one, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")]
    if isinstance(value, list):
        return [leaf for index, one in enumerate(value) for leaf in leaves(one, f"{pointer}/{index}")]
    return [(pointer, value)]


def evaluate(expression: str, records: Sequence[tuple[str, Mapping[str, str]]] = (), context: Context = CONTEXT) -> Any:
    """The value of one expression at the document, None when absent, or the causes of its problems."""
    text = HEAD + "map:\n  there: 'x'\n  out: |-\n    " + expression + "\n"
    result, _ = both(text, message(records), context)
    if result.body is None:
        return [str(problem.cause) for problem in result.problems]
    return result.body.get("out")


def translate(block: str, records: Sequence[tuple[str, Mapping[str, str]]], **options: Any) -> Result:
    """A whole ``map:`` block (indented by two) over records of the toy format, in all four ways of cutting."""
    results = [both(f"{HEAD}map:\n{block}", message(records, cut), **options)[0] for cut in ("slice", "bytes", "index", "key")]
    said = [
        (result.body, [(p.cause, p.key, p.fact, p.target, p.source, p.value, p.mapping) for p in result.problems]) for result in results
    ]
    assert all(one == said[0] for one in said)
    return results[0]
