"""``hub run``."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from hub.api import make_app
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.bootstrap.watching import Watching
from hub.cli.output import Output
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

log = logging.getLogger(__name__)


def run(config: Path, out: Output) -> int:
    """Run until SIGTERM or SIGINT; windows and sends that run are finished first."""
    configure()
    hub = build(config)
    for where, address in open_doors(hub.config):
        text = "anybody who reaches %s may send to %s: give %s an auth:, or listen on 127.0.0.1"
        log.warning(text, hub.config.hub.listen, address, where)
    worker = Worker(hub)
    server = uvicorn.Server(_server_config(hub))
    worker.start()
    threading.Thread(target=_end_with, args=(worker, server), name="fault", daemon=True).start()
    out.emit({"listening": hub.config.hub.listen}, lambda row: f"the hub listens at http://{row['listening']}/")
    with _Stopping(server):
        server.run()
    ended = worker.stop()
    hub.close()
    return 0 if ended and not worker.failed.is_set() else 1


def _end_with(worker: Worker, server: uvicorn.Server) -> None:
    """A worker that stopped by a fault of the store ends the process."""
    worker.failed.wait()
    server.should_exit = True


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
