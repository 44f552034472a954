"""``hub run``, ``hub api``, ``hub worker``: the hub as one process, or as many as it needs over one store."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set, wait_exponential_jitter

from canonical_model.problems import Retry, SystemUnreachable
from hub.api import make_app, make_watch
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.bootstrap.watching import Watching
from hub.cli.output import Output
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

log = logging.getLogger(__name__)
STOPPING = 25.0
"""Seconds that windows and sends get to end."""


def run(config: Path, out: Output) -> int:
    """Doors and work in one process, until SIGTERM or SIGINT; windows and sends that run are finished first."""
    return _serve(config, out, doors=True, work=True, listen=None)


def api(config: Path, listen: str | None, out: Output) -> int:
    """Only the doors: keeps what comes and wakes the workers."""
    return _serve(config, out, doors=True, work=False, listen=listen)


def worker(config: Path, listen: str | None, out: Output) -> int:
    """Only the work: windows, deliveries, transports that are fetched from, the relay. ``listen``: where its health is told."""
    return _serve(config, out, doors=False, work=True, listen=listen)


def _serve(config: Path, out: Output, *, doors: bool, work: bool, listen: str | None) -> int:
    configure()
    stopping = Stopping()
    hub = patiently(lambda: build(config), stopping.event)
    if hub is None:
        return 0
    address = listen or (hub.config.hub.listen if doors else None)
    if doors:
        _warn_of_open_doors(hub)
    working = Worker(hub) if work else None
    if working is not None:
        working.start()
    else:
        hub.flow.channels.start(consume=False)
    _tell(out, hub, address, work=work)
    with notified():
        if address is None:
            stopping.event.wait()
        else:
            _listen(hub, address, stopping, doors=doors)
    ended = working.stop(STOPPING) if working is not None else True
    hub.close()
    return 0 if ended else 1


def _tell(out: Output, hub: Hub, address: str | None, *, work: bool) -> None:
    words = {"listening": address, "working": work, "channels": "local" if hub.config.channels_url() is None else "rabbitmq"}
    where = f"listens at http://{address}/" if address else "works and listens nowhere"
    out.emit(words, lambda row: f"the hub {where}")


def patiently(make: Callable[[], Hub], stopping: threading.Event) -> Hub | None:
    """Build the hub; what may pass by itself (a database that is coming up) is waited for. None when told to stop meanwhile."""

    def told(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("the hub cannot start yet and tries again: %s", error)

    attempts = Retrying(
        retry=retry_if_exception_type(Retry), wait=wait_exponential_jitter(0.2, 5.0), stop=stop_when_event_set(stopping),
        sleep=sleep_using_event(stopping), before_sleep=told, reraise=True,
    )  # fmt: skip
    try:
        return attempts(make)
    except Retry:
        if stopping.is_set():
            return None
        raise


def checks(hub: Hub) -> dict[str, Callable[[], None]]:
    """What must be well before the process may be given work: the store answers."""

    def store() -> None:
        with hub.store.read() as connection:
            hub.flow.codebook.view(connection)

    return {"store": store}


def notes(hub: Hub) -> dict[str, Callable[[], None]]:
    """What is told beside it and closes no door: without the broker everything goes on, later."""

    def broker() -> None:
        fault = hub.flow.channels.fault
        if fault is not None:
            raise SystemUnreachable(fault.fact, at=fault.at, fix=fault.fix)

    return {"broker": broker} if hub.config.channels_url() is not None else {}


def _warn_of_open_doors(hub: Hub) -> None:
    for where, address in open_doors(hub.config):
        text = "anybody who reaches %s may send to %s: give %s an auth:, or listen on 127.0.0.1"
        log.warning(text, hub.config.hub.listen, address, where)


def _listen(hub: Hub, address: str, stopping: Stopping, *, doors: bool) -> None:
    host, _, port = address.rpartition(":")
    app = application(hub, doors=doors)
    config = uvicorn.Config(app, host=host.strip("[]"), port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10)
    stopping.run(uvicorn.Server(config))


def application(hub: Hub, *, doors: bool) -> FastAPI:
    """All doors, or only what a worker shows: health, metrics, the page."""
    watched = Watching(hub.store, hub.clock)
    health, metrics = Health(checks(hub), notes(hub)), Metrics(hub.signals, watched)
    return make_app(hub, watched, metrics, health) if doors else make_watch(watched, metrics, health)


class Stopping:
    """SIGTERM and SIGINT as an event, and as the server's own stop."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._serving: uvicorn.Server | None = None
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, self._stop)

    def run(self, server: uvicorn.Server) -> None:
        """Serve until told to stop; the server's own handlers are not installed."""
        self._serving = server
        if not self.event.is_set():
            server.run()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.event.set()
        if self._serving is not None:
            self._serving.should_exit = True


@contextmanager
def notified() -> Iterator[None]:
    """Tell systemd that the process is ready, and again and again that it lives (``WatchdogSec=``): one that stands still, as a
    stopped one, is ended, so that the locks it holds become free."""
    done = threading.Event()
    notify("READY=1")
    usec = int(os.environ.get("WATCHDOG_USEC", "0") or 0)
    if usec:
        threading.Thread(target=_alive, args=(usec / 2_000_000, done), name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        done.set()
        notify("STOPPING=1")


def _alive(seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds):
        notify("WATCHDOG=1")


def notify(text: str) -> None:
    """One line of systemd's protocol sd_notify(3); nothing happens without it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("systemd was not told %s: %s", text, error)
