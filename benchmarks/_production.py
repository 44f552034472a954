"""A hub in production for figures: PostgreSQL with fsync, RabbitMQ, ``hub api``, ``hub worker`` processes, real formats and mappings.

Systems of SAP send flat IDocs, one system a partition; receivers take X12. Everything is private to one folder and ends with it.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks import _proc as proc
from connectors.base import Inbound
from hub.bootstrap import build
from hub.commands import Actor
from hub.simulate import idocs
from hub.simulate.goods import ARTICLES, Place, codes_csv
from hub.store.database import Store
from hub.store.work import partition_of
from tests.services.private import Unavailable
from tests.services.processes import Processes, Servers, get, servers
from tests.services.rabbitmq import free_port

PARTITIONS, START_SECONDS = 8, 240
_numbers = count(1)
MAKE = """begin rabbit_vhost:add(<<"%s">>, <<"bench">>),
rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"%s">>, <<".*">>, <<".*">>, <<".*">>, <<"bench">>) end."""
"""A virtual host by one call: starting rabbitmqctl costs more than making one."""
DAY = "2026-11-25"
SERIAL = "20261101080000"
ME = Actor("bench")
MATERIALS = 900_000_000
"""Numbers of the IDocs that bring the articles: far from those of the traffic."""
NOT_THERE = Unavailable
"""What is raised where PostgreSQL or RabbitMQ cannot be had here."""
HEAD = """\
hub:
  store: "{store}"
  channels: file:broker
  subscribers: [reader]
  timezone: Asia/Shanghai
  listen: 127.0.0.1:{port}
  limits: {{inbound: 10000000}}
  folders: {{mappings: [mappings]}}
systems:
"""
SENDER = """\
  {name}:
    party: HQ
    codes: sap-hq
    in:
      - connector: http
        path: /{name}
        routes: {{ORDERS05/ORDERS: sap/orders05.order, ORDERS05/ORDCHG: sap/orders05.change, MATMAS05/MATMAS: sap/matmas05.product}}
"""
RECEIVER = """\
  {name}:
    party: {party}
    codes: wms-3pl
    out:
      - {{on: order_response, party: [{party}], mapping: x12/ack855.response, connector: http, url: "{url}", idempotent: {idempotent},
         timeout: {timeout}, options: {{sender: CHANNELHUB, receiver: WH090}}}}
