"""The ``in:`` and ``out:`` lines: our words apart from the connector's, defaults that depend on what stands around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.base import Settings
from hub.config.blocks import Block, In, Out
from hub.config.text import Path

Check = Callable[[type[Settings], dict[str, Any], Path, frozenset[str]], Settings]
"""Validate a connector's words found at a path; the names are our own words there, for suggestions."""
BLOCKS: Mapping[str, type[Block]] = {"in": In, "out": Out}


def words(block: type[Block]) -> frozenset[str]:
    """The words of a block as they are written."""
    return frozenset(field.alias or name for name, field in block.model_fields.items())


def entries(systems: Any) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Every in and out line of plain systems: (path, ``in`` or ``out``, line). What has another shape is left to the types."""
    for name, system in systems.items() if isinstance(systems, dict) else ():
        for side in BLOCKS:
            lines = system.get(side, ()) if isinstance(system, dict) else ()
            for index, line in enumerate(lines if isinstance(lines, list) else ()):
                if isinstance(line, dict):
                    yield ("systems", name, side, index), side, line


def split(line: dict[str, Any], side: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(our words, the connector's words) of a line. ``settings`` is no word: it is where the connector's words go."""
    ours = words(BLOCKS[side]) - {"settings"}
    return {key: value for key, value in line.items() if key in ours}, {key: value for key, value in line.items() if key not in ours}


def fill(root: dict[str, Any]) -> None:
    """Write defaults that depend on other blocks into plain values: zone, code set, names of lines, party of a subscription."""
    hub: Any = root.get("hub")
    systems: Any = root.get("systems")
    zone = hub.get("timezone", "UTC") if isinstance(hub, dict) else "UTC"
    for name, system in systems.items() if isinstance(systems, dict) else ():
        if isinstance(system, dict):
            system.setdefault("zone", zone)
            system.setdefault("codes", name)
    for path, side, line in entries(systems):
        line.setdefault("name", f"{path[1]}.{line.get('connector' if side == 'in' else 'on', side)}")
        if side == "out" and "party" in systems[path[1]]:
            line.setdefault("party", systems[path[1]]["party"])
