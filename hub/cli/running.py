"""``hub run`` and ``hub doctor``."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from canonical_model.problems import HubError, Misconfigured
from hub.api import make_app
from hub.bootstrap import Hub, build
from hub.bootstrap.watching import Watching
from hub.cli.mapping import examples_of
from hub.cli.output import Output
from hub.cli.settings import load_config
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

LEAST_FREE = 500_000_000
"""Bytes; less than this beside the store is told."""
ROOTS = ("adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring")


def run(config: Path, out: Output) -> int:
    """Run until SIGTERM or SIGINT; windows and sends that run are finished first."""
    configure()
    hub = build(config)
    worker = Worker(hub)
    server = uvicorn.Server(_server_config(hub))
    worker.start()
    out.emit({"listening": hub.config.hub.listen}, lambda row: f"the hub listens at http://{row['listening']}/")
    with _Stopping(server):
        server.run()
    ended = worker.stop()
    hub.close()
    return 0 if ended else 1


def checks(hub: Hub) -> dict[str, Callable[[], None]]:
    """What must be well before the process may be given work: the store answers."""

    def store() -> None:
        with hub.store.read() as connection:
            hub.flow.codebook.view(connection)

    return {"store": store}


def _server_config(hub: Hub) -> uvicorn.Config:
    host, _, port = hub.config.hub.listen.rpartition(":")
    watched = Watching(hub.store, hub.clock)
    app = make_app(hub, watched, Metrics(hub.signals, watched), Health(checks(hub)))
    return uvicorn.Config(app, host=host.strip("[]"), port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10)


class _Stopping:
    """Turns the signals of an orderly stop into the server's own."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, self._stop)

    def __exit__(self, *error: object) -> None:
        return None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._server.should_exit = True


def doctor(config: Path, out: Output) -> int:
    """Every check with its verdict; exit code 1 when one failed."""
    failed = 0
    for name, check in _examinations(config):
        row = {"check": name, "ok": True}
        try:
            row["detail"] = check() or ""
        except HubError as error:
            failed += 1
            row |= {"ok": False, "fact": error.fact, "at": error.at, "fix": error.fix}
        out.emit(row, _verdict)
    out.emit({"summary": {"failed": failed}}, lambda row: "all is well" if not failed else f"{failed} failed")
    return 1 if failed else 0


def _verdict(row: Mapping[str, Any]) -> str:
    if row["ok"]:
        return f"ok      {row['check']}" + (f": {row['detail']}" if row["detail"] else "")
    return f"FAILED  {row['check']}: {row['fact']}" + "".join(f"\n        {word}: {row[word]}" for word in ("at", "fix") if row[word])


def _examinations(config: Path) -> Iterator[tuple[str, Callable[[], str | None]]]:
    """Checks in the order in which one rests on the other; those that need a hub stop where it cannot be built."""
    yield "packages", _packages
    yield "configuration", lambda: f"{len(load_config(config).systems)} systems"
    try:
        hub = build(config, promote=False)
    except HubError as error:
        yield "hub", lambda fault=error: _raise(fault)  # type: ignore[misc]
        return
    yield "store", lambda: _store(hub)
    yield "mappings", lambda: _mappings(hub)
    for (system, name), (_, connector) in hub.inward.items():
        yield f"in {system} {name}", connector.check
    for line in hub.outward.values():
        yield f"out {line.system} {line.name}", line.sender.check
    hub.close()


def _raise(error: HubError) -> str:
    raise error


def _packages() -> str:
    found = packages_distributions()
    others = {root: sorted(set(found.get(root, ())) - {"channelhub"}) for root in ROOTS}
    if any(others.values()):
        named = ", ".join(f"{root} by {', '.join(names)}" for root, names in others.items() if names)
        raise Misconfigured(
            f"other distributions provide our package names: {named}", fix="uninstall them, or give the hub an environment of its own"
        )
    return ", ".join(ROOTS)


def _store(hub: Hub) -> str:
    with hub.store.read() as connection:
        view = hub.flow.codebook.view(connection)
        words = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
    free = shutil.disk_usage(hub.store.path.parent).free
    if free < LEAST_FREE:
        raise Misconfigured(
            f"{free // 1_000_000} MB are free beside the store", at=str(hub.store.path), fix="make room: a full disk stops the lane"
        )
    return f"{hub.store.url}, codebook revision {view.revision}, journal {words['journal_mode']}, synchronous {words['synchronous']}"


def _mappings(hub: Hub) -> str:
    failed = []
    for name in sorted({route.mapping.name for way in hub.ways.ways.values() for route in way.routes.values()}):
        failed += [str(result) for result in examples_of(hub.library.parse(name), hub.library, hub.formats) if not result.passed]
    if failed:
        raise Misconfigured("examples of mappings fail", at="\n".join(failed), fix="hub map test")
    return "every example gives what it should"
