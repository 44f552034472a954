"""``hub run``, ``hub api``, ``hub worker``: the hub as one process, or as many as it needs over one store."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set, wait_exponential_jitter

from canonical_model.problems import Misconfigured, Retry, SystemUnreachable
from hub.api import make_app, make_watch
from hub.bootstrap import Hub, build
from hub.bootstrap.doors import open_doors
from hub.bootstrap.watching import Watching
from hub.cli.heaps import settle, share_heaps
from hub.cli.output import Output
from hub.cli.settings import load_config
from hub.signals import Signals
from hub.store.running import only_runner
from hub.worker import Worker
from monitoring.health import Health
from monitoring.logs import configure
from monitoring.metrics import Metrics

log = logging.getLogger(__name__)
STOPPING = 25.0
"""Seconds that windows and sends get to end."""


def run(config: Path, out: Output) -> int:
    """Doors and work in one process, until SIGTERM or SIGINT; windows and sends that run are finished first. Refused before
    anything is taken up where another hub runs on this embedded store, or its address is in use."""
    configure()
    place = load_config(config).store_file()
    with nullcontext() if place is None else only_runner(place):
        return _serve(config, out, doors=True, work=True, listen=None)


def api(config: Path, listen: str | None, out: Output) -> int:
    """Only the doors: keeps what comes and wakes the workers."""
    configure()
    return _serve(config, out, doors=True, work=False, listen=listen)


def worker(config: Path, listen: str | None, out: Output) -> int:
    """Only the work: windows, deliveries, transports that are fetched from, the relay. ``listen``: where its health is told."""
    configure()
    return _serve(config, out, doors=False, work=True, listen=listen)


def _serve(config: Path, out: Output, *, doors: bool, work: bool, listen: str | None) -> int:
    share_heaps()
    stopping = Stopping()
    signals = Signals()
    metrics = Metrics(signals)
    hub = patiently(lambda: build(config, signals=signals), stopping.event)
    if hub is None:
        return 0
    address = listen or (hub.config.hub.listen if doors else None)
    server = None if address is None else Server(application(hub, metrics, doors=doors), address)
    if doors:
        warn_of_open_doors(hub)
    working = Worker(hub) if work else None
    settle()
    if working is not None:
        working.start()
        threading.Thread(target=_end_with, args=(working, stopping), name="fault", daemon=True).start()
    else:
        hub.flow.channels.start(consume=False)
    _tell(out, hub, address, work=work)
    with notified():
        stopping.run(server)
    ended = working.stop(STOPPING) if working is not None else True
    hub.close()
    return 0 if ended and not (working is not None and working.failed.is_set()) else 1


def _end_with(worker: Worker, stopping: Stopping) -> None:
    """A worker that stopped by a fault of the store ends the process."""
    worker.failed.wait()
    stopping.stop()


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
        retry=retry_if_exception_type(Retry), wait=wait_exponential_jitter(multiplier=0.2, max=5.0), stop=stop_when_event_set(stopping),
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


def warn_of_open_doors(hub: Hub) -> None:
    """Say in the log that anybody may send, and what to do."""
    for where, address in open_doors(hub.config):
        text = "anybody who reaches %s may send to %s: give %s an auth:, or listen on 127.0.0.1"
        log.warning(text, hub.config.hub.listen, address, where)


def application(hub: Hub, metrics: Metrics, *, doors: bool) -> Any:
    """All doors, or only what a worker shows: health, metrics, the page. ``metrics`` listen to the hub's signals already."""
    watched = Watching(hub.store, hub.clock)
    health = Health(checks(hub), notes(hub))
    metrics.watch(watched, health)
    return make_app(hub, watched, metrics, health) if doors else make_watch(watched, metrics, health)


SERVING: dict[str, Any] = {
    "http": "h11", "loop": "uvloop", "ws": "none", "log_config": None, "access_log": False, "timeout_graceful_shutdown": 10,
}  # fmt: skip
"""h11 and not httptools, which is faster: that one takes heads of any size, and loses the body of a request that offers HTTP/2."""


class Server:
    """The HTTP door on an address that was free when it was made. Raises Misconfigured when it cannot be had."""

    def __init__(self, app: Any, listen: str) -> None:
        self._door = bound(listen)
        self._server = uvicorn.Server(uvicorn.Config(app, **SERVING))

    def run(self) -> None:
        """Until ``stop``."""
        self._server.run(sockets=[self._door])

    def stop(self) -> None:
        """End in good order."""
        self._server.should_exit = True


def bound(listen: str) -> socket.socket:
    """The door's socket. Raises Misconfigured when the address cannot be had."""
    host, _, port = listen.rpartition(":")
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        fix = "end the program that listens there, or name another address in hub.listen"
        raise Misconfigured(f"the hub cannot listen at {listen}: {error}", at="hub.listen", fix=fix) from None


class Stopping:
    """SIGTERM and SIGINT as an event, and as the server's own stop."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._serving: Server | None = None
        self._bell: socket.socket | None = None
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, self._stop)

    def run(self, server: Server | None) -> None:
        """Serve, or only wait, until told to stop."""
        self._serving = server
        if server is not None and not self.event.is_set():
            server.run()
        elif threading.current_thread() is threading.main_thread():
            self._listen()
        else:
            self.event.wait()

    def _listen(self) -> None:
        """Wait for a byte of the interpreter's own (``signal.set_wakeup_fd``) and not for the event: a handler runs only once the main
        thread goes on, and a signal that the system gives to another thread does not wake it out of a lock."""
        ears, bell = socket.socketpair()
        bell.setblocking(False)
        self._bell = bell
        before = signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        try:
            while not self.event.is_set():
                ears.recv(64)
        finally:
            signal.set_wakeup_fd(before)
            self._bell = None
            ears.close()
            bell.close()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Begin to end; from any thread."""
        self.event.set()
        if self._serving is not None:
            self._serving.stop()
        if (bell := self._bell) is not None:
            with suppress(OSError):  # full, or closed by the one who listened: it was heard
                bell.send(b"\0")


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
