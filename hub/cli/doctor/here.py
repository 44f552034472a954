"""What of a set-up is on this machine: packages, folders, disk, mappings, doors, and all of it put together."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from adapters.base import Format
from canonical_model.problems import HubError, Misconfigured
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.cli.doctor.rows import Warned
from hub.cli.mapping import examples_of
from hub.cli.running import bound
from hub.cli.settings import all_formats, known_formats, library_of
from hub.config import Config
from hub.store.address import place_of
from hub.store.examine import written
from hub.store.running import runner

LEAST_FREE = 500_000_000
"""Bytes; less than this beside the store is told."""
ROOTS = ("adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring")


def packages() -> str:
    found = packages_distributions()
    others = {root: sorted(set(found.get(root, ())) - {"channelhub"}) for root in ROOTS}
    if any(others.values()):
        named = ", ".join(f"{root} by {', '.join(names)}" for root, names in others.items() if names)
        guilty = " ".join(sorted({name for names in others.values() for name in names}))
        fix = f"pip uninstall {guilty}, or give the hub an environment of its own"
        raise Misconfigured(f"other distributions provide our package names: {named}", at="the Python environment", fix=fix)
    return ", ".join(ROOTS)


def folders(config: Config) -> str:
    folders = config.hub.folders
    named = [(word, config.path(path)) for word in ("mappings", "definitions") for path in getattr(folders, word)]
    missing = [f"hub.folders.{word}: {path}" for word, path in named if not path.is_dir()]
    if missing:
        raise Misconfigured("folders are not there", at="\n".join(missing), fix="create them, or take them out of hub.yaml")
    return ", ".join(str(path) for _, path in named)


def disk(config: Config) -> str:
    place = config.store_file()
    assert place is not None
    there = next(folder for folder in place.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        fact = f"{free // 1_000_000} MB are free beside the store, and {LEAST_FREE // 1_000_000} is the least"
        raise Misconfigured(fact, at=str(place), fix="make room: a full disk stops the lane")
    return f"{free // 1_000_000} MB free beside the store"


def whole(file: Path) -> str:
    """All of it put together as a start would, but for what a start makes active."""
    hub = build(file, promote=False)
    try:
        return _store(hub)
    finally:
        hub.close()


def _store(hub: Hub) -> str:
    with hub.store.read() as connection:
        view = hub.flow.codebook.view(connection)
        words = [] if hub.store.shared else written(connection)
    return ", ".join([place_of(hub.store.url), f"codebook revision {view.revision}", *words])


def mappings(file: Path, config: Config, *, stored: bool) -> str:
    """The examples of every mapping that hub.yaml names, and of every one in the user's folders. ``stored``: whether the store may
    be asked for definitions."""
    library, formats = library_of(file), _formats(file) if stored else known_formats(file)
    own = (str(path.relative_to(folder).with_suffix("")) for folder in library.folders for path in folder.rglob("*.yaml"))
    routed = (route.mapping for system in config.systems.values() for way in system.in_ for route in way.routes.values())
    written = (out.mapping for system in config.systems.values() for out in system.out if out.mapping != "format")
    names = sorted({*own, *routed, *written})
    failed = [str(result) for name in names for result in examples_of(library.parse(name), library, formats) if not result.passed]
    if failed:
        fact = f"{len(failed)} examples of mappings fail"
        raise Misconfigured(fact, at="\n".join(failed), fix="correct the mapping or its example: hub map test")
    return f"every example of {len(names)} mappings gives what it should"


def _formats(file: Path) -> Mapping[str, Format]:
    """With what the store keeps of definitions; what is wrong with the store is told by its own check."""
    try:
        return all_formats(file)
    except HubError:
        return known_formats(file)


def transport(kind: type[Any], settings: Any) -> str:
    made = kind(settings)
    try:
        made.check()
    finally:
        made.close()
    return str(kind.kind)


def doors(config: Config) -> str:
    found = open_doors(config)
    if found:
        fact = f"anybody who reaches {config.hub.listen} may send to {', '.join(address for _, address in found)}"
        raise Warned(fact, at="\n".join(where for where, _ in found), fix="give each an `auth:`, or let hub.listen be 127.0.0.1")
    try:
        bound(config.hub.listen).close()
    except Misconfigured as taken:
        if _nobody_runs(config):
            raise Warned(taken.fact, at=taken.at, fix=taken.fix) from None
        return f"{config.hub.listen}, in use: by this hub, if it runs here"
    return config.hub.listen


def _nobody_runs(config: Config) -> bool:
    """Whether an embedded store is nobody's: then it is another program that has the hub's address."""
    try:
        place = config.store_file()
    except HubError:
        return False
    return place is not None and not runner(place)
