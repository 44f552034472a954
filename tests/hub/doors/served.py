"""A hub whose doors are served as in production, on the database of the test that runs, and the bytes that a socket gets back."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.bootstrap import Hub, build
from hub.bootstrap.watching import Watching
from hub.cli.running import Server, application
from monitoring.metrics import Metrics
from tests.services.stores import POSTGRESQL, running, store_url

CONFIG = """
hub: {store: file:store, timezone: Asia/Shanghai}
systems:
  wms:
    party: WH
    in:
      - {connector: http, name: wms.in, path: /in, partition_by: "header:X-Line", routes: {wms.stock: wms/stock}}
  sap:
    party: HQ
    in: [{connector: sap_idoc_http, path: /sap/idoc, routes: {ORDERS05/ORDERS: sap/orders05.order}}]
"""


@dataclass
class Served:
    """A hub and the port of its doors. ``before``: how many messages do not count, as they were stored before."""

    hub: Hub
    port: int
    before: int = 0

    @property
    def watched(self) -> Watching:
        """What monitoring sees of it."""
        return Watching(self.hub.store, self.hub.clock)

    def answer(self, head: str | bytes, body: bytes = b"") -> tuple[int, bytes, bytes]:
        """(status, head, body) for a request whose head is sent as it is written, byte by byte; ``head`` is without its last lines."""
        raw = head if isinstance(head, bytes) else head.encode("latin-1")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(raw + b"\r\nHost: hub\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            got = b"".join(iter(lambda: client.recv(65536), b""))
        above, _, said = got.partition(b"\r\n\r\n")
        return int(above.split(b" ", 2)[1]), above, said

    def asked(self, head: str | bytes, body: bytes = b"") -> tuple[int, bytes]:
        """(status, body) for it."""
        status, _, said = self.answer(head, body)
        return status, said

    def told(self, head: str | bytes, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """The same, with a body in JSON."""
        status, said = self.asked(head, body)
        return status, json.loads(said)

    def kept(self) -> int:
        """How many messages are stored."""
        with self.hub.store.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM message").scalar_one()) - self.before


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """No worker runs: what is kept stays as it came."""
    (folder / "store").write_text(store_url(folder) if running() == POSTGRESQL else f"sqlite:///{folder}/hub.db")
    (folder / "hub.yaml").write_text(CONFIG)
    hub = build(folder / "hub.yaml")
    server = Server(application(hub, Metrics(hub.signals), doors=True), "127.0.0.1:0")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server._server.started:
        time.sleep(0.01)
    try:
        yield Served(hub, server._door.getsockname()[1])
    finally:
        server.stop()
        thread.join(20)
        hub.close()
