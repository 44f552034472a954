"""Three partners as an operator has them: each remembers what it sent and was promised, and every receipt it got.

``sap`` sends IDocs over HTTP and takes answers that it cannot tell apart when they come twice; ``wms`` sends X12 with an
Idempotency-Key and knows a repeat by it; ``agent`` drops files in a folder and finds its answers in another.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from hub.simulate import idocs, sets, tables
from hub.simulate.goods import AGENT_JS, ARTICLES, CHAIN, KEY_ACCOUNT, PLACES, STORE_JS, WAREHOUSE
from hub.simulate.listener import Answer, Listener
from hub.simulate.orders import Line, Order

DAY, SERIAL = "2026-11-25", "20261101080000"
NUMBER = re.compile(r"\b(?:SAP|WMS|AGT)\d{5}\b")
OK = b"<html><head><title>IDoc-XML-inbound ok</title></head><body></body></html>"
SYSTEMS = """
systems:
  sap:
    party: HQ
    codes: sap-hq
    in: [{connector: sap_idoc_http, path: /sap/idoc, routes: {ORDERS05/ORDERS: sap/orders05.order, MATMAS05/MATMAS: sap/matmas05.product, DEBMAS07/DEBMAS: sap/debmas07.party}}]
    out: [{on: order_response, name: sap.ordrsp, party: [AG-KA], mapping: sap/ordrsp, connector: sap_idoc_http, url: "SAP_URL", options: {form: xml, SNDPRN: HUB, SNDPRT: LS, SNDPOR: HUB, RCVPRN: E4D, RCVPRT: LS, RCVPOR: SAPE4D}}]
  wms:
    party: WH-SH
    codes: wms-3pl
    in:
      - {connector: http, name: wms.x12, path: /wms/x12, routes: {"850": x12/po850.order}}
      - {connector: http, name: wms.stock, path: /wms/stock, routes: {wms.stock: wms/stock}}
    out: [{on: order_response, name: wms.855, party: [AG-CHAIN], mapping: x12/ack855.response, connector: http, url: "WMS_URL", idempotent: true, options: {sender: CHANNELHUB, receiver: WH090}}]
  agent:
    party: AG-JS
    codes: agent-js
    in: [{connector: file_drop, name: agent.orders, folder: in, complete: renamed, routes: {kd.order: agents/kd/order}}]
    out: [{on: order_response, name: agent.answer, mapping: agents/kd/answer, connector: file_drop, out: out}]
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Act:
    """One order that was sent. ``message`` is the number that the hub gave with its 202, where it gives one."""

    number: str
    path: str
    payload: bytes
    headers: dict[str, str]
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a partner was sent: the name by which it could know a repeat, the order that it is about, the bytes."""

    name: str
    order: str
    payload: bytes


@dataclass
class Door:
    """Where a partner takes what the hub sends. ``away``: it answers 503 to everything."""

    name_of: Callable[[dict[str, str], bytes], str]
    answer: bytes
    away: bool = False
    got: list[Receipt] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.away:
            return 503, "text/plain", b"closed"
        with self._lock:
            self.got.append(receipt(self.name_of(headers, body), body))
        return 200, "text/html", self.answer


def receipt(name: str, payload: bytes) -> Receipt:
    found = NUMBER.search(payload.decode("gbk", "replace"))
    assert found is not None, payload[:300]
    return Receipt(name, found.group(), payload)


def docnum(headers: dict[str, str], body: bytes) -> str:
    found = re.search(rb"<DOCNUM>(\d+)</DOCNUM>", body)
    assert found is not None
    return found[1].decode()


def key(headers: dict[str, str], body: bytes) -> str:
    return headers["idempotency-key"]


class Partners:
    """All three, over the hub's address and a folder for files."""

    def __init__(self, hub: str, folder: Path) -> None:
        self.hub, self.folder, self.sent = hub, folder, list[Act]()
        self.sap, self.wms = Door(docnum, OK), Door(key, b"taken")
        self._doors = {"SAP_URL": Listener(self.sap.take), "WMS_URL": Listener(self.wms.take)}
        for name in ("in", "out"):
            (folder / name).mkdir()

    def systems(self) -> str:
        """Their part of ``hub.yaml``."""
        text = SYSTEMS
        for word, listener in self._doors.items():
            text = text.replace(word, listener.url)
        return text

    def close(self) -> None:
        for listener in self._doors.values():
            listener.close()

    def begin_day(self) -> None:
        """Articles, customers and stock: what orders are checked against."""
        xml = {"content-type": "text/xml"}
        assert self.post("/sap/idoc", idocs.xml(*(idocs.material(100 + n, one, SERIAL) for n, one in enumerate(ARTICLES))), xml)
        assert self.post("/sap/idoc", idocs.xml(*(idocs.customer(200 + n, one, SERIAL) for n, one in enumerate(PLACES))), xml)
        rows = [{"sku": one.material, "uom": "EA", "qty": 100_000, "gtin": one.gtin.zfill(14), "status": "OK"} for one in ARTICLES]
        report = {"report": "ST-1", "warehouse": WAREHOUSE.warehouse, "asOf": f"{DAY}T00:30:00+08:00", "stock": rows}
        assert self.post("/wms/stock", json.dumps(report).encode(), {"content-type": "application/json", "idempotency-key": "ST-1"})

    def order(self) -> bool:
        """Send the next order, of each partner in turn; True once the hub has said that it is kept."""
        act = self._next(len(self.sent) + 1)
        if act.path == "files":
            half = self.folder / f"{act.number}.part"
            half.write_bytes(act.payload)
            half.rename(self.folder / "in" / f"{act.number}.csv")
            self.sent.append(act)
            return True
        said = self.post(act.path, act.payload, act.headers)
        if said is None:
            return False
        message = int(json.loads(said)["message"]) if act.path == "/wms/x12" else None
        self.sent.append(Act(act.number, act.path, act.payload, act.headers, message))
        return True

    def _next(self, n: int) -> Act:
        lines = (Line("1", ARTICLES[0], 1 + n % 7, case=False),)
        if n % 3 == 0:
            order = Order(f"SAP{n:05}", DAY, KEY_ACCOUNT, STORE_JS, lines)
            return Act(order.number, "/sap/idoc", idocs.xml(idocs.purchase_order(1000 + n, order)), {"content-type": "text/xml"})
        if n % 3 == 1:
            order = Order(f"WMS{n:05}", DAY, CHAIN, STORE_JS, lines)
            headers = {"content-type": "application/edi-x12", "idempotency-key": f"wms-{n}"}
            return Act(order.number, "/wms/x12", sets.interchange(n, "PO", [("850", sets.po850(order))], DAY), headers)
        order = Order(f"AGT{n:05}", DAY, AGENT_JS, AGENT_JS, lines)
        return Act(order.number, "files", tables.kd_orders([order]), {})

    def post(self, path: str, payload: bytes, headers: dict[str, str]) -> bytes | None:
        """What the hub answered when it took it, else None."""
        try:
            with urlopen(Request(self.hub + path, payload, headers), timeout=30) as answer:
                return bytes(answer.read())
        except (URLError, OSError):
            return None

    def status(self, message: int) -> int:
        """What ``GET /v1/messages/N`` answers."""
        try:
            with urlopen(f"{self.hub}/v1/messages/{message}", timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def accepted_files(self) -> set[str]:
        """Orders whose file the hub has taken."""
        return {path.stem.partition(".")[0] for path in (self.folder / "in" / "done").glob("*.csv*")}

    def answers(self, who: str) -> list[Receipt]:
        """Every answer that a partner got, in order where the transport tells it."""
        if who == "agent":
            files = sorted(path for path in (self.folder / "out").glob("[!.]*") if path.is_file())
            return [receipt(path.name, path.read_bytes()) for path in files]
        return list((self.sap if who == "sap" else self.wms).got)

    def answered(self) -> Counter[str]:
        """Order -> how many answers under a name of their own it got: a repeat that its receiver knows is none."""
        told = {(who, one.name, one.order) for who in ("wms", "agent") for one in self.answers(who)}
        return Counter(order for _, _, order in told) + Counter(one.order for one in self.answers("sap"))

    def resend(self) -> tuple[set[str], set[str]]:
        """Everything that goes over HTTP once more, with the same keys; of the warehouse (what the hub still had, what it had not)."""
        kept, lost = set[str](), set[str]()
        for act in self.sent:
            if act.path == "files":
                continue
            said = self.post(act.path, act.payload, act.headers)
            assert said is not None, act.number
            if act.path == "/wms/x12":
                (kept if json.loads(said)["repeated"] else lost).add(act.number)
        return kept, lost
