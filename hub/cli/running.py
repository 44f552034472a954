"""``hub run``."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import FrameType

import uvicorn

from canonical_model.problems import Misconfigured
from hub.api import make_app
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.bootstrap.watching import Watching
from hub.cli.output import Output
from hub.cli.settings import load_config
from hub.store.running import only_runner
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

log = logging.getLogger(__name__)


def run(config: Path, out: Output) -> int:
    """Run until SIGTERM or SIGINT; windows and sends that run are finished first. Refused before anything is taken up
    where another hub runs on this store, or its address is in use."""
    configure()
    place = load_config(config).store_file()
    with nullcontext() if place is None else only_runner(place):
        return _run(build(config), out)


def _run(hub: Hub, out: Output) -> int:
    door = _bound(hub.config.hub.listen)
    warn_of_open_doors(hub)
    worker = Worker(hub)
    server = uvicorn.Server(_server_config(hub))
    worker.start()
    threading.Thread(target=_end_with, args=(worker, server), name="fault", daemon=True).start()
    out.emit({"listening": hub.config.hub.listen}, lambda row: f"the hub listens at http://{row['listening']}/")
    with _Stopping(server):
        server.run(sockets=[door])
    ended = worker.stop()
    hub.close()
    return 0 if ended and not worker.failed.is_set() else 1


def _end_with(worker: Worker, server: uvicorn.Server) -> None:
    """A worker that stopped by a fault of the store ends the process."""
    worker.failed.wait()
    server.should_exit = True


def warn_of_open_doors(hub: Hub) -> None:
    """Say in the log that anybody may send, and what to do."""
    for where, address in open_doors(hub.config):
        text = "anybody who reaches %s may send to %s: give %s an auth:, or listen on 127.0.0.1"
        log.warning(text, hub.config.hub.listen, address, where)


def checks(hub: Hub) -> dict[str, Callable[[], None]]:
    """What must be well before the process may be given work: the store answers."""

    def store() -> None:
        with hub.store.read() as connection:
            hub.flow.codebook.view(connection)

    return {"store": store}


def _bound(listen: str) -> socket.socket:
    """The door's socket. Raises Misconfigured when the address cannot be had."""
    host, _, port = listen.rpartition(":")
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        fix = "end the program that listens there, or name another address in hub.listen"
        raise Misconfigured(f"the hub cannot listen at {listen}: {error}", at="hub.listen", fix=fix) from None


def _server_config(hub: Hub) -> uvicorn.Config:
    watched = Watching(hub.store, hub.clock)
    app = make_app(hub, watched, Metrics(hub.signals, watched), Health(checks(hub)))
    return uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=10)


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
