"""Files that are made from code are as the code would make them today.

A room that generates files (schemas, reference pages) offers ``tests/<room>/generated.py`` with
``files() -> Mapping[str, str]``: path from the root of the repository -> the text it must hold.
``python -m tests.architecture.generated`` writes them. A module that publishes its own files by name is in ``PUBLISHED``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from itertools import zip_longest
from pathlib import Path

from tests.architecture import tree

PUBLISHED = {"canonical_model/schemas": "canonical_model.schemas"}
"""Folder -> module whose ``published()`` gives file name -> text."""


def expected(root: Path = tree.ROOT) -> Mapping[str, str]:
    """Every generated file of every room, with the text it must hold."""
    made: dict[str, str] = {}
    for folder, module in PUBLISHED.items():
        made.update({f"{folder}/{name}": text for name, text in import_module(module).published().items()})
    for path in sorted(root.glob("tests/*/generated.py")):
        if path.parent.name != "architecture":
            made.update(import_module(f"tests.{path.parent.name}.generated").files())
    return made


def stale(made: Mapping[str, str], root: Path = tree.ROOT) -> list[str]:
    """Files that are missing or differ from what is made today, with the first line that does."""
    told = []
    for name, text in made.items():
        there = (root / name).read_text(encoding="utf-8") if (root / name).is_file() else ""
        if there != text:
            pairs = enumerate(zip_longest(there.splitlines(), text.splitlines()), start=1)
            line, new = next(((line, new) for line, (old, new) in pairs if old != new), (0, ""))
            told.append(f"{name}:{line} is not what its code makes today ({new!r}); type: .venv/bin/python -m tests.architecture.generated")
    return told


def violations() -> list[str]:
    return stale(expected())


def write(root: Path = tree.ROOT) -> None:
    """Write every generated file."""
    for name, text in expected(root).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
