"""Our two kinds of import rule break when they should, on small graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from grimp import ImportGraph
from importlinter import Contract

from tests.architecture.contracts import OnlyIn, Siblings, used_lines


def graph(*imports: tuple[str, str]) -> ImportGraph:
    made = ImportGraph()
    for importer, imported in imports:
        for module in (importer, imported):
            made.add_module(module)
        made.add_import(importer=importer, imported=imported, line_number=3, line_contents="import")
    return made


def broken(contract: type[Contract], made: ImportGraph, **options: Any) -> list[tuple[str, str]]:
    check = contract("rule", {"root_packages": []}, options).check(made, verbose=False)
    found = [(importer, imported) for importer, imported, _ in check.metadata["found"]]
    assert check.kept is (not found)
    return found


@pytest.mark.parametrize(
    ("importer", "allowed"),
    [
        ("hub.store", True),
        ("hub.store.views.flows", True),
        ("hub.services.order.tables", True),
        ("hub.services.order.decide", False),
        ("hub.storekeeper", False),
        ("monitoring.page", False),
    ],
)
def test_a_library_stays_where_it_is_allowed(importer: str, allowed: bool) -> None:
    found = broken(OnlyIn, graph((importer, "sqlalchemy")), package="sqlalchemy", allowed=["hub.store", "hub.services.*.tables"])
    assert found == ([] if allowed else [(importer, "sqlalchemy")])


def test_a_library_that_nobody_imports_breaks_nothing() -> None:
    assert broken(OnlyIn, graph(("a", "b")), package="pika", allowed=["c"]) == []


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("connectors.http", "connectors.base", True),
        ("connectors.http", "connectors.kit.client", True),
        ("connectors.http.a", "connectors.http.b", True),
        ("connectors.kit.client", "connectors.base", True),
        ("connectors.http", "connectors.amqp", False),
        ("connectors.kit.client", "connectors.http", False),
        ("connectors.http", "adapters.base", True),
    ],
)
def test_siblings_meet_only_in_their_helpers(importer: str, imported: str, allowed: bool) -> None:
    found = broken(Siblings, graph((importer, imported)), container="connectors", helpers=["base", "kit"])
    assert found == ([] if allowed else [(importer, imported)])


def test_a_name_of_a_type_alone_is_no_use(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("if TYPE_CHECKING:\n    from x import A\n    import x\nimport x\n", encoding="utf-8")
    assert used_lines("a", [2, 3, 4], tmp_path) == [4]
    assert used_lines("not.there", [2], tmp_path) == [2]
