"""``hub run`` and ``hub doctor``."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from types import FrameType

import uvicorn

from canonical_model.problems import HubError, Misconfigured
from hub.api import make_app
from hub.bootstrap import Hub, build, read_config
from hub.cli.output import Output
from hub.watching import Watching
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

ROOTS = ("adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring")


def run(config: Path, out: Output) -> int:
    """Run until SIGTERM or SIGINT; windows and sends that run are finished first."""
    configure()
    hub = build(config)
    worker = Worker(hub)
    server = uvicorn.Server(_server_config(hub))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    worker.start()
    out.emit({"listening": hub.config.hub.listen}, lambda row: f"the hub listens at http://{row['listening']}/")
    with _stopping(server):
        server.run()
    ended = worker.stop()
    hub.close()
    return 0 if ended else 1


def _server_config(hub: Hub) -> uvicorn.Config:
    host, _, port = hub.config.hub.listen.rpartition(":")
    watched = Watching(hub)
    app = make_app(hub, watched, Metrics(hub.signals, watched), Health(hub.checks()))
    return uvicorn.Config(app, host=host.strip("[]"), port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10)


class _stopping:
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
