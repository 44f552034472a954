"""``hub doctor``: what is wrong, where, and the fix. Looks at everything, also behind the first fault; changes no configuration.

``here`` looks at this machine, ``database`` at a PostgreSQL server, ``broker`` at a RabbitMQ; ``rows`` makes a row of each look.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canonical_model.problems import HubError
from hub.cli.doctor import broker, database, here, secrets
from hub.cli.doctor.rows import Look, Rows, together, verdict
from hub.cli.output import Exit, Output
from hub.cli.settings import load_config
from hub.config import Config
from hub.plugins import receivers, senders


def doctor(config: Path, out: Output) -> int:
    """Every check with its verdict; exit code 1 when one failed."""
    counts = {"failed": 0, "skipped": 0, "warned": 0}
    for row in _rows(config) if out.as_json else together(_rows(config)):
        counts["failed"] += row["ok"] is False
        counts["skipped"] += 0 if row["ok"] is not None else len(row["check"].split(", "))
        counts["warned"] += "warning" in row
        out.emit(row, verdict)
    words = {"failed": "failed", "skipped": "not looked at", "warned": "to be known"}
    said = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name])
    out.emit({"summary": counts}, lambda row: said or "all is well")
    return int(Exit.FAILED if counts["failed"] else Exit.DONE)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Checks in the order in which one rests on the other. Without a configuration there is nothing else to look at."""
    loads = lambda: f"{len(load_config(file).systems)} systems"  # noqa: E731
    yield from Rows().of([Look("packages", here.packages), Look("configuration", loads)])
    try:
        config = load_config(file)
    except HubError:
        return
    rows = Rows(secrets.all_of(config))
    yield from rows.of(list(_looks(file, config, rows)))


def _looks(file: Path, config: Config, rows: Rows) -> Iterator[Look]:
    """All rows behind the configuration."""
    named = secrets.named(config)
    for word in named:
        yield Look(word, lambda word=word: secrets.there(config, word))  # type: ignore[misc]
    yield Look("folders", lambda: here.folders(config))
    store = ("hub.store",) if "hub.store" in named else ()
    carried = ("hub.channels",) if "hub.channels" in named else ()
    rests_on = (*store, *(name for name in ("database", "tables") if not _embedded(config)))
    yield from database.looks(config, store) if not _embedded(config) else [Look("disk", lambda: here.disk(config), store)]
    yield from broker.looks(config, carried)
    yield Look("hub", lambda: here.whole(file), (*rests_on, *carried))
    yield Look("mappings", lambda: here.mappings(file, config, stored=rows.well(rests_on)))
    yield from _lines(config)
    yield Look("doors", lambda: here.doors(config))


def _embedded(config: Config) -> bool:
    """Whether the store is a file of this machine; not, where that is not known."""
    try:
        return config.store_file() is not None
    except HubError:
        return False


def _lines(config: Config) -> Iterator[Look]:
    """Every transport, both ways."""
    for system in config.systems.values():
        for way in system.in_:
            yield Look(f"in {way.name}", lambda way=way: here.transport(receivers()[way.connector], way.settings), far=True)  # type: ignore[misc]
        for out in system.out:
            yield Look(f"out {out.name}", lambda out=out: here.transport(senders()[out.connector], out.settings), far=True)  # type: ignore[misc]
