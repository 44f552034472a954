"""Mappings compiled before the fork: what every start of a hub would do alike is done once, so that more kills fit into a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.cli.settings import load_config
from hub.plugins import Library, formats
from hub.stages import outward, routes
from mappings.language import bind
from tests.faults.overlap import put


def warm(config: Path) -> None:
    """Compile all mappings of a configuration; forks find them made."""
    made: dict[tuple[Any, ...], Any] = {}

    def known(mapping: Any, layout: Any, zones: tuple[str, ...] = ("UTC",)) -> Any:
        key = (mapping.name, mapping.hash, layout.hash, zones)
        if key not in made:
            made[key] = bind(mapping, layout, zones)
        return made[key]

    put(routes, "bind", known)
    put(outward, "bind", known)
    found = load_config(config)
    routes.compile_ways(found, Library(tuple(found.path(folder) for folder in found.hub.folders.mappings)), formats())
