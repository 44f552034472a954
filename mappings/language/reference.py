"""The registry as a page of Markdown: the part of docs/reference/language.md that is made from code."""

from __future__ import annotations

from typing import Any

import orjson

from canonical_model.problems import Cause
from mappings.language import functions as groups
from mappings.language.registry import ANY, FUNCTIONS, Function, Type

_HEADINGS = {
    "texts": "Texts",
    "numbers": "Numbers",
    "times": "Dates and instants",
    "codes": "Code tables, items, parties",
    "amounts": "Quantities, money, prices",
    "identifiers": "Identifiers",
    "many": "All values of a path",
}


def functions_page() -> str:
    """Every function by group: signature, types, what it does, examples with their results."""
    parts = []
    for group, heading in _HEADINGS.items():
        module = getattr(groups, group).__name__
        own = [function for function in FUNCTIONS.values() if function.module == module]
        parts.append(f"### {heading}\n\n" + "\n".join(_entry(function) for function in own))
    return "\n".join(parts)


def _entry(function: Function) -> str:
    kind = "total" if function.total else "partial"
    types = f"{_types(function.takes)} -> {function.gives or 'the same'}"
    kind += ", may be absent" if function.nullable and not function.many else ""
    lines = [f"#### `{function.signature}`", "", f"{types}; {kind}; version {function.version}. {function.doc}", ""]
    lines += [f"- `{expression}` gives {_result(wanted)}" for expression, wanted in function.examples]
    return "\n".join([*lines, ""])


def _types(types: frozenset[Type]) -> str:
    return "any" if types == ANY else ", ".join(sorted(types))


def _result(wanted: Any) -> str:
    if wanted is None:
        return "nothing (absent)"
    if isinstance(wanted, str) and wanted in list(Cause):
        return f"a problem: `{wanted}`"
    return f"`{orjson.dumps(wanted).decode()}`"