"""


def senders(many: int = PARTITIONS) -> list[str]:
    """Names of systems, the n-th of them in partition n."""
    found: dict[int, str] = {}
    for n in count():
        found.setdefault(partition_of(f"sap-{n}", PARTITIONS), f"sap-{n}")
        if len(found) == PARTITIONS:
            return [found[p] for p in range(many)]
    raise AssertionError


def buyers(many: int) -> list[Place]:
    """Places that order; each may have a receiver for its answers."""
    return [Place(f"AG-{n}", f"2047{n:02}", f"KH2{n:03}", f"JS2{n:02}", f"Buyer {n}", "agent") for n in range(many)]


def codes(places: Sequence[Place]) -> str:
    """Code rows of the demonstration world, and of these places."""
    rows = [
        f"party,{name},{code},,{place.party},,1\n"
        for place in places
        for name, code in (("sap-hq", place.sap), ("wms-3pl", place.warehouse))
    ]
    return codes_csv() + "".join(rows)


def receiver_lines(places: Sequence[Place], ports: Sequence[int], timeout: int = 30) -> str:
    """One system a place that takes its answers at a port of this machine."""
    words = {"idempotent": "true", "timeout": timeout}
    listed = enumerate(zip(places, (f"http://127.0.0.1:{port}/in" for port in ports), strict=True))
    return "".join(RECEIVER.format(name=f"wms-{n}", party=one.party, url=url, **words) for n, (one, url) in listed)


class Production(Processes):
    """The processes of one hub in a folder, with a database and a virtual host of its own on the servers that are given. ``receivers``:
    lines of ``out`` for systems that take answers."""

    def __init__(self, folder: Path, given: Servers, places: Sequence[Place], receivers: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self.servers, self.port, self.names = given, free_port(), senders()
        self.watches = {"api": self.port}
        self.store = given.database.of(given.database.create()).replace("postgresql:", "postgresql+psycopg:")
        self.vhost = f"bench-{next(_numbers)}"
        given.broker.control("eval", MAKE % (self.vhost, self.vhost))
        self.channels = given.broker.url(self.vhost)
        (folder / "mappings").mkdir(exist_ok=True)
        (folder / "broker").write_text(self.channels)
        self.file = folder / "hub.yaml"
        listed = "".join(SENDER.format(name=name) for name in self.names)
        self.file.write_text(HEAD.format(store=self.store, port=self.port) + listed + receivers, "utf-8")
        self.connection = self._prepared(places)
        _open.append(self)
        self.postmaster = proc.parent(self.connection.info.backend_pid)

    def _prepared(self, places: Sequence[Place]) -> psycopg.Connection[Any]:
        """Tables, codes and articles are there; gives a connection for questions."""
        store = Store(self.store)
        store.migrate()
        store.close()
        hub = build(self.file)
        hub.commands.import_codes(ME, codes(places))
        door, _ = next(iter(hub.inward.values()))
        raw = idocs.xml(*(idocs.material(MATERIALS + n, article, SERIAL) for n, article in enumerate(ARTICLES)))
        hub.flow.receive(Inbound(raw, "bench"), door)
        hub.flow.lane.drain()
        hub.close()
        return psycopg.connect(self.store.replace("+psycopg", ""), autocommit=True)

    def work_with(self, workers: int, first: int = 0, *, watched: bool = False) -> None:
        """Start so many workers beside those that run: ``worker-N``. ``watched``: each tells its metrics at a port of its own."""
        for n in range(first, first + workers):
            if watched:
                self.watches[f"worker-{n}"] = free_port()
            listen = ["--listen", f"127.0.0.1:{self.watches[f'worker-{n}']}"] if watched else []
            self.start(f"worker-{n}", "worker", *listen)

    def open_door(self) -> None:
        """Start ``hub api``; returns once it may be given work."""
        self.start("api", "api")
        self.until(lambda: b'"broker":"ok"' in (get(f"http://127.0.0.1:{self.port}/health/ready") or b"").replace(b" ", b""), START_SECONDS)

    def metrics(self, name: str) -> dict[str, float]:
        """What a process tells at ``/metrics``, by names with their labels; empty where nobody is heard."""
        told = (get(f"http://127.0.0.1:{self.watches[name]}/metrics") or b"").decode() if name in self.watches else ""
        lines = (line.rpartition(" ") for line in told.splitlines() if told.startswith("#") and not line.startswith("#"))
        return {metric: float(value) for metric, _, value in lines}

    def workers(self) -> list[str]:
        """Those that run."""
        return [name for name in self.running if name.startswith("worker")]

    def until(self, what: Callable[[], Any], seconds: float, pause: float = 0.05) -> float:
        """Wait for it; gives after how many seconds it was. Raises TimeoutError with what the processes said last."""
        began = time.monotonic()
        while not what():
            if time.monotonic() - began > seconds:
                raise TimeoutError(
                    f"not within {seconds} s; {self.standing()}\n" + "\n".join(self.log(name)[-2000:] for name in self.running)
                )
            time.sleep(pause)
        return time.monotonic() - began

    def stop_workers(self) -> None:
        """End all workers in good order, at the same time."""
        names = self.workers()
        for name in names:
            self.running[name].terminate()
        for name in names:
            self.ended(name)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the store answers to a question of the benchmark."""
        return self.connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The first value of the first row."""
        return self.rows(query, *values)[0][0]

    def standing(self) -> dict[str, int]:
        """What is left to do."""
        names = ("work", "outbox", "hold")
        counts = self.rows("select (select count(*) from work), (select count(*) from outbox), (select count(*) from hold)")[0]
        leaving = self.one("select count(*) from delivery where state in ('pending', 'sending', 'uncertain')")
        return {**dict(zip(names, counts, strict=True)), "leaving": leaving}

    def drained(self, *, outbox: bool = True) -> bool:
        """Nothing is left to translate, and nothing to publish."""
        return not self.one("select exists (select 1 from work)" + (" or exists (select 1 from outbox)" if outbox else ""))

    def pids(self) -> dict[str, list[int]]:
        """Processes by what they are."""
        own = {name: [process.pid] for name, process in self.running.items()}
        broker = self.servers.broker.process
        return own | {
            "postgresql": [self.postmaster, *proc.children(self.postmaster)],
            "rabbitmq": proc.session(broker.pid) if broker else [],
        }

    def cpu(self) -> dict[str, float]:
        """CPU seconds spent so far, by what processes are."""
        return {name: proc.cpu(pids) for name, pids in self.pids().items()}

    def close(self) -> None:
        """End everything of this hub; the servers stay."""
        if self in _open:
            _open.remove(self)
            self.stop()
            self.connection.close()


_open: list[Production] = []
"""Hubs whose processes run: whatever goes wrong, they end before their servers."""


@contextmanager
def started() -> Iterator[tuple[Path, Servers]]:
    """A folder and both servers, ended also when this process is told to end. Raises one of NOT_THERE where they cannot be had."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with TemporaryDirectory(prefix="hub-bench-") as name, servers(Path(name)) as given:
            try:
                yield Path(name), given
            finally:
                while _open:
                    _open[-1].close()
    finally:
        signal.signal(signal.SIGTERM, before)


class Intake:
    """Sends to the door of a hub over one kept connection a system, so that each system's order stays: one thread each."""

    def __init__(self, port: int) -> None:
        self.port, self.failed = port, list[str]()

    def send(self, streams: Mapping[str, Sequence[tuple[str, bytes]]], rate: float = 0) -> float:
        """Send every system's (key of the act, body); each waits for its answer, and with ``rate`` (messages/s of all) for its time.
        Gives seconds. Raises AssertionError when something was not kept."""
        began, full = time.monotonic(), {system: stream for system, stream in streams.items() if stream}
        whole = sum(map(len, full.values())) / rate if rate else 0.0
        threads = [
            threading.Thread(target=self._one, args=(system, stream, began, whole / len(stream)), daemon=True)
            for system, stream in full.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.failed, self.failed[:3]
        return time.monotonic() - began

    def _one(self, system: str, stream: Sequence[tuple[str, bytes]], began: float, pause: float) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        for n, (key, body) in enumerate(stream):
            if pause:
                time.sleep(max(0.0, began + n * pause - time.monotonic()))
            status, said = post(connection, f"/{system}", key, body)
            if status != 202:
                self.failed.append(f"{system} {key}: {status} {said!r}")
        connection.close()


def post(connection: HTTPConnection, path: str, key: str, body: bytes) -> tuple[int, bytes]:
    """One act of sending, once more when the connection was lost; the key makes that harmless."""
    for last in (False, True):
        try:
            connection.request("POST", path, body, {"idempotency-key": key})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (HTTPException, OSError) as error:
            connection.close()
            if last:
                return 0, str(error).encode()
    raise AssertionError
