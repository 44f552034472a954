"""Two kinds of import rule that import-linter lacks: a library that only named modules may use, and independent siblings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

from tests.architecture import tree

Found = list[tuple[str, str, list[int]]]
"""Imports that break a rule: (importer, imported, lines)."""


def lines_of(graph: ImportGraph, importer: str, imported: str) -> list[int]:
    return sorted({detail["line_number"] for detail in graph.get_import_details(importer=importer, imported=imported)})


def render(check: ContractCheck) -> None:
    for importer, imported, lines in check.metadata["found"]:
        output.print_error(f"{importer} -> {imported} (l. {', '.join(map(str, lines))})", bold=True)


def matches(module: str, patterns: list[str]) -> bool:
    """True when the module is one of the patterns or lies below one: ``hub.services.*.tables``."""
    return any(fnmatchcase(module, pattern) or fnmatchcase(module, f"{pattern}.*") for pattern in patterns)


def typing_lines(text: str) -> Iterator[int]:
    """Lines inside ``if TYPE_CHECKING:``, where a name of a type is no use of the library."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for inside in node.body:
                yield from range(inside.lineno, (inside.end_lineno or inside.lineno) + 1)


def used_lines(module: str, lines: list[int], root: Path = tree.ROOT) -> list[int]:
    """Those of a module's import lines that run."""
    stem = root.joinpath(*module.split("."))
    path = next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)
    only_types = set() if path is None else set(typing_lines(path.read_text(encoding="utf-8")))
    return [line for line in lines if line not in only_types]


class OnlyIn(Contract):
    """``package`` (outside) is imported directly, to run, by nobody but the ``allowed`` modules and what lies below them."""

    type_name: ClassVar[str] = "only_in"
    package: Any = fields.StringField()
    allowed: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        found: Found = []
        if self.package in graph.modules:
            for importer in sorted(graph.find_modules_that_directly_import(self.package)):
                lines = used_lines(importer, lines_of(graph, importer, self.package))
                if lines and not matches(importer, self.allowed):
                    found.append((importer, self.package, lines))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        render(check)


class Siblings(Contract):
    """No child of ``container`` imports another one, except the ``helpers``, which import only helpers."""

    type_name: ClassVar[str] = "siblings"
    container: Any = fields.StringField()
    helpers: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        inside = sorted(module for module in graph.modules if module.startswith(f"{self.container}."))
        found: Found = [
            (importer, imported, lines_of(graph, importer, imported))
            for importer in inside
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if self._breaks(self._child(importer), self._child(imported))
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def _child(self, module: str) -> str:
        prefix = f"{self.container}."
        return module.removeprefix(prefix).split(".")[0] if module.startswith(prefix) else ""

    def _breaks(self, importer: str, imported: str) -> bool:
        return bool(imported) and imported != importer and imported not in self.helpers

    def render_broken_contract(self, check: ContractCheck) -> None:
        render(check)
