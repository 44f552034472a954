"""The mapping language: ``parse`` a text, ``bind`` it to a layout, then ``row`` or ``trace`` documents.

    mapping = parse(text, "sap/orders05.order.yaml", lookup)     # Mapping, or MappingFault with every fault
    bound = bind(mapping, layout)                                # Bound
    bound.key(document, context), bound.row(document, codes, context), bound.trace(document, codes, context)

The reference of the language is docs/reference/language.md.
"""

from __future__ import annotations

from mappings.language.bound import Bound, bind
from mappings.language.derivations import replay, sources_of
from mappings.language.examples import Coverage, ExampleResult, coverage, differences, run_examples
from mappings.language.faults import Lint, MappingFault, Mark
from mappings.language.linting import lint
from mappings.language.mapping import End, Example, Mapping
from mappings.language.parsing import parse

__all__ = [
    "Bound",
    "Coverage",
    "End",
    "Example",
    "ExampleResult",
    "Lint",
    "Mapping",
    "MappingFault",
    "Mark",
    "bind",
    "coverage",
    "differences",
    "lint",
    "parse",
    "replay",
    "run_examples",
    "sources_of",
]
