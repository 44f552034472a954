"""``hub doctor``: what is wrong, where, and the fix. Looks at everything, also behind the first fault; changes no configuration."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from adapters.base import Format
from canonical_model.problems import HubError, Misconfigured
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.channels.rabbitmq import DEAD
from hub.cli import topology
from hub.cli.mapping import examples_of
from hub.cli.output import Output
from hub.cli.settings import all_formats, known_formats, library_of, load_config
from hub.config import Config, ConfigFault
from hub.plugins import receivers, senders

LEAST_FREE = 500_000_000
"""Bytes; less than this beside the store is told."""
ROOTS = ("adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring")

Check = Callable[[], str]
"""Gives a detail for people; raises HubError with fact, place and fix."""


class Warned(HubError):
    """Not wrong in itself, but to be known."""


def doctor(config: Path, out: Output) -> int:
    """Every check with its verdict; exit code 1 when one failed."""
    failed = warned = 0
    for name, check in _examinations(config):
        row = examined(name, check)
        failed, warned = failed + (not row["ok"]), warned + ("warning" in row)
        out.emit(row, _verdict)
    said = ", ".join(f"{count} {word}" for count, word in ((failed, "failed"), (warned, "to be known")) if count)
    out.emit({"summary": {"failed": failed, "warned": warned}}, lambda row: said or "all is well")
    return 1 if failed else 0


def examined(name: str, check: Check) -> dict[str, Any]:
    """One check as an object: ``ok`` with ``detail`` or ``warning``, else ``fact``, ``at``, ``fix``."""
    row: dict[str, Any] = {"check": name, "ok": True}
    try:
        return row | {"detail": check()}
    except Warned as warned:
        return row | {"warning": warned.fact, "at": warned.at, "fix": warned.fix}
    except ConfigFault as fault:
        return row | {"ok": False, "fact": fault.fact, "at": "\n".join(map(str, fault.lints)), "fix": "correct each line"}
    except HubError as error:
        return row | {"ok": False, "fact": error.fact, "at": error.at, "fix": error.fix}
    except Exception as error:
        fact = f"the check itself failed: {type(error).__name__}: {error}"
        return row | {"ok": False, "fact": fact, "at": name, "fix": "look at what it names; if it is well, this is a fault of the hub"}


def _verdict(row: Mapping[str, Any]) -> str:
    word = "FAILED " if not row["ok"] else "warning" if "warning" in row else "ok     "
    said = row.get("fact") or row.get("warning") or row.get("detail")
    indented = (f"\n        {name}: " + str(row[name]).replace("\n", "\n            ") for name in ("at", "fix") if row.get(name))
    return f"{word} {row['check']}" + (f": {said}" if said else "") + "".join(indented)


def _examinations(file: Path) -> Iterator[tuple[str, Check]]:
    """Checks in the order in which one rests on the other. Without a configuration there is nothing to look at."""
    yield "packages", _packages
    yield "configuration", lambda: f"{len(load_config(file).systems)} systems"
    try:
        config = load_config(file)
    except HubError:
        return
    yield "folders", lambda: _folders(config)
    yield "disk", lambda: _disk(config)
    yield "hub", lambda: _hub(file)
    if config.channels_url() is not None:
        yield "broker", lambda: _broker(config)
    yield "mappings", lambda: _mappings(file, config)
    for system in config.systems.values():
        for way in system.in_:
            yield f"in {way.name}", lambda way=way: _transport(receivers()[way.connector], way.settings)  # type: ignore[misc]
        for out in system.out:
            yield f"out {out.name}", lambda out=out: _transport(senders()[out.connector], out.settings)  # type: ignore[misc]
    yield "doors", lambda: _doors(config)


def _packages() -> str:
    found = packages_distributions()
    others = {root: sorted(set(found.get(root, ())) - {"channelhub"}) for root in ROOTS}
    if any(others.values()):
        named = ", ".join(f"{root} by {', '.join(names)}" for root, names in others.items() if names)
        guilty = " ".join(sorted({name for names in others.values() for name in names}))
        fix = f"pip uninstall {guilty}, or give the hub an environment of its own"
        raise Misconfigured(f"other distributions provide our package names: {named}", at="the Python environment", fix=fix)
    return ", ".join(ROOTS)


def _folders(config: Config) -> str:
    folders = config.hub.folders
    named = [(word, config.path(path)) for word in ("mappings", "definitions") for path in getattr(folders, word)]
    missing = [f"hub.folders.{word}: {path}" for word, path in named if not path.is_dir()]
    if missing:
        raise Misconfigured("folders are not there", at="\n".join(missing), fix="create them, or take them out of hub.yaml")
    return ", ".join(str(path) for _, path in named)


def _disk(config: Config) -> str:
    place = config.store_file()
    if place is None:
        return "the database server's own"
    there = next(folder for folder in place.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        fact = f"{free // 1_000_000} MB are free beside the store, and {LEAST_FREE // 1_000_000} is the least"
        raise Misconfigured(fact, at=str(place), fix="make room: a full disk stops the lane")
    return f"{free // 1_000_000} MB free beside the store"


def _hub(file: Path) -> str:
    """All of it put together as a start would, but for what a start makes active."""
    hub = build(file, promote=False)
    try:
        return _store(hub)
    finally:
        hub.close()


def _store(hub: Hub) -> str:
    with hub.store.read() as connection:
        view = hub.flow.codebook.view(connection)
        ask, names = ("SHOW", ("fsync", "synchronous_commit")) if hub.store.shared else ("PRAGMA", ("journal_mode", "synchronous"))
        words = [f"{name.removesuffix('_mode')} {connection.exec_driver_sql(f'{ask} {name}').scalar()}" for name in names]
    return f"{hub.store.url}, codebook revision {view.revision}, {', '.join(words)}"


def _broker(config: Config) -> str:
    """The broker answers, and every queue that is there is as the hub wants it. What is not there the next start declares."""
    found = topology.look(config)
    dead = found.queues[DEAD]
    if dead is not None and dead.messages:
        fact = f"{dead.messages} messages lie in queue {DEAD!r}: they are no wake-ups of the hub"
        raise Warned(fact, at=topology.place(config), fix=f"look who sent them, then rabbitmqctl purge_queue {DEAD}")
    return str(found)


def _mappings(file: Path, config: Config) -> str:
    """The examples of every mapping that hub.yaml names, and of every one in the user's folders."""
    library, formats = library_of(file), _formats(file)
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


def _transport(kind: type[Any], settings: Any) -> str:
    made = kind(settings)
    try:
        made.check()
    finally:
        made.close()
    return str(kind.kind)


def _doors(config: Config) -> str:
    found = open_doors(config)
    if found:
        fact = f"anybody who reaches {config.hub.listen} may send to {', '.join(address for _, address in found)}"
        raise Warned(fact, at="\n".join(where for where, _ in found), fix="give each an `auth:`, or let hub.listen be 127.0.0.1")
    return f"{config.hub.listen}"
