"""Hubs to be measured: a folder, a store, processes; and what may be asked of them while they run."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM, SIGUSR1, SIGUSR2, Signals
from typing import Any

import pika
import psycopg

from benchmarks._lane.intake import send
from benchmarks._lane.orders import codes_csv, stock_report, system_names
from benchmarks._lane.process import SENDERS, SIZES, STEPS
from hub.bootstrap import build
from hub.channels.sizes import Sizes
from hub.commands import Actor
from hub.store.database import Store
from tests.services.private import free_port
from tests.services.processes import Processes, Servers, get, servers, vhost

PROGRAM = ("-m", "benchmarks._lane.process")
READER = "reader"
STARTS_WITHIN, ENDS_WITHIN = 180.0, 400.0
LOOK = 0.02
"""Seconds between two looks whether everything is done."""
CONFIG = """\
hub:
  store: "{store}"
  {channels}
  subscribers: [{reader}]
  listen: 127.0.0.1:{port}
  timezone: UTC
  limits: {{inbound: 1000000}}
systems:
  wms:
    party: WH01
    codes: bench
    in: [{{connector: http, name: wms.stock, path: /in/stock, routes: {{wms.stock: wms/stock}}}}]
  answers:
    party: HQ
    codes: bench
    out: [{{on: order_response, mapping: sap/ordrsp, party: "*", connector: http, url: "http://127.0.0.1:9/answers", idempotent: true}}]
