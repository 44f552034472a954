"""Rules across the blocks of ``hub.yaml``: names that must be one, parents that must exist, secrets that must be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from canonical_model.problems import Misconfigured
from connectors.base import Secret
from hub.config.blocks import CodeSet, In, Out, Root
from hub.config.text import Path
from mappings.language.faults import did_you_mean

Note = Callable[[Path, str, str], None]
"""(where, fact, fix)"""


def across(root: Root, note: Note) -> None:
    """Everything that no single block can know."""
    code_sets(root, note)
    unique_names(root, note)
    unique_paths(root, note)


def lines(root: Root) -> Iterator[tuple[Path, In | Out]]:
    """Every in and out line with its path."""
    for name, system in root.systems.items():
        for index, line in enumerate(system.in_):
            yield ("systems", name, "in", index), line
        for number, out in enumerate(system.out):
            yield ("systems", name, "out", number), out


def code_sets(root: Root, note: Note) -> None:
    """A parent is a code set of the file or of a system, and nobody is its own ancestor."""
    known = set(root.code_sets) | {system.codes for system in root.systems.values()}
    for name, block in root.code_sets.items():
        path = ("code_sets", name, "parent")
        if block.parent and block.parent not in known:
            note(path, f"there is no code set {block.parent!r}", did_you_mean(block.parent, known) or "add it to code_sets")
        elif _circles(name, root.code_sets):
            note(path, f"{name!r} is its own ancestor", "take one of the parents out")


def _circles(name: str, blocks: Mapping[str, CodeSet]) -> bool:
    seen: set[str] = set()
    at: str | None = name
    while at and at in blocks and at not in seen:
        seen.add(at)
        at = blocks[at].parent
    return at == name


def unique_names(root: Root, note: Note) -> None:
    """The name of a way in or a subscription is part of keys in the store: it must be one, whatever the order of lines."""
    first: dict[tuple[str, str], Path] = {}
    for path, line in lines(root):
        side = str(path[2])
        if (side, line.name) in first:
            note(
                path,
                f"two lines are named {line.name!r}",
                f"give each its `name:`; the other is {'.'.join(map(str, first[side, line.name]))}",
            )
        first.setdefault((side, line.name), path)


def unique_paths(root: Root, note: Note) -> None:
    """Two doors of one hub have two addresses."""
    first: dict[str, Path] = {}
    for path, line in lines(root):
        for address in getattr(line.settings, "addresses", lambda: ())() if isinstance(line, In) else ():
            if address in first:
                note((*path, "path"), f"{address!r} is taken by {'.'.join(map(str, first[address]))}", "give one of them another path")
            first.setdefault(address, path)


def secrets(block: BaseModel, path: Path, note: Note) -> None:
    """Every secret that the block refers to is there now."""
    for where, secret in secrets_of(block, path):
        try:
            secret.reveal()
        except Misconfigured as error:
            note(where, error.fact, error.fix)


def secrets_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Secret]]:
    """Every secret that a block refers to, with its path."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from secrets_of(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secrets_of(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from secrets_of(item, (*path, index))
