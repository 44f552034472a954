"""A production set-up for tests: one ``hub api``, workers that are killed and stopped, a sender."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from sqlalchemy import func, select

from hub.bootstrap import build
from hub.commands import Actor
from hub.simulate import sets
from hub.simulate.goods import ARTICLES, CHAIN, STORE_JS, codes_csv
from hub.simulate.orders import Line, Order
from hub.store.database import Store
from hub.store.invariants import broken
from hub.store.lane_tables import document, message, work
from hub.store.out_tables import outbox, published
from tests.services.processes import Processes, get
from tests.services.rabbitmq import free_port

CONFIG = """
hub:
  store: "sqlite:///hub.db"
  channels: file:broker
  subscribers: [reader]
  listen: 127.0.0.1:{port}
systems:
  {systems}
"""
SYSTEM = """{name}:
    party: WH-SH
    codes: wms-3pl
    in: [{{connector: http, path: /{name}, routes: {{"850": x12/po850.order}}}}]
  """
DAY = "2026-11-25"


class Setup(Processes):
    """The processes of one hub in a folder."""

    def __init__(self, folder: Path, broker: str, systems: int = 6) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.systems = [f"wms-{n}" for n in range(systems)]
        (folder / "broker").write_text(broker)
        listed = "".join(SYSTEM.format(name=name) for name in self.systems)
        (folder / "hub.yaml").write_text(CONFIG.format(port=self.port, systems=listed), "utf-8")
        self._prepare()

    def _prepare(self) -> None:
        hub = build(self.folder / "hub.yaml")
        hub.commands.import_codes(Actor("test"), codes_csv() + f"pack,wms-3pl,{ARTICLES[0].gtin.zfill(14)},EA,EA,EA,0\n")
        hub.close()

    def get(self, path: str) -> bytes | None:
        return get(f"http://127.0.0.1:{self.port}{path}")

    def send(self, number: int) -> bool:
        """One order with a key of its own act; True once the hub has said that it is kept."""
        placed = Order(f"C{number}", DAY, CHAIN, STORE_JS, (Line("1", ARTICLES[0], 1, case=False),))
        body = sets.interchange(number, "PO", [("850", sets.po850(placed))], DAY)
        path = f"http://127.0.0.1:{self.port}/{self.systems[number % len(self.systems)]}"
        try:
            with urlopen(Request(path, body, {"idempotency-key": f"k{number}"}), timeout=30) as answer:
                return bool(answer.status in (200, 202))
        except (URLError, OSError):
            return False

    def facts(self) -> dict[str, Any]:
        """Counts at this moment, straight from the store, and the invariants that are broken at rest."""
        store = Store(f"sqlite:///{self.folder / 'hub.db'}")
        with store.read() as connection:
            counts = {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (message, work, document, outbox, published)
            }
            states = {row[0]: row[1] for row in connection.execute(select(document.c.state, func.count()).group_by(document.c.state))}
            rows = {(row.k, row.n) for row in connection.execute(select(published.c.k, published.c.n))}
            found = broken(connection, at_rest=counts["work"] == 0)
        store.close()
        return counts | {"states": states, "rows": rows, "broken": found}