"""
SYSTEM = (
    "  {name}: {{party: HQ, codes: bench, in: [{{connector: http, path: /in/{name}, routes: {{ORDERS05/ORDERS: sap/orders05.order}}}}]}}\n"
)
OPEN = "SELECT EXISTS (SELECT 1 FROM work) OR EXISTS (SELECT 1 FROM outbox)"
DONE = """SELECT (SELECT count(*) FROM document WHERE state = 'applied'), (SELECT count(*) FROM document),
  (SELECT count(*) FROM published), (SELECT count(*) FROM delivery), (SELECT count(*) FROM order_lines WHERE allocated > 0),
  (SELECT count(*) FROM order_lines), (SELECT count(*) FROM hold)"""


@dataclass
class Hub:
    """One hub of processes. ``roots`` are its own; ``servers`` None: embedded, one process on SQLite."""

    name: str
    processes: Processes
    sizes: Sizes
    port: int
    servers: Servers | None = None
    store: str = ""
    broker: str = ""
    orders: int = 0
    measured_inside: bool = False

    @property
    def workers(self) -> list[str]:
        return [name for name in self.processes.running if name != "api"]

    def groups(self) -> dict[str, list[int]]:
        """Processes by what they are."""
        running = {name: process.pid for name, process in self.processes.running.items()}
        found = {"workers": [pid for name, pid in running.items() if name != "api"]}
        if self.servers is None:
            return {"hub": found["workers"]}
        process = self.servers.broker.process
        assert process is not None
        return {"api": [running["api"]], **found, "postgresql": [self.postmaster()], "rabbitmq": [process.pid]}

    def postmaster(self) -> int:
        assert self.servers is not None
        with psycopg.connect(self.servers.database.url) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        assert row is not None
        return int((Path(str(row[0])) / "postmaster.pid").read_text().split()[0])

    def start(self, name: str, *words: str) -> None:
        """Start one of its processes; returns once it is ready."""
        port = self.port if name in ("api", "hub") else free_port()
        more = () if name in ("api", "hub") else ("--listen", f"127.0.0.1:{port}")
        sizes = self.sizes
        extra = {SIZES: f"{sizes.window},{sizes.commit},{sizes.publish},{sizes.prefetch}", SENDERS: "0"}
        extra |= {STEPS: str(self.processes.folder / f"{name}.steps")} if self.measured_inside else {}
        self.processes.start(name, *words, *more, program=PROGRAM, extra=extra)
        self._until(lambda: b'"ready"' in self._ready(port) or b'"ok"' in self._ready(port), STARTS_WITHIN)

    def _ready(self, port: int) -> bytes:
        answer = get(f"http://127.0.0.1:{port}/health/ready") or b""
        return b"" if b'"broker"' in answer and b'"broker":"ok"' not in answer.replace(b" ", b"") else answer

    def _until(self, done: Any, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end or any(process.poll() is not None for process in self.processes.running.values()):
                logs = {name: self.processes.log(name)[-1500:] for name in self.processes.running}
                raise RuntimeError(f"hub {self.name} has a process that ended, or was not done within {seconds:.0f} s: {logs}")
            time.sleep(LOOK)

    def hold(self) -> None:
        """No window begins from now on."""
        self._signal(SIGUSR1)

    def go(self) -> None:
        """Windows run again."""
        self._signal(SIGUSR2)

    def _signal(self, number: Signals) -> None:
        for name in self.workers:
            self.processes.signal(name, number)
        time.sleep(LOOK)

    @contextmanager
    def asking(self) -> Iterator[Any]:
        """A connection of our own to its store."""
        if self.servers is None:
            with sqlite3.connect(self.processes.folder / "hub.db") as connection:
                yield connection
            connection.close()
        else:
            with psycopg.connect(self.store, autocommit=True, application_name="benchmark") as session:
                yield session

    def finish(self) -> None:
        """Wait until no work and no publication is left."""
        with self.asking() as connection:
            self._until(lambda: not connection.execute(OPEN).fetchone()[0], ENDS_WITHIN)

    def send(self, requests: Sequence[bytes], **words: Any) -> list[Any]:
        """Orders through its door."""
        self.orders += len(requests)
        return send(self.port, requests, **words)

    def tidy(self) -> None:
        """Empty what its subscriber would have read: nobody reads here."""
        if self.broker:
            with pika.BlockingConnection(pika.URLParameters(self.broker)) as connection:
                connection.channel().queue_purge(f"canonical.{READER}")

    def check(self) -> None:
        """Every order is applied with all its lines, reserved, published and answered; raises AssertionError with the counts."""
        with self.asking() as connection:
            found = tuple(connection.execute(DONE).fetchone())
        n = self.orders
        wanted = (n + 1, n + 1, 2 * n + 2, n, 10 * n, 10 * n, 0)
        assert found == wanted, (
            f"hub {self.name}: (applied, documents, published, deliveries, reserved, lines, holds) {found}, not {wanted}"
        )

    def stop(self) -> None:
        for name in list(self.processes.running):
            self.processes.signal(name, SIGTERM)
        for name in list(self.processes.running):
            with suppress(subprocess.TimeoutExpired):
                self.processes.ended(name)


@contextmanager
def production(folder: Path, name: str, sizes: Sizes, at: Servers, *, measured_inside: bool = False) -> Iterator[Hub]:
    """A hub on RabbitMQ and PostgreSQL: one ``hub api``, one ``hub worker``."""
    store = at.database.of(at.database.create())
    made = Store(store)
    made.migrate()
    made.close()
    with _hub(folder, name, sizes, store.replace("postgresql:", "postgresql+psycopg:"), vhost(at.broker, name), at) as hub:
        hub.store, hub.measured_inside = store, measured_inside
        hub.start("worker-1", "worker")
        hub.start("api", "api")
        _stock(hub)
        yield hub


@contextmanager
def embedded(folder: Path, name: str, sizes: Sizes) -> Iterator[Hub]:
    """A hub in one process on SQLite."""
    with _hub(folder, name, sizes, "sqlite:///hub.db", "", None) as hub:
        hub.start("hub", "run")
        _stock(hub)
        yield hub


@contextmanager
def _hub(folder: Path, name: str, sizes: Sizes, store: str, broker: str, at: Servers | None) -> Iterator[Hub]:
    place = folder / name
    place.mkdir()
    hub = Hub(name, Processes(place), sizes, free_port(), at, broker=broker)
    (place / "broker").write_text(broker)
    channels = "channels: file:broker" if broker else "channels: local"
    text = CONFIG.format(store=store, channels=channels, reader=READER if broker else "", port=hub.port)
    (place / "hub.yaml").write_text(text + "".join(SYSTEM.format(name=one) for one in system_names()))
    made = build(place / "hub.yaml")
    made.commands.import_codes(Actor("benchmark"), codes_csv())
    made.close()
    try:
        yield hub
    finally:
        hub.processes.stop()


def _stock(hub: Hub) -> None:
    send(hub.port, [stock_report(datetime.now(UTC).date())])
    hub.finish()


@contextmanager
def both_servers(folder: Path) -> Iterator[Servers]:
    """PostgreSQL that knows when it committed what, and RabbitMQ."""
    with servers(folder, "track_commit_timestamp=on") as found:
        yield found
